// Finds risks by the phrases of the pack's risk list, on the keyword voter's automaton: one pass, some microseconds for an ordinary message.
// Phrases of every locale are looked for at once, since people threaten and despair in whichever language comes. A phrase counts unless it is
// denied ("I won't sue"), cut out of a longer word, or touched by one of the risk's harmless phrases: 「跳楼价」 has nothing of 「跳楼」.
import { Fault } from '@parley/core/faults.ts'
import { partsOf, type RiskList } from '@parley/core/pack/risks.ts'
import { normaliseText } from '@parley/core/pipeline/normalise.ts'
import type { Risk, Risks } from '@parley/core/ports/risks.ts'
import { createAutomaton } from '@parley/models/keyword/automaton.ts'
import { isDenied } from '@parley/models/keyword/negation.ts'
import { cutsWord } from '@parley/models/keyword/word-edges.ts'

/** How far the parts of a phrase may stand apart, in UTF-16 units. */
const GAP = 40
const ENDS_CLAUSE = /[,.;:!?。、…~()"「」]/

const GRAVITY = { handoff: 2, warn: 1, signal: 0 } as const

interface Saying {
  readonly risk: number
  readonly isHarmless: boolean
  /** Indexes of patterns, in the order in which they must stand. */
  readonly parts: readonly number[]
}

interface Span {
  readonly start: number
  readonly end: number
}

/** Faults: PACK_INVALID for a phrase without a visible character. */
export function createPhraseRisks(list: RiskList): Risks {
  const risks = Object.entries(list)
    .map(([id, { rule, template, signals }]): Risk => ({ id, rule, ...(template !== undefined && { template }), signals: given(signals) }))
    .sort((a, b) => GRAVITY[b.rule] - GRAVITY[a.rule] || (b.signals.urgency ?? 0) - (a.signals.urgency ?? 0) || (a.id < b.id ? -1 : 1))
  const { patterns, sayingsAt } = compile(list, risks)
  const automaton = createAutomaton(patterns)
  return {
    find(text) {
      const { count, data } = automaton.scan(text)
      if (count === 0) return []
      const seen = new Map<number, Span[]>()
      for (let i = 0; i < count; i++) {
        const [start, end, pattern] = [data[3 * i]!, data[3 * i + 1]!, data[3 * i + 2]!] // `count` triples
        if (cutsWord(text, start) || cutsWord(text, end)) continue
        const spans = seen.get(pattern)
        if (spans) spans.push({ start, end })
        else seen.set(pattern, [{ start, end }])
      }
      const said = new Map<number, { readonly risky: Span[]; readonly harmless: Span[] }>()
      for (const pattern of seen.keys()) {
        for (const { risk, isHarmless, parts } of sayingsAt[pattern]!) {
          // a pattern is an index of sayingsAt; each saying stands with its first part alone, so that it is looked at once
          const entry = said.get(risk) ?? { risky: [], harmless: [] }
          said.set(risk, entry)
          const into = isHarmless ? entry.harmless : entry.risky
          for (const first of seen.get(pattern)!) {
            const span = spanFrom(text, first, parts, seen) // the key is of `seen`
            if (span) into.push(span)
          }
        }
      }
      return risks.filter((_, i) => {
        const { risky = [], harmless = [] } = said.get(i) ?? {}
        return risky.some(span => !harmless.some(other => touches(span, other)) && !isDenied(text, span.start, span.end))
      })
    },
  }
}

function compile(
  list: RiskList,
  risks: readonly Risk[],
): { readonly patterns: readonly string[]; readonly sayingsAt: readonly (readonly Saying[])[] } {
  const patterns = new Map<string, number>()
  const sayingsAt: Saying[][] = []
  const indexOf = (text: string): number => {
    const known = patterns.get(text)
    if (known !== undefined) return known
    patterns.set(text, sayingsAt.length)
    return sayingsAt.push([]) - 1
  }
  for (const [risk, { id }] of risks.entries()) {
    for (const key of ['phrases', 'unless'] as const) {
      for (const [locale, phrases] of Object.entries(list[id]![key])) {
        // the risks are the list's own
        for (const [i, phrase] of phrases.entries()) {
          const texts = partsOf(phrase).map(normaliseText)
          if (texts.includes(''))
            throw new Fault('PACK_INVALID', { file: 'risks.yaml', path: `${id}.${key}.${locale}.${i}`, reason: 'it is blank' })
          const parts = texts.map(indexOf)
          sayingsAt[parts[0]!]!.push({ risk, isHarmless: key === 'unless', parts }) // indexOf has made a place for every part
        }
      }
    }
  }
  return { patterns: [...patterns.keys()], sayingsAt }
}

/** From the first part that stands at `first` to the last, each the nearest after the one before and all within a clause. */
function spanFrom(text: string, first: Span, parts: readonly number[], seen: ReadonlyMap<number, readonly Span[]>): Span | undefined {
  let end = first.end
  for (const part of parts.slice(1)) {
    const next = seen.get(part)?.find(({ start }) => start >= end && start - end <= GAP)
    if (!next || ENDS_CLAUSE.test(text.slice(end, next.start))) return undefined
    end = next.end
  }
  return { start: first.start, end }
}

const touches = (a: Span, b: Span): boolean => a.start < b.end && b.start < a.end

/** Without the signals that are absent: Risk has optional ones, zod gives undefined ones. */
const given = (signals: RiskList[string]['signals']): Risk['signals'] =>
  Object.fromEntries(Object.entries(signals).filter(([, value]) => value !== undefined))
