// Trials of a shop: a process of its own that holds the votes of a set while sliders are moved, begun when it is wanted and ended when nobody has tried
// anything for a while. One trial is worked out at a time; of one person the last that waits counts.
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Fault } from '@parley/core/faults.ts'
import type { Progress, SetView, Trial, TrialOrder } from '@parley/core/protocol/studio.ts'
import type { Config } from '../config.ts'
import type { EnsembleText } from '../ensemble-store/ensemble-store.ts'
import { createProgress, type Progressing } from './progress.ts'
import type { Costs } from './trial.ts'
import type { FromTrials, ToTrials } from './trial-messages.ts'

export interface Trials {
  /** Faults: UNKNOWN_SET, UNKNOWN_ENSEMBLE, ENSEMBLE_INVALID, TRIAL_FAILED, TRIAL_OVERTAKEN. */
  try(order: TrialOrder, who: string): Promise<Trial>
  /** What the process holds is forgotten with it. */
  forget(): Promise<void>
  close(): Promise<void>
}

export interface TrialsParts {
  readonly config: Config
  readonly shop: string
  readonly resolve: (named: string) => EnsembleText
  /** Faults: UNKNOWN_SET. */
  readonly setView: (set: string) => SetView
  readonly rowsOf: (set: string, signal: AbortSignal) => Promise<string>
  /** Names who votes, and how: with others the votes are others. */
  readonly voters: () => string
  readonly now: () => number
  readonly broke: (error: unknown) => void
}

const PROGRAM = fileURLToPath(new URL('./trial-process.ts', import.meta.url))
const IDLE_MS = 10 * 60_000

type Opening =
  | { readonly state: 'opening'; readonly steps: Progressing; progress: Progress }
  | { readonly state: 'open' }
  | { readonly state: 'failed'; readonly reason: string }

interface Waiting {
  readonly set: string
  readonly message: Omit<Extract<ToTrials, { readonly type: 'try' }>, 'number'>
  readonly answer: PromiseWithResolvers<Extract<FromTrials, { readonly type: 'tried' }>>
}

interface Process {
  readonly child: ChildProcess
  readonly voters: string
  readonly stop: AbortController
  readonly ended: Promise<void>
  /** By the set's name and what it has. */
  readonly sets: Map<string, Opening>
  /** By person. */
  readonly waiting: Map<string, Waiting>
  /** Told to open when it is ready. */
  readonly ready: PromiseWithResolvers<void>
  under: { readonly number: number; readonly of: Waiting } | undefined
}

export function openTrials(parts: TrialsParts): Trials {
  const { config, shop, now } = parts
  let running: Process | undefined
  let idle: NodeJS.Timeout | undefined
  let numbers = 0

  function begin(voters: string): Process {
    const child = fork(PROGRAM, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], serialization: 'advanced' })
    const ended = new Promise<void>(resolve => void child.once('exit', () => resolve()).once('error', () => resolve()))
    const begun: Process = {
      child,
      voters,
      stop: new AbortController(),
      ended,
      sets: new Map(),
      waiting: new Map(),
      ready: Promise.withResolvers(),
      under: undefined,
    }
    begun.ready.promise.catch(() => {}) // whoever waits for it hears of it
    child.on('message', (message: FromTrials) => heard(begun, message))
    void ended.then(() => {
      if (running === begun) running = undefined
      begun.stop.abort()
      const gone = new Fault('TRIAL_FAILED', { reason: 'its process has ended; try again' })
      begun.ready.reject(gone)
      for (const { answer } of [...(begun.under ? [begun.under.of] : []), ...begun.waiting.values()]) answer.reject(gone)
      begun.waiting.clear()
    })
    send(begun, { type: 'start', config, shop })
    return begun
  }

  const send = ({ child }: Process, message: ToTrials): void => void (child.connected && child.send(message, () => {})) // an end shows as one

  function heard(from: Process, message: FromTrials): void {
    if (message.type === 'ready') from.ready.resolve()
    else if (message.type === 'progress') {
      const opening = from.sets.get(message.set)
      if (opening?.state === 'opening') opening.progress = opening.steps.at(message.step, message.share)
    } else if (message.type === 'opened') from.sets.set(message.set, { state: 'open' })
    else if (message.type === 'failed') {
      if (message.set !== null) from.sets.set(message.set, { state: 'failed', reason: message.message })
      else {
        parts.broke(new Error(`trials: ${message.message}`))
        from.child.kill('SIGKILL')
      }
    } else if (from.under?.number === message.number) {
      const { answer, set } = from.under.of
      from.under = undefined
      if (message.type === 'tried') answer.resolve(message)
      else {
        from.sets.delete(set)
        answer.reject(new Fault('TRIAL_FAILED', { reason: message.message }))
      }
      next(from)
    }
  }

  function next(to: Process): void {
    const [first] = to.waiting
    if (to.under || !first) return
    to.waiting.delete(first[0])
    to.under = { number: ++numbers, of: first[1] }
    send(to, { ...first[1].message, number: numbers })
  }

  /** What is held under this name is of these turns: a set that has changed has another. */
  const nameOf = ({ id, turns, conversations, bad }: SetView): string => `${id}/${turns}/${conversations}/${bad}`

  function openSet(of: Process, name: string, set: string): void {
    const steps = createProgress(now)
    of.sets.set(name, { state: 'opening', steps, progress: steps.at('starting', 0) })
    const failed = (error: unknown): void => {
      if (of.stop.signal.aborted) return
      if (!(error instanceof Fault)) parts.broke(error)
      of.sets.set(name, { state: 'failed', reason: error instanceof Fault ? error.message : 'something went wrong' })
    }
    Promise.all([parts.rowsOf(set, of.stop.signal), of.ready.promise]).then(([rows]) => send(of, { type: 'open', set: name, rows }), failed)
  }

  async function stopped(): Promise<void> {
    const before = running
    running = undefined
    clearTimeout(idle)
    before?.child.kill('SIGKILL')
    await before?.ended
  }

  return {
    async try({ asked, set, ensemble, weights, costs }, who) {
      const view = parts.setView(set)
      const { version, text } = parts.resolve(ensemble)
      const voters = parts.voters()
      if (running && running.voters !== voters) await stopped()
      const at = running ?? begin(voters)
      running = at
      clearTimeout(idle)
      idle = setTimeout(() => void stopped(), IDLE_MS).unref()
      const name = nameOf(view)
      if (!at.sets.has(name)) openSet(at, name, set)
      const held = at.sets.get(name)! // as of now
      if (held.state === 'failed') {
        at.sets.delete(name)
        throw new Fault('TRIAL_FAILED', { reason: held.reason })
      }
      if (held.state === 'opening') return { asked, state: 'opening', ...held.progress }
      const answer = Promise.withResolvers<Extract<FromTrials, { readonly type: 'tried' }>>()
      at.waiting.get(who)?.answer.reject(new Fault('TRIAL_OVERTAKEN', {}))
      at.waiting.delete(who) // it goes behind the others
      at.waiting.set(who, { set: name, message: { type: 'try', set: name, ensemble: { version, text }, weights, costs }, answer })
      next(at)
      const { result, ms } = await answer.promise
      return { asked, state: 'ready', ...result, settings: costs && settingsOf(shop, costs), ms }
    },
    forget: stopped,
    close: stopped,
  }
}

/** As parley.yaml has them. */
const settingsOf = (shop: string, { wrongAnswer, clarify, handoff }: Costs): string =>
  `shops:\n  - id: ${shop}\n    costs:\n      wrongAnswer: ${wrongAnswer}\n      clarify: ${clarify}\n      handoff: ${handoff}\n`
