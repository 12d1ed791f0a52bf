// A program that makes the snapshot for Python hosts and ends: make-python-snapshot.ts FOLDER. No plugin's code runs in it.
import { mkdirSync } from 'node:fs'
import { setPriority } from 'node:os'
import { buildPyodide } from './pyodide-script.ts'
import { takeSnapshot } from './python.ts'
import { keepSnapshot, snapshotFileOf } from './python-snapshot.ts'

setPriority(10)
const [folder] = process.argv.slice(2)
if (folder === undefined) throw new Error('the folder is missing')
mkdirSync(folder, { recursive: true })
const files = await buildPyodide()
keepSnapshot(await snapshotFileOf(files, folder), await takeSnapshot(files))
