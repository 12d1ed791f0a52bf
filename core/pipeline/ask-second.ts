// Asks the voters of the second stage, which are slow or cost money: only where those before leave a doubt, each with a deadline of its own, and about
// the whole text alone. A turn that nobody doubts waits for none of them.
import type { Ensemble } from '../ports/ensemble.ts'
import { type Ballot, LATE, type VoterPool } from '../ports/voters.ts'
import { decide } from './decide.ts'
import { fuse } from './fuse.ts'
import type { Stages } from './pipeline.ts'
import { isShed } from './shed.ts'
import type { Shop } from './shop.ts'
import type { Decided, Polled } from './turn.ts'

/** A pool that has a second stage. */
type SecondPool = VoterPool & Required<Pick<VoterPool, 'second'>>

export const isSecond = (pool: VoterPool): pool is SecondPool => pool.second !== undefined

/** The turn with a ballot of every voter of `pools` behind the others, whether it was asked or not. */
export async function askSecond(
  turn: Polled,
  pools: readonly SecondPool[],
  shop: Shop,
  ensemble: Ensemble,
  { clock, shed = 'none' }: Pick<Stages, 'clock' | 'shed'>,
  signal: AbortSignal,
): Promise<Polled> {
  if (pools.length === 0) return turn
  const sureness = surenessOf(decide(fuse(turn, shop, ensemble), shop, ensemble))
  const ballots = await Promise.all(
    pools.map(pool => {
      const isHeard = pool.voters.some(({ voter }) => ensemble.hears(voter, turn.question.language))
      const isNeeded = isHeard && (pool.second.askBelow === 1 || sureness < pool.second.askBelow)
      if (isShed(pool.tier, shed) || !isNeeded) return missing(pool, isNeeded ? 'shed' : 'unasked', 0)
      return askPool(turn, pool, clock, signal)
    }),
  )
  return { ...turn, ballots: [...turn.ballots, ...ballots.flat()] }
}

/** 1 where more votes could change nothing that counts: a risk has decided, or the customer has answered what the bot had asked. */
function surenessOf({ choice, risks, understood }: Decided): number {
  const isDecided = risks.some(({ rule }) => rule === 'handoff') || ['slot', 'yes', 'no', 'chosen'].includes(understood.how)
  return isDecided ? 1 : choice.confidence
}

async function askPool(
  { question, shop, conversation, turn, at, memory, ballots }: Polled,
  pool: SecondPool,
  clock: Stages['clock'],
  signal: AbortSignal,
): Promise<readonly Ballot[]> {
  const began = clock.monotonic()
  const cast = new Map<string, Ballot>()
  const over = new AbortController()
  const { promise: ended, resolve: end } = Promise.withResolvers<void>()
  const stop = (reason: string): void => {
    over.abort(reason)
    end()
  }
  const leave = (): void => stop('the turn is over')
  const cancel = clock.after(pool.second.deadlineMs, () => stop(LATE))
  signal.addEventListener('abort', leave, { once: true })
  if (signal.aborted) leave()
  const take = (ballot: Ballot): void => void (over.signal.aborted || cast.set(ballot.voter, { ...ballot, isSecond: true }))
  try {
    // A pool that throws has a bug of its own: its voters abstain.
    const moment = { turn: `${shop}/${conversation}/${turn}`, at, memory, quotes: ballots.flatMap(({ quotes }) => quotes ?? []) }
    const asked = pool.ask(question, take, over.signal, moment).catch(() => {})
    await Promise.race([asked, ended])
  } finally {
    cancel()
    signal.removeEventListener('abort', leave)
    leave() // a pool that still works on this turn may stop; it was told before if it is late
  }
  const ms = clock.monotonic() - began
  return missing(pool, 'late', ms).map(none => cast.get(none.voter) ?? none)
}

const missing = (pool: VoterPool, reason: NonNullable<Ballot['reason']>, ms: number): readonly Ballot[] =>
  pool.voters.map(info => ({ ...info, abstained: true, reason, votes: [], ms }))
