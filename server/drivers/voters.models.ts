// The intent and sentiment voters, and the intent model's votes on clauses where they are wanted: trained models in worker threads, since running one
// blocks its thread. Turns of one tick (those whose messages one flush made durable, say) go together as soon as a thread is free. Nothing ever waits for a
// batch to fill.
import '@parley/models/without-telemetry.ts' // the threads inherit it

import { fileURLToPath } from 'node:url'
import type { Ballot, VoterInfo, VoterPool } from '@parley/core/ports/voters.ts'
import { readClauseWeights } from '@parley/models/clause-weights.ts'
import { readModelFile, readModelVersion } from '@parley/models/model-file.ts'
import type { VoterJob, VoterJobAnswer } from '@parley/models/voter-worker.ts'
import type { Question } from '@parley/plugin-sdk/vocabulary.ts'
import { Piscina } from 'piscina'

export interface ModelVotersOptions {
  /** Where each model's `.onnx` and `.json` lie. */
  readonly folders: VoterJob['folders']
  readonly threads?: number
  /** Whether the intent model votes on clauses as well: on the message and all of them together as `intent:clauses`, on the last one as `intent:end`. */
  readonly clauses?: boolean
  /** Most turns in one job. */
  readonly batch?: number
  /** What a thread runs; tests put a faulty one here. */
  readonly worker?: URL
  /** Called when a thread failed; its turns have abstained, and another thread takes its place. */
  readonly onFailure?: (error: unknown) => void
}

/** Both models, as voters. */
export interface ModelVoters extends VoterPool {
  /** Closes them when no turn waits for them any more; turns that come until then are answered. */
  retire(): Promise<void>
}

const WORKER = new URL('../../models/voter-worker.ts', import.meta.url)
const SHIPPED = fileURLToPath(new URL('../../models/shipped', import.meta.url))

interface Infos {
  readonly intent: VoterInfo
  readonly sentiment: VoterInfo
  readonly clauses?: VoterInfo
  readonly end?: VoterInfo
}
const all = ({ intent, sentiment, clauses, end }: Infos): readonly VoterInfo[] => [
  intent,
  ...(clauses ? [clauses] : []),
  ...(end ? [end] : []),
  sentiment,
]

interface Waiting {
  readonly question: Question
  readonly asked: number
  /** Undefined: the thread failed. */
  readonly answer: (given: VoterJobAnswer[number] | undefined) => void
}

/** Resolves when every thread has its models loaded and has run them once. Faults: MODEL_INVALID, naming the file. */
export async function createModelVoters(options: ModelVotersOptions): Promise<ModelVoters> {
  const { folders, threads = 1, clauses = false, batch = 64, worker = WORKER, onFailure = () => {} } = options
  const infoOf = (voter: 'intent' | 'sentiment'): VoterInfo => ({ voter, version: readModelVersion(folders[voter], voter) })
  const infos: Infos = {
    intent: infoOf('intent'),
    sentiment: infoOf('sentiment'),
    ...(clauses && {
      clauses: { voter: 'intent:clauses', version: `${infoOf('intent').version}.${readClauseWeights(SHIPPED).version.slice(0, 4)}` },
      end: { ...infoOf('intent'), voter: 'intent:end' },
    }),
  }
  const pool = new Piscina({
    filename: worker.href,
    minThreads: threads,
    maxThreads: threads,
    execArgv: ['--disable-warning=ExperimentalWarning'],
    recordTiming: false,
  })
  pool.on('error', onFailure) // a thread that broke between two jobs
  const run = (turns: VoterJob['turns']): Promise<VoterJobAnswer> => pool.run({ folders, turns, clauses } satisfies VoterJob)
  // The threads read the models, whose weights are megabytes. A fault does not come across from them: what is wrong with a file is found out again here.
  await Promise.all(Array.from({ length: threads }, () => run([{ text: '你好 hello', language: 'zh' }]))).catch(async error => {
    await pool.destroy()
    for (const voter of ['intent', 'sentiment'] as const) readModelFile(folders[voter], voter)
    throw error
  })

  const waiting = new Set<Waiting>()
  let busy = 0
  let isDue = false
  let isClosed = false
  /** Called when nothing is under way, where somebody waits for that. */
  let idle: (() => void) | undefined

  /** A thread's work, until nothing waits; `first`: most turns in its first job. */
  async function work(first: number): Promise<void> {
    busy++
    for (let most = first; waiting.size > 0 && !isClosed; most = batch) {
      const turns = firstOf(waiting, most)
      for (const turn of turns) waiting.delete(turn)
      const answers = await run(turns.map(({ question }) => ({ text: question.text, language: question.language }))).catch(onFailure)
      for (const [i, turn] of turns.entries()) turn.answer(answers?.[i])
    }
    busy--
    if (busy === 0 && waiting.size === 0) idle?.()
  }
  async function close(): Promise<void> {
    isClosed = true
    for (const turn of waiting) turn.answer(undefined)
    await pool.close()
  }

  /** After this tick: a job a turn would cost more in crossings than in computing. */
  function workSoon(): void {
    if (isDue || busy >= threads) return
    isDue = true
    setImmediate(() => {
      isDue = false
      const free = threads - busy
      const share = Math.min(batch, Math.ceil(waiting.size / free))
      for (let i = 0; i < free; i++) work(share)
    })
  }

  return {
    tier: 'model',
    voters: all(infos),
    ask(question, cast, signal) {
      if (signal.aborted) return Promise.resolve()
      return new Promise(resolve => {
        const end = (): void => {
          waiting.delete(turn)
          signal.removeEventListener('abort', end)
          resolve()
        }
        const turn: Waiting = {
          question,
          asked: performance.now(),
          answer(given) {
            if (!signal.aborted) for (const ballot of ballotsOf(given, infos, performance.now() - turn.asked)) cast(ballot)
            end()
          },
        }
        signal.addEventListener('abort', end)
        if (isClosed) return turn.answer(undefined)
        waiting.add(turn)
        workSoon()
      })
    },
    async retire() {
      if (busy > 0 || waiting.size > 0)
        await new Promise<void>(resolve => {
          idle = resolve
        })
      await close()
    },
    close,
  }
}

function firstOf<T>(all: Iterable<T>, count: number): readonly T[] {
  const first: T[] = []
  for (const one of all) if (first.push(one) === count) break
  return first
}

function ballotsOf(given: VoterJobAnswer[number] | undefined, infos: Infos, ms: number): readonly Ballot[] {
  if (!given) return all(infos).map(info => ({ ...info, abstained: true, reason: 'failed', votes: [], ms }))
  const { votes, signals } = given.sentiment
  return [
    { ...infos.intent, ms, ...cast(given.intent) },
    ...(infos.clauses ? [{ ...infos.clauses, ms, ...cast(given.clauses ?? []) }] : []),
    ...(infos.end ? [{ ...infos.end, ms, ...cast(given.end ?? []) }] : []),
    { ...infos.sentiment, ms, ...cast(votes), signals },
  ]
}

const cast = (votes: Ballot['votes']): Pick<Ballot, 'abstained' | 'reason' | 'votes'> =>
  votes.length === 0 ? { abstained: true, reason: 'silent', votes } : { abstained: false, votes }
