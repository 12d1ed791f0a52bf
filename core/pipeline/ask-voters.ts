// Asks every voter at once and takes what comes before the deadline. A late voter abstains; nothing waits for it.
import type { Ballot, VoterInfo, VoterPool } from '../ports/voters.ts'
import type { Stages } from './pipeline.ts'
import type { Normalised, Polled } from './turn.ts'

export async function askVoters(
  turn: Normalised,
  pools: readonly VoterPool[],
  { clock, deadlines }: Pick<Stages, 'clock' | 'deadlines'>,
  signal: AbortSignal,
): Promise<Polled> {
  const started = clock.monotonic()
  const asked: readonly VoterInfo[] = pools.flatMap(pool => pool.voters)
  const cast = new Map<string, Ballot>()
  const deadline = new AbortController()
  const stop = (): void => deadline.abort()
  const take = (ballot: Ballot): void => {
    if (!deadline.signal.aborted) cast.set(ballot.voter, ballot)
  }
  const cancel = clock.after(deadlines.voters, stop)
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  try {
    const all = pools.map(pool => pool.ask(turn.question, take, deadline.signal))
    await Promise.race([Promise.allSettled(all), aborted(deadline.signal)])
  } finally {
    cancel()
    signal.removeEventListener('abort', stop)
    deadline.abort() // a pool that still works on this turn may stop
  }
  const ms = clock.monotonic() - started
  const ballots = asked.map(info => cast.get(info.voter) ?? { ...info, abstained: true, reason: 'late' as const, votes: [], ms })
  return { ...turn, ballots }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise(resolve => (signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true })))
