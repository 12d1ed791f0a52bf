// The figures of the systems on our turns, each with an interval by conversation.
import { calibrationErrorOf } from '@parley/ensembles/evaluation/measures.ts'
import {
  type Difference,
  type Draw,
  differenceOf,
  drawConversations,
  type Estimate,
  estimateOf,
  type Sampled,
  sampled,
} from '@parley/ensembles/evaluation/resample.ts'
import { createRandom } from '@parley/models/train/random.ts'
import { type OutOfFold, SYSTEMS, type SystemName, type Taken, type Told } from './turns.ts'

/** Of all turns, what the surest of them is that is answered. */
export const ANSWERED = 0.75
/** Shares of the turns that agents take. */
export const HANDED_OVER = [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4] as const

export interface SystemFigures {
  readonly accuracy: Estimate
  /** Less that of the best single voter. */
  readonly against: Difference
  readonly calibrationError: Estimate
  /** Of the surest turns, of all turns: the wrong ones. */
  readonly wrongWhereSure: Estimate
}

export interface CurvePoint {
  /** Share of the turns that agents take. */
  readonly handedOver: number
  /** Of all turns: answered wrongly, or asked back without the right one among what is offered. By threshold nothing is asked back. */
  readonly threshold: Estimate
  readonly tunedNeverAsking: Estimate
  readonly tuned: Estimate
  /** Of all turns, asked back. */
  readonly askedBack: Estimate
  readonly neverAskingLessThreshold: Difference
  readonly tunedLessThreshold: Difference
}

export interface TurnFigures {
  readonly turns: number
  readonly conversations: number
  readonly best: readonly string[]
  readonly chosen: readonly string[]
  readonly systems: Readonly<Record<SystemName, SystemFigures>>
  /** Of the wrong answers of the best single voter that answers everything: the share that is gone when the tuned ensemble answers what it is surest of. */
  readonly wrongAnswersGone: Estimate
  /** The same of the best single voter answering what it is surest of. */
  readonly goneByBestSingle: Estimate
  /** Of the best single voter's errors over all turns: the share that is gone. */
  readonly errorsGone: Estimate
  /** The same two of the intent voter, which sees a message as a whole. */
  readonly ofIntent: { readonly wrongAnswersGone: Estimate; readonly errorsGone: Estimate }
  readonly escalation: readonly CurvePoint[]
  readonly sources: Readonly<
    Record<string, { readonly turns: number; readonly single: Estimate; readonly tuned: Estimate; readonly difference: Difference }>
  >
  readonly confusions: readonly { readonly right: string; readonly said: string | null; readonly count: number }[]
}

const CONFUSIONS = 20

export function figuresOf(turns: readonly Told[], { taken, best, chosen }: OutOfFold, seed: number): TurnFigures {
  const conversations = numbered(turns)
  const draws = drawConversations(conversations, createRandom(seed))
  const isWrong = (name: SystemName): boolean[] => taken[name].map(({ said }, i) => said !== turns[i]!.right) // one a turn, here and below
  const share = (of: readonly boolean[], among?: readonly number[]): Sampled => {
    const within = among ?? [...of.keys()]
    const hits = within.filter(i => of[i])
    const count = (draw: Draw, rows: readonly number[]): number => rows.reduce((sum, row) => sum + draw[row]!, 0)
    return sampled(
      Object.assign((draw: Draw) => count(draw, hits) / count(draw, within), { among: within }),
      conversations,
      draws,
    )
  }
  const not = (of: readonly boolean[]): readonly boolean[] => of.map(each => !each)
  const wrongSure = (name: SystemName): Sampled => {
    const sure = surest(taken[name], ANSWERED)
    return share(isWrong(name).map((wrong, i) => wrong && sure.has(i)))
  }
  const single = share(isWrong('best single voter'))
  const gone = (left: Sampled, before = single): Estimate =>
    estimateOf({ value: 1 - left.value / before.value, samples: left.samples.map((sample, i) => 1 - sample / before.samples[i]!) }) // of the same draws
  const accuracy = (name: SystemName, among?: readonly number[]): Sampled => share(not(isWrong(name)), among)
  const systems = Object.fromEntries(
    SYSTEMS.map(name => {
      const right = Uint8Array.from(isWrong(name), wrong => (wrong ? 0 : 1))
      const told = [...turns.keys()]
      return [
        name,
        {
          accuracy: estimateOf(accuracy(name)),
          against: differenceOf(accuracy(name), accuracy('best single voter')),
          calibrationError: estimateOf(sampled(calibrationErrorOf(taken[name], right, told), conversations, draws)),
          wrongWhereSure: estimateOf(wrongSure(name)),
        },
      ]
    }),
  ) as Record<SystemName, SystemFigures> // of all of them
  return {
    turns: turns.length,
    conversations: new Set(conversations).size,
    best: [...new Set(best)],
    chosen,
    systems,
    wrongAnswersGone: gone(wrongSure('tuned')),
    goneByBestSingle: gone(wrongSure('best single voter')),
    errorsGone: gone(share(isWrong('tuned'))),
    ofIntent: {
      wrongAnswersGone: gone(wrongSure('tuned'), share(isWrong('intent alone'))),
      errorsGone: gone(share(isWrong('tuned')), share(isWrong('intent alone'))),
    },
    escalation: HANDED_OVER.map(handedOver => pointAt(handedOver)),
    sources: Object.fromEntries(
      [...Map.groupBy(turns.keys(), row => turns[row]!.source)].sort().map(([source, rows]) => {
        const [mine, theirs] = [accuracy('tuned', rows), accuracy('best single voter', rows)]
        return [source, { turns: rows.length, single: estimateOf(theirs), tuned: estimateOf(mine), difference: differenceOf(mine, theirs) }]
      }),
    ),
    confusions: confusionsOf(turns, taken.tuned),
  }

  function pointAt(handedOver: number): CurvePoint {
    const left = (name: SystemName, doubtOf: (each: Taken) => number, isMissed: (each: Taken, i: number) => boolean): Sampled => {
      const kept = surest(taken[name], 1 - handedOver, doubtOf)
      return share(taken[name].map((each, i) => kept.has(i) && isMissed(each, i)))
    }
    const byConfidence = ({ confidence }: Taken): number => 1 - confidence
    const missed = ({ said }: Taken, i: number): boolean => said !== turns[i]!.right
    const byCost = ({ doubt }: Taken): number => doubt
    const threshold = left('best single voter', byConfidence, missed)
    const neverAsking = left('tuned', byConfidence, missed)
    const tuned = left('tuned', byCost, ({ answer, options }, i) =>
      options.length > 0 ? !options.includes(turns[i]!.right) : answer !== turns[i]!.right,
    )
    const asked = left('tuned', byCost, ({ options }) => options.length > 0)
    return {
      handedOver,
      threshold: estimateOf(threshold),
      tunedNeverAsking: estimateOf(neverAsking),
      tuned: estimateOf(tuned),
      askedBack: estimateOf(asked),
      neverAskingLessThreshold: differenceOf(neverAsking, threshold),
      tunedLessThreshold: differenceOf(tuned, threshold),
    }
  }
}

/** The places of the share of turns with the least doubt. */
function surest(
  taken: readonly Taken[],
  share: number,
  doubtOf: (each: Taken) => number = ({ confidence }) => -confidence,
): ReadonlySet<number> {
  const order = [...taken.keys()].sort((a, b) => doubtOf(taken[a]!) - doubtOf(taken[b]!) || a - b) // its own keys
  return new Set(order.slice(0, Math.round(share * taken.length)))
}

function confusionsOf(turns: readonly Told[], taken: readonly Taken[]): TurnFigures['confusions'] {
  const counts = new Map<string, number>()
  for (const [i, { said }] of taken.entries()) {
    const { right } = turns[i]! // one a turn
    if (said !== right) counts.set(JSON.stringify([right, said]), (counts.get(JSON.stringify([right, said])) ?? 0) + 1)
  }
  return [...counts]
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, CONFUSIONS)
    .map(([key, count]) => {
      const [right, said] = JSON.parse(key) as [string, string | null] // as it was written above
      return { right, said, count }
    })
}

function numbered(turns: readonly Told[]): readonly number[] {
  const places = new Map([...new Set(turns.map(({ conversation }) => conversation))].map((name, i) => [name, i]))
  return turns.map(({ conversation }) => places.get(conversation)!) // of those
}
