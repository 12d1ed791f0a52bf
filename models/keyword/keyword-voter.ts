// Votes by phrases. Of matches that lie in one another the longest counts: 「没收到货」 says what it says, whatever 「收到货」 would. A phrase
// that is denied («not damaged») gives nothing to its action and takes from what other phrases give it. Phrases that people have written stand above
// those that were learned from examples: where one of them stands, what was learned says nothing; and of what was learned, the surest phrase of an action
// speaks alone, since such phrases overlap and are no news to one another.
import { Fault } from '@parley/core/faults.ts'
import type { Phrases } from '@parley/core/pack/pack.ts'
import { normaliseText } from '@parley/core/pipeline/normalise.ts'
import type { ActionId, Vote } from '@parley/plugin-sdk/vocabulary.ts'
import { createAutomaton, type Matches } from './automaton.ts'
import { isDenied } from './negation.ts'
import { cutsWord } from './word-edges.ts'

export interface KeywordVoter {
  /** Votes by falling confidence, on a text that `normaliseText` gave; none when no phrase stands in it. */
  vote(text: string): readonly Vote[]
}

interface Meaning {
  readonly action: ActionId
  readonly weight: number
  readonly template: string | undefined
  readonly isLearned: boolean
  /** What a vote says of it: made once, since making it takes longer than finding it. */
  readonly evidence: string
}

/** Phrases by action with their weights, as they were learned. */
export type Learned = Readonly<Record<string, Readonly<Record<ActionId, readonly { readonly phrase: string; readonly weight: number }[]>>>>

const LONGEST_EVIDENCE = 500

/**
 * Phrases by locale, as a pack has them, and by language, as they were learned; all are looked for at once. Faults: PACK_INVALID for a phrase without a
 * visible character.
 */
export function createKeywordVoter(phrases: Readonly<Record<string, Phrases>>, learned: Learned = {}): KeywordVoter {
  const meanings = meaningsOf(phrases, learned)
  const meaningsAt = [...meanings.values()]
  const automaton = createAutomaton([...meanings.keys()])
  return {
    vote(text) {
      const matches = automaton.scan(text)
      if (matches.count === 0) return []
      const spoken = new Set<number>()
      const denied = new Set<number>()
      for (const { start, end, pattern } of spansOf(text, matches, pattern => meaningsAt[pattern]![0]!.isLearned)) // each has a meaning
        (isDenied(text, start, end) ? denied : spoken).add(pattern)
      return votesOf(spoken, denied, meaningsAt)
    },
  }
}

function meaningsOf(phrases: Readonly<Record<string, Phrases>>, learned: Learned): ReadonlyMap<string, readonly Meaning[]> {
  const meanings = new Map<string, Meaning[]>()
  for (const [locale, actions] of Object.entries(phrases))
    for (const [action, entries] of Object.entries(actions))
      for (const [i, { phrase, weight, template }] of entries.entries()) {
        const text = normaliseText(phrase)
        if (text === '')
          throw new Fault('PACK_INVALID', { file: `phrases/${locale}.yaml`, path: `${action}.${i}.phrase`, reason: 'it is blank' })
        const list = meanings.get(text)
        const meaning: Meaning = { action, weight, template, isLearned: false, evidence: `${text} ${weight.toFixed(2)}` }
        if (!list) meanings.set(text, [meaning])
        else if (!list.some(other => other.action === action)) list.push(meaning)
      }
  for (const actions of Object.values(learned))
    for (const [action, entries] of Object.entries(actions))
      for (const { phrase, weight } of entries) {
        const list = meanings.get(phrase)
        const meaning: Meaning = {
          action,
          weight,
          template: undefined,
          isLearned: true,
          evidence: `${phrase} ${weight.toFixed(2)} learned`,
        }
        if (!list) meanings.set(phrase, [meaning])
        else if (list[0]?.isLearned && !list.some(other => other.action === action)) list.push(meaning)
      }
  return meanings
}

interface Span {
  readonly start: number
  readonly end: number
  readonly pattern: number
}

/** Matches that are whole words where they are of letters: those that somebody wrote, and of those that were learned the ones that touch none of them. */
function spansOf(text: string, { count, data }: Matches, isLearned: (pattern: number) => boolean): readonly Span[] {
  const written: Span[] = []
  const learned: Span[] = []
  for (let i = 0; i < count; i++) {
    const [start, end, pattern] = [data[3 * i]!, data[3 * i + 1]!, data[3 * i + 2]!] // `count` triples
    if (!cutsWord(text, start) && !cutsWord(text, end)) (isLearned(pattern) ? learned : written).push({ start, end, pattern })
  }
  const said = longest(written)
  if (learned.length === 0) return said
  return [...said, ...longest(learned.filter(({ start, end }) => !said.some(span => span.start < end && start < span.end)))]
}

/** Without those that lie in a longer one. By place in the text. */
function longest(spans: Span[]): readonly Span[] {
  spans.sort((a, b) => a.start - b.start || b.end - a.end)
  let reached = 0
  return spans.filter(({ end }) => {
    const isOutside = end > reached
    if (isOutside) reached = end
    return isOutside
  })
}

interface Tally {
  /** Probability that every written phrase said is wrong. */
  doubt: number
  /** The surest learned phrase's weight. */
  learned: number
  /** Share left by what was denied. */
  kept: number
  best: Meaning | undefined
  readonly evidence: string[]
}

function votesOf(spoken: ReadonlySet<number>, denied: ReadonlySet<number>, meaningsAt: readonly (readonly Meaning[])[]): readonly Vote[] {
  const tallies = new Map<ActionId, Tally>()
  for (const pattern of spoken)
    for (const meaning of meaningsAt[pattern]!) {
      // a pattern is an index of both lists
      const tally = tallies.get(meaning.action) ?? { doubt: 1, learned: 0, kept: 1, best: undefined, evidence: [] }
      tallies.set(meaning.action, tally)
      if (meaning.isLearned) tally.learned = Math.max(tally.learned, meaning.weight)
      else tally.doubt *= 1 - meaning.weight
      tally.evidence.push(meaning.evidence)
      if (meaning.template !== undefined && meaning.weight > (tally.best?.weight ?? 0)) tally.best = meaning
    }
  for (const pattern of denied)
    for (const { action, weight, evidence } of meaningsAt[pattern]!) {
      const tally = tallies.get(action)
      if (!tally) continue
      tally.kept *= 1 - weight
      tally.evidence.push(`not: ${evidence}`)
    }
  const entries = [...tallies].map(([action, tally]) => ({
    action,
    tally,
    confidence: (1 - tally.doubt * (1 - tally.learned)) * tally.kept,
  }))
  const total = Math.max(
    1,
    entries.reduce((sum, { confidence }) => sum + confidence, 0),
  )
  return entries
    .filter(({ confidence }) => confidence > 0)
    .sort((a, b) => b.confidence - a.confidence || (a.action < b.action ? -1 : 1))
    .map(({ action, tally, confidence }) => ({
      action,
      confidence: confidence / total,
      ...(tally.best?.template === undefined ? {} : { template: tally.best.template }),
      evidence: tally.evidence.join(', ').slice(0, LONGEST_EVIDENCE).toWellFormed(),
    }))
}
