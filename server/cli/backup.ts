// `parley backup` and `parley restore`. Exit status 1 for a fault, and for a backup or a restored folder with damaged conversations in it.
import { rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readConfig } from '../config.ts'
import { backUp, backUpCluster } from '../upkeep/backup.ts'
import type { Progress } from '../upkeep/doctor.ts'
import type { Findings } from '../upkeep/examine.ts'
import { moveIntoCluster } from '../upkeep/move/into-cluster.ts'
import { restore } from '../upkeep/restore.ts'
import { refuseStreamsOf, withCluster } from './cluster-parts.ts'
import { isSound, reportOf } from './doctor.ts'
import { progressBar } from './progress-bar.ts'

/** Works while the server runs, or the nodes of a cluster. Faults: FOLDER_NOT_EMPTY, CONFIG_INVALID, STORE_DAMAGED, LOG_REFUSED, LOG_UNAVAILABLE. */
export async function backUpTo(folder: string): Promise<void> {
  const config = readConfig(process.env)
  const to = resolve(folder)
  if (config.log.driver === 'embedded') return tell(`Backed up ${config.data} to ${to}.`, progress => backUp(config.data, to, progress))
  await withCluster(config, parts => tell(`Backed up the cluster to ${to}.`, progress => backUpCluster({ ...parts, progress }, to)))
}

/** Faults: BACKUP_INVALID, FOLDER_NOT_EMPTY, STORE_DAMAGED; MOVE_REFUSED, LOG_REFUSED, LOG_UNAVAILABLE into a cluster. */
export async function restoreFrom(folder: string): Promise<void> {
  const config = readConfig(process.env)
  const from = resolve(folder)
  const { data } = config
  const work = (progress: Progress): Promise<Findings> => restore(from, data, progress)
  if (config.log.driver === 'embedded') return tell(`Restored ${from} to ${data}.`, work)
  await refuseStreamsOf(config)
  await tell(`Restored ${from} to ${data}.`, work)
  await withCluster(config, parts =>
    tell(`Moved it into the cluster, which begins a new life with it. Give every node this ${join(data, 'secret')}.`, async progress => {
      const { findings, aside } = await moveIntoCluster({ ...parts, progress })
      if (aside) rmSync(aside, { recursive: true }) // the backup has it
      return findings
    }),
  )
}

async function tell(done: string, work: (progress: Progress) => Promise<Findings>): Promise<void> {
  const bar = progressBar('Checking')
  const findings = await work(bar.show).finally(bar.end)
  process.stdout.write(`${reportOf(findings)}\n${done}\n`)
  if (!isSound(findings)) process.exitCode = 1
}
