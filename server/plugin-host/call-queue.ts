// The calls waiting for one plugin. All that wait go into its isolate in one hop, so that a crossing costs little under load and nothing is
// delayed to make a batch; each call is still begun before its own deadline or not at all, and stopped at it.
import { countCrossed } from './collect-crossed.ts'
import { isTimeout, type Runner } from './isolate.ts'
import { ANSWER_LIMIT, type Call, machineClock, type Outcome, REASON_LIMIT, type SpentReason } from './protocol.ts'
import { type LanePass, STOPPED_MS } from './quick-lane.ts'

const BATCH = 64
/**
 * An interpreter that is stopped is lost and costs seconds to replace, so it is left to the engine, which tells one that hangs from one that
 * waits for a processor, and kills well before this.
 */
const SPARED_MS = 3_000

/** A call with its question, which is JSON. */
export interface QueuedCall extends Call {
  readonly question: string
}

export interface CallQueue {
  push(call: QueuedCall): void
}

/** What a host does with what becomes of a plugin's calls. */
export interface CallQueueOwner {
  answer(id: number, outcome: Outcome): void
  /** The plugin can answer no more in this process. */
  spent(reason: SpentReason): void
}

/** `pass`: to the short way, where there is one. */
export function createCallQueue(runner: Runner, owner: CallQueueOwner, pass: LanePass | undefined): CallQueue {
  let waiting: QueuedCall[] = []
  let isWorking = false
  let isSpent = false

  const spend = (reason: SpentReason): void => {
    isSpent = true
    owner.spent(reason)
  }

  /** Those that may still be begun, oldest first. */
  const takeBatch = (): readonly QueuedCall[] => {
    const now = machineClock()
    for (const call of waiting) if (call.deadline <= now) owner.answer(call.id, { type: 'skipped' })
    waiting = waiting.filter(call => call.deadline > now)
    return waiting.splice(0, BATCH)
  }

  /** Milliseconds for a batch that begins with this call. One behind it that is cut short is begun again with its own time. */
  const timeFor = (first: QueuedCall): number =>
    Math.max(1, Math.ceil(first.deadline - machineClock()) + (runner.isLostWhenStopped ? SPARED_MS : 0))

  const runHere = (questions: string, timeoutMs: number): unknown => {
    try {
      return runner.runHere?.(questions, timeoutMs)
    } finally {
      pass?.leave()
    }
  }

  const runBatch = async (batch: readonly QueuedCall[]): Promise<void> => {
    const isHere = runner.runHere !== undefined && pass?.enters() === true
    const began = performance.now()
    try {
      const questions = `[${batch.map(({ question, given }) => `[${given === undefined ? question : `${question},${given}`}]`).join()}]` // each is JSON already
      const timeMs = timeFor(batch[0]!)
      const text = isHere ? runHere(questions, Math.min(timeMs, STOPPED_MS)) : await runner.run(questions, timeMs)
      const outcomes = readOutcomes(text)
      countCrossed(questions.length + String(text).length)
      // At least one is answered, or this would never end.
      const answered = Math.max(1, outcomes.length)
      pass?.took(answered, performance.now() - began)
      batch.slice(0, answered).forEach((call, at) => void owner.answer(call.id, outcomes[at] ?? MALFORMED))
      waiting.unshift(...batch.slice(answered))
      if (runner.isLostWhenStopped && outcomes.some(isBroken)) spend('crash')
    } catch (error) {
      if (isTimeout(error) && !runner.isGone()) return afterTimeout(batch, isHere)
      for (const call of batch)
        owner.answer(call.id, { type: 'failed', reason: runner.isGone() ? 'it ran out of memory' : String(error).slice(0, 300) })
      if (runner.isGone()) spend('memory')
    }
  }

  /** Stopped on the short way, a call has not had its time: it is begun again on the long one. */
  const afterTimeout = async (batch: readonly QueuedCall[], wasHere: boolean): Promise<void> => {
    if (wasHere) pass?.wasStopped()
    const { begun, outcomes } = readProgress(await runner.collect())
    if (!runner.isLostWhenStopped) void runner.tidy()
    const stopped = Math.max(0, Math.min(begun, batch.length) - 1)
    batch.slice(0, stopped).forEach((call, at) => void owner.answer(call.id, outcomes[at] ?? MALFORMED))
    const hadItsTime = (stopped === 0 && !wasHere) || batch[stopped]!.deadline <= machineClock() || runner.isLostWhenStopped
    if (hadItsTime) owner.answer(batch[stopped]!.id, { type: 'late' })
    waiting.unshift(...batch.slice(hadItsTime ? stopped + 1 : stopped))
    if (runner.isLostWhenStopped) spend('timeout')
  }

  const work = async (): Promise<void> => {
    isWorking = true
    while (waiting.length > 0 && !isSpent) {
      const batch = takeBatch()
      if (batch.length > 0) await runBatch(batch)
    }
    isWorking = false
  }

  return {
    push(call) {
      waiting.push(call)
      // From the next microtask on, so that calls of one message make one batch.
      if (!isWorking && !isSpent) {
        isWorking = true
        queueMicrotask(() => void work().catch(() => spend('crash'))) // only a `collect` rejects: the isolate is past use
      }
    },
  }
}

const MALFORMED: Outcome = { type: 'failed', reason: 'the sandbox gave no well-formed outcome' }

/** How the Python side says that its interpreter, not the plugin's code, has failed. */
export const INTERPRETER_BROKEN = 'the interpreter has failed: '
const isBroken = (outcome: Outcome): boolean => outcome.type === 'failed' && outcome.reason.includes(INTERPRETER_BROKEN)

/** The text comes out of the sandbox: it may be anything. */
function readOutcomes(text: unknown): readonly Outcome[] {
  const value: unknown = typeof text === 'string' ? JSON.parse(text) : null
  return Array.isArray(value) ? value.map(readOutcome) : []
}

function readOutcome(value: unknown): Outcome {
  if (typeof value !== 'object' || value === null) return MALFORMED
  const { type, json, reason } = value as { readonly type?: unknown; readonly json?: unknown; readonly reason?: unknown } // any object has these, perhaps undefined
  if (type === 'returned' && typeof json === 'string' && json.length <= ANSWER_LIMIT) return { type, json }
  if (type === 'failed' && typeof reason === 'string') return { type, reason: reason.slice(0, REASON_LIMIT) }
  return MALFORMED
}

function readProgress(text: unknown): { readonly begun: number; readonly outcomes: readonly Outcome[] } {
  const value: unknown = typeof text === 'string' ? JSON.parse(text) : null
  if (typeof value !== 'object' || value === null) return { begun: 1, outcomes: [] }
  const { begun, outcomes } = value as { readonly begun?: unknown; readonly outcomes?: unknown } // as above
  return { begun: typeof begun === 'number' ? begun : 1, outcomes: Array.isArray(outcomes) ? outcomes.map(readOutcome) : [] }
}
