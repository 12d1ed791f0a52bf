// Makes in the project's folder what plugin hosts start from, their script and the memory of an interpreter, and ends. An image's build runs it: in a
// container nothing can be kept there. Exit status: 0 done, 1 it could not be made or kept.
import { join } from 'node:path'
import { PROJECT } from '../project.ts'
import { keyOfSources, makeHostProgram } from './host-program.ts'
import { buildPyodide } from './pyodide-script.ts'
import { takeSnapshot } from './python.ts'
import { keepSnapshot, openForHosts, snapshotFileOf } from './python-snapshot.ts'

await makeHostProgram(join(PROJECT.hostCache, keyOfSources()))
if (!openForHosts(PROJECT.pythonCache)) throw new Error(`${PROJECT.pythonCache} cannot be written to`)
const files = await buildPyodide()
keepSnapshot(await snapshotFileOf(files, PROJECT.pythonCache), await takeSnapshot(files))
