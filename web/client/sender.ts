// Sends what waits in the outbox, one message at a time and in the order of writing: the next goes when the one before is acknowledged or refused
// for good. Sending all at once would let a rate limit in the middle change their order.
import type { Outgoing } from './timeline.ts'
import type { World } from './world.ts'

export interface Sender {
  /** The line is open, or there is something new to send. */
  pump(): void
  /** The line is gone, and with it whatever was under way. */
  lineLost(): void
  /** The shop took or refused this message. */
  answered(ref: string): void
  /** The shop is busy: nothing more for `ms`. */
  pause(ref: string, ms: number): void
  /** What waits for its answer now. */
  readonly underWay: string | undefined
}

export interface SenderParts {
  readonly world: Pick<World, 'clock' | 'random'>
  outbox(): readonly Outgoing[]
  isConnected(): boolean
  send(message: { readonly type: 'say'; readonly ref: string; readonly text: string }): void
  /** No answer came though the line seems alive. */
  stuck(): void
}

/** Longest wait for an answer to a message. */
const ANSWER_MS = 20_000

export function createSender({ world, outbox, isConnected, send, stuck }: SenderParts): Sender {
  const { clock, random } = world
  let underWay: string | undefined
  let isPaused = false
  let cancelTimer = (): void => {}

  function pump(): void {
    if (underWay !== undefined || isPaused || !isConnected()) return
    const next = outbox().find(({ delivery }) => delivery.state === 'sending')
    if (!next) return
    underWay = next.ref
    cancelTimer = clock.after(ANSWER_MS, stuck)
    send({ type: 'say', ref: next.ref, text: next.text })
  }

  function settle(): void {
    cancelTimer()
    underWay = undefined
    isPaused = false
  }

  return {
    pump,
    lineLost: settle,
    answered(ref) {
      if (ref !== underWay) return
      settle()
      pump()
    },
    pause(ref, ms) {
      if (ref !== underWay) return
      settle()
      isPaused = true
      // Spread over half as much again, so that clients that were refused together do not come back together.
      cancelTimer = clock.after(ms * (1 + random() / 2), () => {
        isPaused = false
        pump()
      })
    },
    get underWay() {
      return underWay
    },
  }
}
