// How far people agree on what turns are about, two by two, and what they dispute.
import type { ActionId } from '@parley/plugin-sdk/vocabulary.ts'
import { type Agreement, agreementOf, type Pair } from './agreement.ts'

/** What one person said of one turn. */
export interface Said {
  readonly conversation: string
  readonly turn: number
  readonly who: string
  readonly action: ActionId
}

export interface Agreements {
  /** By name. */
  readonly people: readonly { readonly who: string; readonly labels: number }[]
  /** Of those who have labelled the same turns. */
  readonly pairs: readonly (Agreement & { readonly a: string; readonly b: string })[]
  /** Two actions that people disagree about, the commonest first. */
  readonly disputes: readonly { readonly actions: readonly [ActionId, ActionId]; readonly turns: number }[]
}

/** `random` makes numbers in [0, 1), anew for each pair. */
export function agreementsOf(labels: readonly Said[], random: () => () => number): Agreements {
  const byPerson = Map.groupBy(labels, ({ who }) => who)
  const people = [...byPerson.keys()].sort()
  const pairs: Agreements['pairs'][number][] = []
  const disputes = new Map<string, { readonly actions: readonly [ActionId, ActionId]; turns: number }>()
  for (const [i, a] of people.entries())
    for (const b of people.slice(i + 1)) {
      const both = pairsOf(byPerson.get(a)!, byPerson.get(b)!) // of the people
      if (both.length === 0) continue
      pairs.push({ a, b, ...agreementOf(both, random()) })
      for (const pair of both) {
        if (pair.a === pair.b) continue
        const actions = [pair.a, pair.b].sort() as [ActionId, ActionId] // two
        const known = disputes.get(actions.join(' ')) ?? { actions, turns: 0 }
        known.turns++
        disputes.set(actions.join(' '), known)
      }
    }
  return {
    people: people.map(who => ({ who, labels: byPerson.get(who)!.length })), // of the people
    pairs,
    disputes: [...disputes.values()].sort((a, b) => b.turns - a.turns),
  }
}

function pairsOf(first: readonly Said[], second: readonly Said[]): readonly Pair[] {
  const said = new Map(second.map(label => [`${label.conversation}/${label.turn}`, label.action]))
  return first.flatMap(({ conversation, turn, action }) => {
    const other = said.get(`${conversation}/${turn}`)
    return other === undefined ? [] : [{ conversation, a: action, b: other }]
  })
}
