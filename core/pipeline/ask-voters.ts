// Asks every voter at once, about the whole text and about each clause, and takes what comes before the deadline. A late voter abstains; nothing
// waits for it. Only who looks something up in the shop's systems is waited for as long as these may take.
import type { Question } from '@parley/plugin-sdk/vocabulary.ts'
import type { Ballot, Moment, VoterPool } from '../ports/voters.ts'
import { createLookUps, type LookUps } from './look-ups.ts'
import type { Stages } from './pipeline.ts'
import { isShed, type Shed } from './shed.ts'
import type { Normalised, Polled } from './turn.ts'

/** Why a poll is given up. A reason of our own, since the default is an exception with a stack, made anew for every turn. */
const OVER = 'the votes are in'

export async function askVoters(
  turn: Normalised,
  pools: readonly VoterPool[],
  { clock, deadlines, shed = 'none', graph }: Pick<Stages, 'clock' | 'deadlines' | 'shed' | 'graph'>,
  signal: AbortSignal,
): Promise<Polled> {
  const started = clock.monotonic()
  const deadline = new AbortController()
  const stop = (): void => deadline.abort(OVER)
  let cancel = clock.after(deadlines.voters, () => {
    for (const poll of polls) poll.close()
    // Time for the sources, and for who has asked them to vote.
    cancel = clock.after(deadlines.mesh + deadlines.voters, stop)
  })
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  const name = `${turn.shop}/${turn.conversation}/${turn.turn}`
  const lookUps = createLookUps(turn, { ...(graph && { graph }), clock, deadlines }, deadline.signal)
  const polls = [turn.question, ...(isShed('plugin', shed) ? [] : turn.clauses)].map(question =>
    startPoll(question, { turn: name, at: turn.at, memory: turn.memory }, lookUps, pools, shed, deadline.signal),
  )
  try {
    await Promise.race([Promise.all(polls.map(poll => poll.done)), aborted(deadline.signal)])
    const ms = clock.monotonic() - started
    const [ballots = [], ...clauseBallots] = polls.map(poll => poll.ballots(ms))
    return { ...turn, ballots, clauseBallots }
  } finally {
    cancel()
    lookUps.close()
    signal.removeEventListener('abort', stop)
    deadline.abort(OVER) // a pool that still works on this turn may stop
  }
}

/** Asks every pool one question. `ballots` are what has come so far, a missing one being an abstention after `ms`. */
function startPoll(question: Question, moment: Moment, lookUps: LookUps, pools: readonly VoterPool[], shed: Shed, signal: AbortSignal) {
  const cast = new Map<string, Ballot>()
  /** Voters that have looked something up and not voted yet. */
  const looking = new Set<string>()
  const { promise: ended, resolve: end } = Promise.withResolvers<void>()
  let isClosed = false
  const take = (ballot: Ballot): void => {
    if (signal.aborted || (isClosed && !looking.has(ballot.voter))) return
    cast.set(ballot.voter, ballot)
    looking.delete(ballot.voter)
    if (isClosed && looking.size === 0) end()
  }
  const lookUp: NonNullable<Moment['lookUp']> = (voter, request) => {
    if (!isClosed) looking.add(voter)
    return lookUps.ask(request)
  }
  const asked = Promise.allSettled(
    pools.map(pool => (isShed(pool.tier, shed) ? undefined : pool.ask(question, take, signal, { ...moment, lookUp }))),
  )
  const ballots = (ms: number): readonly Ballot[] =>
    pools.flatMap(pool => {
      const reason = isShed(pool.tier, shed) ? 'shed' : 'late'
      return pool.voters.map(info => cast.get(info.voter) ?? { ...info, abstained: true, reason, votes: [], ms })
    })
  return {
    done: Promise.race([asked, ended]),
    ballots,
    /** From now on nobody is waited for but who is looking something up. */
    close() {
      isClosed = true
      if (looking.size === 0) end()
    },
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise(resolve => (signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true })))
