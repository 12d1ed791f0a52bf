// This node's own name among those of its installation: made at the first start, the same after every other. Nobody reads it but machines.
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import { placeFile } from './drivers/place-file.ts'

/** Makes the name where there is none. Faults: CONFIG_INVALID when the file holds something else. */
export function loadOrMakeNodeName(folder: string): string {
  const file = join(folder, 'node')
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true })
    placeFile(file, `n-${randomBytes(6).toString('hex')}\n`)
  }
  const name = readFileSync(file, 'utf8').trim()
  if (!/^n-[0-9a-f]{12}$/.test(name))
    throw new Fault('CONFIG_INVALID', { file, path: '', reason: 'it is no name of a node; remove it, and one is made' })
  return name
}
