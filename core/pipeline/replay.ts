// Works a recorded turn out again: the votes, facts and place in line that the log has, put through the same stages. The voters and the sources
// are not asked. With the versions that the decision names the result is the same; with others it shows what they would have changed.
import type { Mesh } from '../ports/mesh.ts'
import type { Ballot, VoterPool } from '../ports/voters.ts'
import { askVoters } from './ask-voters.ts'
import type { BallotView, RecordedDecision } from './decision.ts'
import { normalise } from './normalise-turn.ts'
import { type Stages, workOut } from './pipeline.ts'
import type { Shop } from './shop.ts'
import type { Polled, Received } from './turn.ts'

/** What of a decision is put through the stages again. */
export type RecordedVotes = Pick<RecordedDecision, 'votes' | 'clauseVotes' | 'versions' | 'remembered' | 'facts' | 'place'> &
  Partial<Pick<RecordedDecision, 'situation'>>

/**
 * `received` is the turn as the log has it: its texts, and the frame of before. Its place in line is the recorded one, and so is how many waited where
 * the decision tells. `anew` is asked in place of what its voters had said then.
 */
export function replay(
  decision: RecordedVotes,
  received: Omit<Received, 'placeFor' | 'waiting'>,
  shop: Shop,
  stages: Stages,
  anew?: VoterPool,
): Promise<RecordedDecision> {
  const mesh: Mesh = { facts: async () => decision.facts }
  const asked = { ...stages, mesh, shed: decision.clauseVotes ? ('none' as const) : ('plugins' as const) }
  const pools = anew ? [recordedPool(decision, anew), { ...anew, tier: 'keyword' as const }] : [recordedPool(decision)]
  return workOut(
    { ...received, placeFor: () => decision.place ?? null, waiting: decision.situation?.handover?.waiting ?? 0 },
    { ...shop, pools: () => pools },
    asked,
    new AbortController().signal,
  )
}

/** What the stages begin with that make a decision of these votes: with any ensemble, and at whatever costs. */
export const heardAgain = (
  votes: RecordedVotes,
  received: Omit<Received, 'placeFor' | 'waiting'>,
  shop: Shop,
  stages: Stages,
): Promise<Polled> =>
  askVoters(
    normalise({ ...received, placeFor: () => null, waiting: 0 }, shop),
    [recordedPool(votes)],
    { ...stages, shed: votes.clauseVotes ? 'none' : 'plugins' },
    new AbortController().signal,
  )

/** Answers the first question with the votes on the whole, the next ones with those on the clauses. */
function recordedPool({ votes, clauseVotes = [], versions, remembered = {} }: RecordedVotes, except?: VoterPool): VoterPool {
  const version = (voter: string): string => versions[voter] ?? ''
  const isOther = ({ voter }: { readonly voter: string }): boolean => !except?.voters.some(other => other.voter === voter)
  const rounds: readonly (readonly BallotView[])[] = [votes, ...clauseVotes].map(ballots => ballots.filter(isOther))
  let round = 0
  return {
    tier: 'keyword',
    voters: votes.filter(isOther).map(({ voter }) => ({ voter, version: version(voter) })),
    async ask(_question, cast) {
      const isWhole = round === 0
      for (const ballot of rounds[round++] ?? []) {
        const memory = isWhole ? remembered[ballot.voter] : undefined
        cast({ ...ballot, version: version(ballot.voter), ...(memory !== undefined && { memory }) } satisfies Ballot)
      }
    },
    close: async () => {},
  }
}
