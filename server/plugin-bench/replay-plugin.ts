// Puts recorded turns to a plugin in the real sandbox and says which it answers otherwise than the version that voted then, and which would be
// decided otherwise for it. All else of a turn is as recorded: the other votes, the facts, where the dialogue stood.
import { isDeepStrictEqual } from 'node:util'
import { Fault } from '@parley/core/faults.ts'
import type { RecordedDecision } from '@parley/core/pipeline/decision.ts'
import type { Stages } from '@parley/core/pipeline/pipeline.ts'
import { replay } from '@parley/core/pipeline/replay.ts'
import type { Shop } from '@parley/core/pipeline/shop.ts'
import type { Graph } from '@parley/core/ports/graph.ts'
import type { RecordedTurn } from '@parley/core/recorded-turns.ts'
import { type Answer, type Bench, patientPool } from './bench.ts'
import { isFailure, isSame, linesOf, votesOf } from './golden.ts'

/** What one turn came to, with the votes as lines of a golden transcript. */
export interface ReplayedTurn {
  readonly text: string
  /** The version that voted then; null where the plugin did not vote in this shop. */
  readonly version: string | null
  /** `! …` where it did not answer. Of two requests in one message: the votes on the whole. */
  readonly before: readonly string[]
  readonly now: readonly string[]
  /** The turn decided with each. Both by the ensemble in force now, so that only the plugin makes the difference. */
  readonly decided: { readonly before: string; readonly now: string }
  readonly isFailure: boolean
}

export const isVotedOtherwise = ({ version, before, now }: ReplayedTurn): boolean => version !== null && !isSame(before, now)
export const isDecidedOtherwise = ({ decided }: ReplayedTurn): boolean => decided.before !== decided.now

export async function replayTurn(bench: Bench, { received, decision }: RecordedTurn, shop: Shop, stages: Stages): Promise<ReplayedTurn> {
  const answers: Answer[] = []
  const voter = `plugin:${bench.plugin.manifest.id}`
  const anew = await replay(
    decision,
    received,
    shop,
    { ...stages, graph: recordedGraph(decision, voter, bench) },
    patientPool(bench, answer => answers.push(answer)),
  )
  const asThen = await replay(decision, received, shop, stages)
  const then = decision.votes.find(ballot => ballot.voter === voter)
  const memory = decision.remembered?.[voter]
  const remembered = memory === undefined ? {} : { memory }
  const now = linesOf(answers[0]!) // the whole message comes first
  return {
    text: received.texts.join('\n'),
    version: then ? (decision.versions[voter] ?? '') : null,
    before: then ? (isNoAnswer(then.reason) ? [`! no answer: ${then.reason}`] : votesOf({ ...then, ...remembered })) : [],
    now,
    decided: { before: wordsOf(asThen), now: wordsOf(anew) },
    isFailure: answers.some(answer => isFailure(linesOf(answer))),
  }
}

/** What the plugin was told in this turn, by the names of its queries: it may ask what was asked then, and nothing is asked anew. */
function recordedGraph({ votes, clauseVotes = [] }: RecordedDecision, voter: string, bench: Bench): Pick<Graph, 'query'> {
  const told = [votes, ...clauseVotes].flatMap(ballots =>
    ballots.flatMap(ballot => (ballot.voter === voter ? (ballot.lookedUp ?? []) : [])),
  )
  return {
    async query({ document, variables }) {
      const { queries } = bench.plugin.manifest
      const found = told.find(each => queries[each.query] === document && isDeepStrictEqual(each.variables, variables))
      if (!found) throw new Fault('QUERY_REFUSED', { reason: 'the record of the turn has no answer to it' })
      const { query: _query, variables: _variables, ...answer } = found
      return answer
    },
  }
}

const isNoAnswer = (reason: string | undefined): boolean => reason !== undefined && reason !== 'silent'

const wordsOf = ({ action, disposition, template }: RecordedDecision): string => `${action} ${disposition} ${template}`
