// What came of a canary's turns beside those of what is in force, for whoever is to promote it: read from the log, so that nothing is counted twice and
// what was erased is in no figure. Turns of one conversation stand or fall together, so a share's interval is that of as many turns as they are worth.
import type { Logged } from '@parley/core/conversation/event.ts'
import type { Interval } from '@parley/models/train/intervals.ts'

export const ARMS = ['inForce', 'canary'] as const
export type Arm = (typeof ARMS)[number]

/**
 * Turns that were handed to a person; that were answered by a question which of several was meant; that an agent or the operator has taken back; that
 * the customer has taken back; and of whose reply the customer has said last that it helped, or that it did not.
 */
export const MEASURES = ['handedOver', 'askedBack', 'corrected', 'recalled', 'thumbsUp', 'thumbsDown'] as const
export type Measure = (typeof MEASURES)[number]

/** Of one arm in one conversation. */
export type Tally = Readonly<Record<'turns' | Measure, number>>

export interface ArmFigures {
  readonly version: string
  readonly conversations: number
  readonly turns: number
  /** Shares of the turns, 0 to 1, with their 95 % intervals. */
  readonly shares: Readonly<Record<Measure, Interval>>
}

export interface CanaryFigures {
  /** Milliseconds since 1970: turns decided from then on. */
  readonly since: number
  readonly arms: Readonly<Record<Arm, ArmFigures>>
  /** The canary's share less the other, with its 95 % interval; no difference is shown where that holds 0. */
  readonly differences: Readonly<Record<Measure, Interval>>
  /** Conversations that could not be read. */
  readonly unread: number
}

/** What one conversation says of each arm; undefined where it has no turn of that arm. `versions`: what each arm's decisions name. */
export function tallyOf(
  events: readonly Logged[],
  versions: Readonly<Record<Arm, string>>,
  since: number,
): Readonly<Partial<Record<Arm, Tally>>> {
  const arms = new Map<number, Arm>()
  const thumbs = new Map<number, Measure | null>()
  const standing: { readonly turn: number; readonly arm: Arm }[] = []
  const tallies: Partial<Record<Arm, Record<'turns' | Measure, number>>> = {}
  const count = (arm: Arm, what: 'turns' | Measure): void => {
    tallies[arm] ??= { ...NONE }
    tallies[arm][what]++
  }
  for (const event of events) {
    if (event.type === 'decided' && event.at >= since) {
      const { ensemble, disposition } = event.decision
      const arm = ARMS.find(each => versions[each] === ensemble)
      if (arm === undefined) continue
      standing.push({ turn: event.turn, arm })
      arms.set(event.turn, arm)
      count(arm, 'turns')
      if (disposition === 'handoff') count(arm, 'handedOver')
      if (disposition === 'clarify') count(arm, 'askedBack')
    } else if (event.type === 'rated') thumbs.set(event.turn, event.thumb && (event.thumb === 'up' ? 'thumbsUp' : 'thumbsDown'))
    else if (event.type === 'rolled_back')
      while (standing.length > 0 && standing.at(-1)!.turn > event.toSeq)
        count(standing.pop()!.arm, event.by === 'customer' ? 'recalled' : 'corrected') // there is one
  }
  for (const [turn, thumb] of thumbs) {
    const arm = arms.get(turn)
    if (arm && thumb) count(arm, thumb)
  }
  return tallies
}

const NONE: Tally = { turns: 0, handedOver: 0, askedBack: 0, corrected: 0, recalled: 0, thumbsUp: 0, thumbsDown: 0 }

export function figuresOf(
  tallies: readonly Readonly<Partial<Record<Arm, Tally>>>[],
  versions: Readonly<Record<Arm, string>>,
  since: number,
  unread: number,
): CanaryFigures {
  const [inForce, canary] = ARMS.map(arm =>
    armOf(
      tallies.flatMap(each => each[arm] ?? []),
      versions[arm],
    ),
  ) as [ArmFigures, ArmFigures] // of two
  const differences = Object.fromEntries(
    MEASURES.map(measure => [measure, difference(canary.shares[measure], inForce.shares[measure])]),
  ) as CanaryFigures['differences'] // its keys are those
  return { since, arms: { inForce, canary }, differences, unread }
}

function armOf(tallies: readonly Tally[], version: string): ArmFigures {
  const turns = tallies.reduce((sum, tally) => sum + tally.turns, 0)
  const shares = Object.fromEntries(MEASURES.map(measure => [measure, clustered(tallies, measure, turns)])) as ArmFigures['shares'] // as above
  return { version, conversations: tallies.length, turns, shares }
}

const Z = 1.96

/**
 * Wilson's interval, of the number of turns that would be as sure if each stood alone: where the turns of a conversation are alike, fewer than there
 * are, down to one a conversation where nothing tells how alike they are.
 */
function clustered(tallies: readonly Tally[], measure: Measure, turns: number): Interval {
  if (turns === 0) return { value: 0, low: 0, high: 1 }
  const p = tallies.reduce((sum, tally) => sum + tally[measure], 0) / turns
  const count = tallies.length
  const alone = (p * (1 - p)) / turns
  const squares = tallies.reduce((sum, tally) => sum + (tally[measure] - p * tally.turns) ** 2, 0)
  const among = count < 2 ? Number.POSITIVE_INFINITY : (squares / turns ** 2) * (count / (count - 1))
  const worth = alone === 0 ? count : Math.min(turns, Math.max(1, (turns * alone) / among))
  const z2 = Z ** 2 / worth
  const centre = (p + z2 / 2) / (1 + z2)
  const reach = (Z / (1 + z2)) * Math.sqrt((p * (1 - p)) / worth + z2 / (4 * worth))
  return { value: p, low: Math.max(0, centre - reach), high: Math.min(1, centre + reach) }
}

/** Newcombe's interval of the difference of two shares, from those of each. */
const difference = (a: Interval, b: Interval): Interval => {
  const value = a.value - b.value
  const low = value - Math.hypot(a.value - a.low, b.high - b.value)
  const high = value + Math.hypot(a.high - a.value, b.value - b.low)
  return { value, low: Math.max(-1, low), high: Math.min(1, high) }
}
