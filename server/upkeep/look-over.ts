// The process that looks a data folder over for doctor.ts, which says why it is one. Its arguments: the folder, and the file of the list if one is
// wanted (else an empty one), and `shared` where the keys are those that nodes share. It tells its parent what it found, and writes nothing but the list.
import { closeSync, existsSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { isFault } from '@parley/core/faults.ts'
import type { ConversationKey } from '@parley/core/ids.ts'
import { readConfig } from '../config.ts'
import { lockFolder } from '../drivers/folder-lock.ts'
import { openLogReader } from '../drivers/log-reader.lmdb.ts'
import { openNats } from '../drivers/nats.ts'
import { openVaultReader } from '../drivers/vault-reader.lmdb.ts'
import { openNatsVaultReader } from '../drivers/vault-reader.nats.ts'
import { loadSecret } from '../secret.ts'
import type { Told } from './doctor.ts'
import { examine, type Findings, type Outcome } from './examine.ts'
import { walkStores } from './walk-stores.ts'

/** A parent that draws a bar has no use for more. */
const EVERY_MS = 50

const tell = (message: Told): Promise<void> => new Promise(resolve => process.send?.(message, () => resolve()))

/**
 * The log is this node's copy, and the keys are read over NATS. A conversation that began after they were read has none here: what is damaged is so in a second
 * look as well.
 */
async function lookOverShared(data: string): Promise<Findings> {
  const { log: settings } = readConfig(process.env)
  const log = openLogReader(join(data, 'log'))
  const nats = await openNats({ ...settings, password: settings.secret })
  const look = async (): Promise<Findings> => {
    const vault = await openNatsVaultReader(nats, { name: settings.name, secret: loadSecret(data).keyFor('keys') })
    return examine(log, vault, { progress: progressTo(log.countEvents()) })
  }
  try {
    const first = await look()
    const findings = first.damaged.length > 0 ? await look() : first
    const damaged = findings.damaged.filter(({ shop, conversation }) =>
      first.damaged.some(each => each.shop === shop && each.conversation === conversation),
    )
    if (damaged.length === 0 && findings.lost === null) await walkStores(data, false, file => tell({ type: 'reads', file }))
    return { ...findings, damaged }
  } finally {
    await nats.close()
    await log.close()
  }
}

async function lookOver(data: string, list: string | undefined): Promise<Findings> {
  const reads = (file: string): Promise<void> => tell({ type: 'reads', file })
  await reads(join(data, 'log', 'data.mdb'))
  const log = openLogReader(join(data, 'log'))
  try {
    const keys = await holdKeys(join(data, 'keys'))
    try {
      const vault = keys.areOurs ? openVaultReader(join(data, 'keys')) : undefined
      const lines = list === undefined ? undefined : openSync(list, 'wx', 0o600)
      try {
        const findings = examine(log, vault, {
          progress: progressTo(log.countEvents()),
          each: (key, outcome) => lines !== undefined && writeSync(lines, lineOf(key, outcome)),
        })
        // What is damaged in the log is told before all else.
        if (findings.damaged.length === 0 && findings.lost === null) await walkStores(data, keys.areOurs, reads)
        return findings
      } finally {
        await vault?.close()
        if (lines !== undefined) {
          fsyncSync(lines)
          closeSync(lines)
        }
      }
    } finally {
      keys.release()
    }
  } finally {
    await log.close()
  }
}

const lineOf = ({ shop, conversation }: ConversationKey, { is, seq, ...found }: Outcome): string => {
  const what = 'hash' in found ? { hash: found.hash } : { damaged: found.reason }
  return `${JSON.stringify({ shop, conversation, seq, ...what })}\n`
}

function progressTo(total: number): (done: number) => void {
  let toldAt = Number.NEGATIVE_INFINITY
  return done => {
    const now = performance.now()
    if (now - toldAt < EVERY_MS && done < total) return
    toldAt = now
    void tell({ type: 'progress', done, total })
  }
}

/** Keeps engines from the keys while they are read. */
async function holdKeys(folder: string): Promise<{ readonly areOurs: boolean; release(): void }> {
  if (!existsSync(folder)) return { areOurs: true, release() {} } // opening them says that they are not there
  try {
    return { areOurs: true, release: await lockFolder(folder) }
  } catch (error) {
    if (isFault(error, 'DATA_IN_USE')) return { areOurs: false, release() {} }
    // Where nobody may write no engine can be at work either.
    if (error instanceof Error && 'code' in error && (error.code === 'EROFS' || error.code === 'EACCES'))
      return { areOurs: true, release() {} }
    throw error
  }
}

const [data = '', list = '', shared] = process.argv.slice(2)
try {
  await tell({ type: 'findings', findings: await (shared ? lookOverShared(data) : lookOver(data, list === '' ? undefined : list)) })
} catch (error) {
  if (!isFault(error)) throw error
  await tell({ type: 'fault', code: error.code, details: error.details })
}
process.disconnect?.()
