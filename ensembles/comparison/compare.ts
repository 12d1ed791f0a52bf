// Two ensembles on the same turns: every turn that a customer would get otherwise, by what became of it, and whether that is more than chance.
import type { ActionId } from '@parley/plugin-sdk/vocabulary.ts'
import { DRAWS, type Draw, drawConversations, type Estimate, estimateOf, type Measure, sampled } from '../evaluation/resample.ts'
import { GROUPS, type Group, groupOf, isWorse, type Side, worthOf } from './group.ts'
import { signTest } from './sign-test.ts'

export interface TurnToCompare {
  /** What is said in one conversation is right or wrong together, and drawn together. */
  readonly conversation: string
  /** Where it stands, for whoever looks for it: `line 12`, a conversation's id with the turn. */
  readonly place: string
  readonly text: string
  /** Null where nobody has said it. */
  readonly right: ActionId | null
  /** It must never break. */
  readonly isPinned: boolean
  readonly a: Side
  readonly b: Side
}

export interface ChangedTurn extends TurnToCompare {
  readonly group: Group
}

export interface GroupFigures {
  readonly group: Group
  readonly turns: number
  /** Of all turns. */
  readonly share: Estimate
  /** Where one of the two abstained and what is right is known: how many of the answers were right, or are, and how many wrong. */
  readonly answers: { readonly right: number; readonly wrong: number }
}

export interface Changes {
  readonly turns: number
  readonly conversations: number
  /** Of which it is known what is right. */
  readonly known: number
  readonly draws: number
  /** Those that there are, in the order of `GROUPS`. */
  readonly groups: readonly GroupFigures[]
  /** Conversations with more turns fixed than broken, and the other way; how likely that is by chance. */
  readonly sign: { readonly better: number; readonly worse: number; readonly p: number }
  /** `broken`: worse off than with A. `wrong`: answered wrongly by both. */
  readonly pinned: { readonly turns: number; readonly broken: readonly TurnToCompare[]; readonly wrong: number }
  /** In the order in which they came. */
  readonly changed: readonly ChangedTurn[]
}

interface Tally {
  turns: number
  readonly groups: Partial<Record<Group, number>>
}

export interface Comparing {
  /** `onlyPinned`: it is looked at for the gate, and is in no figure. */
  note(turn: TurnToCompare, onlyPinned?: boolean): void
  /** `random` gives numbers in [0, 1). */
  result(random: () => number): Changes
}

/** Keeps the turns that changed, and of the others how many there are in each conversation. */
export function createComparing(): Comparing {
  const tallies = new Map<string, Tally>()
  const changed: ChangedTurn[] = []
  const broken: TurnToCompare[] = []
  let [pinned, wrong, known] = [0, 0, 0]

  function gate(turn: TurnToCompare, right: ActionId): void {
    pinned++
    if (isWorse(turn.a, turn.b, right)) broken.push(turn)
    else if (worthOf(turn.b, right) === 'wrong') wrong++
  }

  return {
    note(turn, onlyPinned = false) {
      if (turn.isPinned && turn.right !== null) gate(turn, turn.right)
      if (onlyPinned) return
      const tally = tallies.get(turn.conversation) ?? { turns: 0, groups: {} }
      tallies.set(turn.conversation, tally)
      tally.turns++
      if (turn.right !== null) known++
      const group = groupOf(turn.a, turn.b, turn.right)
      if (group === null) return
      tally.groups[group] = (tally.groups[group] ?? 0) + 1
      changed.push({ ...turn, group })
    },
    result(random) {
      const all = [...tallies.values()]
      const draws = drawConversations([...all.keys()], random)
      const net = all.map(({ groups }) => (groups.fixed ?? 0) - (groups.broken ?? 0))
      const [better, worse] = [net.filter(each => each > 0).length, net.filter(each => each < 0).length]
      return {
        turns: all.reduce((sum, { turns }) => sum + turns, 0),
        conversations: all.length,
        known,
        draws: DRAWS,
        groups: GROUPS.flatMap(group => {
          const those = changed.filter(each => each.group === group)
          return those.length === 0 ? [] : [{ group, turns: those.length, share: shareOf(group, all, draws), answers: answersOf(those) }]
        }),
        sign: { better, worse, p: signTest(better, worse) },
        pinned: { turns: pinned, broken, wrong },
        changed,
      }
    },
  }
}

/** Of all turns, those of the group, over draws of conversations. */
function shareOf(group: Group, tallies: readonly Tally[], draws: readonly Draw[]): Estimate {
  const measure: Measure = Object.assign(
    (draw: Draw) => {
      let [hits, turns] = [0, 0]
      for (const [i, tally] of tallies.entries()) {
        hits += draw[i]! * (tally.groups[group] ?? 0) // a draw has every conversation
        turns += draw[i]! * tally.turns
      }
      return hits / turns
    },
    { among: tallies.map((_, i) => i) },
  )
  return estimateOf(sampled(measure, [...tallies.keys()], draws))
}

function answersOf(turns: readonly ChangedTurn[]): GroupFigures['answers'] {
  const worths = turns.flatMap(({ a, b, right, group }) =>
    group === 'to-abstention' ? worthOf(a, right) : group === 'to-answer' ? worthOf(b, right) : [],
  )
  return { right: worths.filter(worth => worth === 'right').length, wrong: worths.filter(worth => worth === 'wrong').length }
}
