// Asks what moved weights and costs would do. The latest move wins: what was asked before is dropped, and its answer is never shown. While the set's votes
// are not there yet it is asked again until they are.
import type { Trial, TrialOrder } from '@parley/core/protocol/studio.ts'
import { Refused, type Server } from './server.ts'

/** Moves that come closer than this are one question. */
const PAUSE_MS = 90
const OPENING_MS = 700

export interface Trials {
  ask(order: Omit<TrialOrder, 'asked'>): void
  stop(): void
}

/** `answered` is called with what belongs to the latest question alone. */
export function createTrials(server: Pick<Server, 'post'>, answered: (trial: Trial) => void, failed: (error: unknown) => void): Trials {
  let asked = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let under: AbortController | undefined

  async function send(order: Omit<TrialOrder, 'asked'>, mine: number): Promise<void> {
    under = new AbortController()
    try {
      const trial = await server.post<Trial>('trials', { ...order, asked: mine }, under.signal)
      if (mine !== asked || trial.asked !== mine) return
      answered(trial)
      if (trial.state === 'opening') timer = setTimeout(() => void send(order, mine), OPENING_MS)
    } catch (error) {
      if (mine !== asked) return
      // Another window of the same person asked meanwhile: this question still wants its answer.
      if (error instanceof Refused && error.code === 'TRIAL_OVERTAKEN') timer = setTimeout(() => void send(order, mine), OPENING_MS)
      else failed(error)
    }
  }
  function stop(): void {
    asked++
    clearTimeout(timer)
    under?.abort()
  }
  return {
    ask(order) {
      stop()
      const mine = asked
      timer = setTimeout(() => void send(order, mine), PAUSE_MS)
    },
    stop,
  }
}
