// One report's process: started, fed with turns of the log where it asks for them, ended with its signal.
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { RecordedTurn } from '@parley/core/recorded-turns.ts'
import type { FromJudge, StartJudging, ToJudge } from './judge-messages.ts'

const PROGRAM = fileURLToPath(new URL('./judge-process.ts', import.meta.url))
/** So long it may take to write down the votes that it has asked for. */
const GRACE_MS = 3_000
const BATCH = 50

export interface JudgeParts extends Omit<StartJudging, 'type'> {
  /** Of the log, with how much of it was read. */
  readonly turns?: AsyncIterator<readonly [turn: RecordedTurn, share: number]>
  readonly signal: AbortSignal
  readonly onProgress: (progress: Extract<FromJudge, { readonly type: 'progress' }>) => void
}

/** What came of it: undefined where the signal ended it. Rejects where the process ends otherwise. */
export async function runJudge(parts: JudgeParts): Promise<Extract<FromJudge, { readonly type: 'done' | 'failed' }> | undefined> {
  const { turns, signal, onProgress, ...start } = parts
  const child = fork(PROGRAM, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], serialization: 'advanced' })
  const send = (message: ToJudge): void => void (child.connected && child.send(message, () => {})) // an end shows as one
  let last: FromJudge | undefined
  let broke: unknown
  child.on('message', (message: FromJudge) => {
    if (message.type === 'progress') onProgress(message)
    else if (message.type !== 'more') last = message
    else
      nextBatch().then(send, error => {
        broke = error
        child.kill('SIGKILL')
      })
  })
  let killing: NodeJS.Timeout | undefined
  const stop = (): void => {
    send({ type: 'stop' })
    killing = setTimeout(() => child.kill('SIGKILL'), GRACE_MS)
  }
  signal.addEventListener('abort', stop)
  if (signal.aborted) child.kill('SIGKILL')
  else send({ type: 'start', ...start })
  await new Promise<void>((resolve, reject) => child.once('exit', () => resolve()).once('error', reject))
  clearTimeout(killing)
  signal.removeEventListener('abort', stop)
  if (signal.aborted) return undefined
  if (broke !== undefined) throw broke
  if (last?.type === 'done' || last?.type === 'failed') return last
  throw new Error('the process of a report has ended before its report')

  async function nextBatch(): Promise<ToJudge> {
    const batch: RecordedTurn[] = []
    let share = 1
    while (batch.length < BATCH) {
      const next = await turns?.next()
      if (!next || next.done === true) break
      batch.push(next.value[0])
      share = next.value[1]
    }
    return { type: 'turns', turns: batch, share }
  }
}
