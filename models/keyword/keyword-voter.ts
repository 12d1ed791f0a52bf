// Votes by phrases. Of matches that lie in one another the longest counts: 「没收到货」 says what it says, whatever 「收到货」 would. A phrase
// that is denied («not damaged») gives nothing to its action and takes from what other phrases give it.
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
}

const LONGEST_EVIDENCE = 500

/** Phrases by locale, as a pack has them; all locales are looked for at once. Faults: PACK_INVALID for a phrase without a visible character. */
export function createKeywordVoter(phrases: Readonly<Record<string, Phrases>>): KeywordVoter {
  const meanings = meaningsOf(phrases)
  const texts = [...meanings.keys()]
  const meaningsAt = [...meanings.values()]
  const automaton = createAutomaton(texts)
  return {
    vote(text) {
      const matches = automaton.scan(text)
      if (matches.count === 0) return []
      const spoken = new Set<number>()
      const denied = new Set<number>()
      for (const { start, end, pattern } of longest(text, matches)) (isDenied(text, start, end) ? denied : spoken).add(pattern)
      return votesOf(spoken, denied, texts, meaningsAt)
    },
  }
}

function meaningsOf(phrases: Readonly<Record<string, Phrases>>): ReadonlyMap<string, readonly Meaning[]> {
  const meanings = new Map<string, Meaning[]>()
  for (const [locale, actions] of Object.entries(phrases))
    for (const [action, entries] of Object.entries(actions))
      for (const [i, { phrase, weight, template }] of entries.entries()) {
        const text = normaliseText(phrase)
        if (text === '')
          throw new Fault('PACK_INVALID', { file: `phrases/${locale}.yaml`, path: `${action}.${i}.phrase`, reason: 'it is blank' })
        const list = meanings.get(text)
        if (!list) meanings.set(text, [{ action, weight, template }])
        else if (!list.some(meaning => meaning.action === action)) list.push({ action, weight, template })
      }
  return meanings
}

interface Span {
  readonly start: number
  readonly end: number
  readonly pattern: number
}

/** Matches that are whole words where they are of letters, without those that lie in a longer one. By place in the text. */
function longest(text: string, { count, data }: Matches): readonly Span[] {
  const spans: Span[] = []
  for (let i = 0; i < count; i++) {
    const [start, end, pattern] = [data[3 * i]!, data[3 * i + 1]!, data[3 * i + 2]!] // `count` triples
    if (!cutsWord(text, start) && !cutsWord(text, end)) spans.push({ start, end, pattern })
  }
  spans.sort((a, b) => a.start - b.start || b.end - a.end)
  let reached = 0
  return spans.filter(({ end }) => {
    const isOutside = end > reached
    if (isOutside) reached = end
    return isOutside
  })
}

interface Tally {
  /** Probability that every phrase said is wrong. */
  doubt: number
  /** Share left by what was denied. */
  kept: number
  best: Meaning | undefined
  readonly evidence: string[]
}

function votesOf(
  spoken: ReadonlySet<number>,
  denied: ReadonlySet<number>,
  texts: readonly string[],
  meaningsAt: readonly (readonly Meaning[])[],
): readonly Vote[] {
  const tallies = new Map<ActionId, Tally>()
  for (const pattern of spoken)
    for (const meaning of meaningsAt[pattern]!) {
      // a pattern is an index of both lists
      const tally = tallies.get(meaning.action) ?? { doubt: 1, kept: 1, best: undefined, evidence: [] }
      tallies.set(meaning.action, tally)
      tally.doubt *= 1 - meaning.weight
      tally.evidence.push(texts[pattern]!)
      if (meaning.template !== undefined && meaning.weight > (tally.best?.weight ?? 0)) tally.best = meaning
    }
  for (const pattern of denied)
    for (const { action, weight } of meaningsAt[pattern]!) {
      const tally = tallies.get(action)
      if (tally) tally.kept *= 1 - weight
    }
  const entries = [...tallies].map(([action, tally]) => ({ action, tally, confidence: (1 - tally.doubt) * tally.kept }))
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
