// Looks a data folder over, or a backup, and writes nothing that counts. The log may be read beside a server that writes to it. The keys may not: an
// erasure overwrites their store, under whoever reads it. So while an engine has them the chains are followed and no seal is opened; a backup,
// which can be made meanwhile, has all of it checked.
// LMDB ends its process when it meets a page that cannot be, or the end of a file that was cut short. So a process of its own does the looking
// (look-over.ts), and its end is a finding too.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Fault, type FaultCode, type FaultDetails } from '@parley/core/faults.ts'
import type { Findings } from './examine.ts'

/** Called with the events gone over and how many there are. */
export type Progress = (done: number, total: number) => void

/** What the looking process tells: how far it is, and in the end one of the others. */
export type Told =
  | { readonly type: 'progress'; readonly done: number; readonly total: number }
  /** What it reads from now on, and will have been ended by if it does not come back. */
  | { readonly type: 'reads'; readonly file: string }
  | { readonly type: 'findings'; readonly findings: Findings }
  | { readonly type: 'fault'; readonly code: FaultCode; readonly details: FaultDetails<FaultCode> }

export interface LookOptions {
  readonly progress?: Progress
  /** A new file that gets a line for each conversation: where it ends and with which hash, or its damage. */
  readonly list?: string
  /** The folder is that of a node of the configuration, whose keys all nodes share. */
  readonly areKeysShared?: boolean
}

const LOOK_OVER = fileURLToPath(new URL('./look-over.ts', import.meta.url))

/** Faults: CONFIG_INVALID when there is no log in the folder, or no keys to it; STORE_DAMAGED; EVENT_TOO_NEW. */
export async function lookOver(data: string, { progress = () => {}, list, areKeysShared }: LookOptions = {}): Promise<Findings> {
  const child = fork(LOOK_OVER, [data, list ?? '', ...(areKeysShared ? ['shared'] : [])], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  let told: Exclude<Told, { type: 'progress' | 'reads' }> | undefined
  let file = join(data, 'log', 'data.mdb')
  let said = ''
  child.on('message', (message: Told) => {
    if (message.type === 'progress') progress(message.done, message.total)
    else if (message.type === 'reads') file = message.file
    else told = message
  })
  child.stderr?.on('data', chunk => (said += chunk))
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null] // the event's arguments
  if (told?.type === 'findings') return told.findings
  if (told) throw new Fault(told.code, told.details)
  if (signal === null) throw new Error(`looking over ${data} ended with ${code}: ${said}`) // a bug, and not the store's doing
  const why = said.trim().split('\n').at(-1)
  const reason = `reading it ended the process (${signal}${why ? `: ${why}` : ''}); a page is damaged, or the file was cut short`
  throw new Fault('STORE_DAMAGED', { file, reason })
}
