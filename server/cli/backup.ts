// `parley backup` and `parley restore`. Exit status 1 for a fault, and for a backup or a restored folder with damaged conversations in it.
import { resolve } from 'node:path'
import { readConfig } from '../config.ts'
import { backUp } from '../upkeep/backup.ts'
import type { Progress } from '../upkeep/doctor.ts'
import type { Findings } from '../upkeep/examine.ts'
import { restore } from '../upkeep/restore.ts'
import { isSound, reportOf } from './doctor.ts'
import { progressBar } from './progress-bar.ts'

/** Works while the server runs. Faults: FOLDER_NOT_EMPTY, CONFIG_INVALID, STORE_DAMAGED. */
export function backUpTo(folder: string): Promise<void> {
  const { data } = readConfig(process.env)
  return tell(`Backed up ${data} to ${resolve(folder)}.`, progress => backUp(data, resolve(folder), progress))
}

/** Faults: BACKUP_INVALID, FOLDER_NOT_EMPTY, STORE_DAMAGED. */
export function restoreFrom(folder: string): Promise<void> {
  const { data } = readConfig(process.env)
  return tell(`Restored ${resolve(folder)} to ${data}.`, progress => restore(resolve(folder), data, progress))
}

async function tell(done: string, work: (progress: Progress) => Promise<Findings>): Promise<void> {
  const bar = progressBar('Checking')
  const findings = await work(bar.show).finally(bar.end)
  process.stdout.write(`${reportOf(findings)}\n${done}\n`)
  if (!isSound(findings)) process.exitCode = 1
}
