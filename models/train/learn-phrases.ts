// Learns which phrases mean an action, from examples: log-odds of a phrase in the action's examples against all others, with what is known of the
// phrase over all as an informative Dirichlet prior (Monroe, Colaresi and Quinn 2008), so that a rare phrase has to be the more telling. No draw is
// made: the same examples give the same phrases.
import type { ActionId, Language } from '@parley/plugin-sdk/vocabulary.ts'
import type { Example } from './examples.ts'
import { nearDuplicateGroups } from './folds.ts'
import { dataHash } from './lessons.ts'

export interface LearnedPhrase {
  readonly phrase: string
  /** How surely the phrase alone means the action, 0 to 1. */
  readonly weight: number
}
export type LearnedPhrases = Readonly<Record<Language, Readonly<Record<ActionId, readonly LearnedPhrase[]>>>>

/** Examples that the prior counts for. */
const PRIOR = 20
/** Standard errors that the log-odds must lie above 0. */
const SURE_FROM = 2.5
/** Examples, near-duplicates counted once, in which a phrase must stand under the action. */
const SEEN_FROM = 4
/** A phrase that means the action less surely says too little. */
const LEAST_WEIGHT = 0.5
/** Others of which a phrase has as many as none at all: what was never seen elsewhere is not certain for that. */
const DOUBT = 2
/** Of an action and language, the surest ones. */
const MOST = 120
const LONGEST_HAN = 5
const MOST_WORDS = 4

/** Names exactly what was learned from. */
export const phraseData = (examples: readonly Pick<Example, 'text' | 'label'>[]): string =>
  dataHash(examples.map(({ text, label }) => ({ text, label, weight: 1 })))

export function learnPhrases(examples: readonly Pick<Example, 'text' | 'label' | 'language'>[]): LearnedPhrases {
  const of = (language: Language) => learnIn(examples.filter(example => example.language === language))
  return { zh: of('zh'), en: of('en') }
}

function learnIn(examples: readonly Pick<Example, 'text' | 'label'>[]): LearnedPhrases[Language] {
  const groups = nearDuplicateGroups(examples.map(({ text }) => text))
  const sizes = new Map<ActionId, number>()
  /** By phrase, in how many groups of each action it stands. */
  const counts = new Map<string, Map<ActionId, number>>()
  const counted = new Set<string>()
  for (const [i, { text, label }] of examples.entries()) {
    const group = `${groups[i]} ${label}`
    if (!counted.has(group)) sizes.set(label, (sizes.get(label) ?? 0) + 1)
    counted.add(group)
    for (const phrase of phrasesIn(text)) {
      const key = `${group} ${phrase}`
      if (counted.has(key)) continue
      counted.add(key)
      const byAction = counts.get(phrase) ?? new Map<ActionId, number>()
      counts.set(phrase, byAction)
      byAction.set(label, (byAction.get(label) ?? 0) + 1)
    }
  }
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0)
  const found = new Map<ActionId, (LearnedPhrase & { readonly sureness: number })[]>()
  for (const [phrase, byAction] of counts) {
    const all = [...byAction.values()].reduce((sum, count) => sum + count, 0)
    for (const [action, count] of byAction) {
      if (count < SEEN_FROM) continue
      const size = sizes.get(action)! // counted above
      const weight = (count + (DOUBT * size) / total) / (all + DOUBT)
      const sureness = logOdds(count, size, all, total)
      if (weight < LEAST_WEIGHT || sureness < SURE_FROM) continue
      const list = found.get(action) ?? []
      found.set(action, list)
      list.push({ phrase, weight: Math.round(weight * 1_000) / 1_000, sureness })
    }
  }
  const actions = [...found].sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(actions.map(([action, list]) => [action, pick(list)]))
}

/** In standard errors: of the action's examples against the others', each with the prior beside it. */
function logOdds(count: number, size: number, all: number, total: number): number {
  const prior = (PRIOR * all) / total
  const rest = all - count
  const odds = (hits: number, of: number): number => Math.log((hits + prior) / (of + PRIOR - hits - prior))
  return (odds(count, size) - odds(rest, total - size)) / Math.sqrt(1 / (count + prior) + 1 / (rest + prior))
}

/** The surest, without those that say no more than a shorter one which stands in them. */
function pick(list: readonly (LearnedPhrase & { readonly sureness: number })[]): readonly LearnedPhrase[] {
  const kept: LearnedPhrase[] = []
  for (const { phrase, weight } of [...list].sort((a, b) => a.phrase.length - b.phrase.length || (a.phrase < b.phrase ? -1 : 1)))
    if (!kept.some(shorter => shorter.weight >= weight && phrase.includes(shorter.phrase))) kept.push({ phrase, weight })
  const sureness = new Map(list.map(each => [each.phrase, each.sureness]))
  return kept.sort((a, b) => sureness.get(b.phrase)! - sureness.get(a.phrase)! || (a.phrase < b.phrase ? -1 : 1)).slice(0, MOST)
}

const HAN_RUN = /\p{Script=Han}+/gu
const WORDS_RUN = /[\p{Script=Latin}\p{N}']+(?: [\p{Script=Latin}\p{N}']+)*/gu

/** Runs of two Han characters and more, and of words with one blank between, as they stand in a text that `normaliseText` gave. */
export function* phrasesIn(text: string): Generator<string> {
  for (const [run] of text.matchAll(HAN_RUN))
    for (let from = 0; from < run.length; from++)
      for (let to = from + 2; to <= Math.min(run.length, from + LONGEST_HAN); to++) yield run.slice(from, to)
  for (const [run] of text.matchAll(WORDS_RUN)) {
    const words = run.split(' ')
    for (let from = 0; from < words.length; from++)
      for (let to = from + 1; to <= Math.min(words.length, from + MOST_WORDS); to++) {
        const phrase = words.slice(from, to).join(' ')
        if (/\p{L}/u.test(phrase)) yield phrase // a number means nothing by itself
      }
  }
}
