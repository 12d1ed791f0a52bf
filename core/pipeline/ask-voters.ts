// Asks every voter at once, about the whole text and about each clause, and takes what comes before the deadline. A late voter abstains; nothing
// waits for it.
import type { Question } from '@parley/plugin-sdk/vocabulary.ts'
import type { Ballot, Moment, VoterPool } from '../ports/voters.ts'
import type { Stages } from './pipeline.ts'
import { isShed, type Shed } from './shed.ts'
import type { Normalised, Polled } from './turn.ts'

/** Why a poll is given up. A reason of our own, since the default is an exception with a stack, made anew for every turn. */
const OVER = 'the votes are in'

export async function askVoters(
  turn: Normalised,
  pools: readonly VoterPool[],
  { clock, deadlines, shed = 'none' }: Pick<Stages, 'clock' | 'deadlines' | 'shed'>,
  signal: AbortSignal,
): Promise<Polled> {
  const started = clock.monotonic()
  const deadline = new AbortController()
  const stop = (): void => deadline.abort(OVER)
  const cancel = clock.after(deadlines.voters, stop)
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  const moment: Moment = { turn: `${turn.shop}/${turn.conversation}/${turn.turn}`, at: turn.at, memory: turn.memory }
  try {
    const polls = [turn.question, ...(shed === 'none' ? turn.clauses : [])].map(question =>
      startPoll(question, moment, pools, shed, deadline.signal),
    )
    await Promise.race([Promise.all(polls.map(poll => poll.done)), aborted(deadline.signal)])
    const ms = clock.monotonic() - started
    const [ballots = [], ...clauseBallots] = polls.map(poll => poll.ballots(ms))
    return { ...turn, ballots, clauseBallots }
  } finally {
    cancel()
    signal.removeEventListener('abort', stop)
    deadline.abort(OVER) // a pool that still works on this turn may stop
  }
}

/** Asks every pool one question. `ballots` are what has come so far, a missing one being an abstention after `ms`. */
function startPoll(question: Question, moment: Moment, pools: readonly VoterPool[], shed: Shed, signal: AbortSignal) {
  const cast = new Map<string, Ballot>()
  const take = (ballot: Ballot): void => {
    if (!signal.aborted) cast.set(ballot.voter, ballot)
  }
  const done = Promise.allSettled(pools.map(pool => (isShed(pool.tier, shed) ? undefined : pool.ask(question, take, signal, moment))))
  const ballots = (ms: number): readonly Ballot[] =>
    pools.flatMap(pool => {
      const reason = isShed(pool.tier, shed) ? 'shed' : 'late'
      return pool.voters.map(info => cast.get(info.voter) ?? { ...info, abstained: true, reason, votes: [], ms })
    })
  return { done, ballots }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise(resolve => (signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true })))
