// Tells a customer of systems that do not answer where the words would have told of what is theirs.
import { SILENT_TEMPLATE, STALE_TEMPLATE } from '../pack/required-templates.ts'
import type { TemplateView } from '../ports/templates.ts'
import type { Planned } from './turn.ts'

type Facts = Planned['facts']

const knownIn = (facts: Facts): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(facts).flatMap(([name, fact]) => (fact.isKnown && fact.value !== null ? [[name, fact.value]] : [])))

const MINUTE_MS = 60_000

/**
 * Facts that notice which of their parts the words ask for: a source that is silent is told of where it would have had a say, and nowhere else. Who asks
 * for an invoice need not hear of the warehouse.
 */
export function watchParts(facts: Facts) {
  const asked = new Set<string>()
  const watched = Object.entries(knownIn(facts)).map(([name, value]) => {
    const fact = facts[name]
    const gaps = fact?.isKnown ? [...(fact.missing ?? []), ...(fact.stale ?? [])] : []
    if (gaps.length === 0 || typeof value !== 'object' || Array.isArray(value)) return [name, value]
    const parts: Record<string, unknown> = { ...value }
    for (const part of new Set(gaps.flatMap(each => each.parts))) {
      const given = parts[part]
      const get = (): unknown => {
        asked.add(`${name}.${part}`)
        return given
      }
      Object.defineProperty(parts, part, { get, enumerable: true })
    }
    return [name, parts]
  })
  const isAsked = (name: string, parts: readonly string[]): boolean => parts.some(part => asked.has(`${name}.${part}`))
  return {
    facts: Object.fromEntries(watched) as Readonly<Record<string, unknown>>, // made of entries
    /** What is to be said of the sources of what was asked for. */
    gaps(): readonly { readonly template: string; readonly sources: NonNullable<TemplateView['sources']> }[] {
      const silent = new Set<string>()
      const old = new Map<string, number>()
      for (const [name, fact] of Object.entries(facts)) {
        if (!fact.isKnown) continue
        for (const { title, parts } of fact.missing ?? []) if (isAsked(name, parts)) silent.add(title)
        for (const { title, parts, ageMs } of fact.stale ?? [])
          if (isAsked(name, parts)) old.set(title, Math.max(old.get(title) ?? 0, Math.floor(ageMs / MINUTE_MS)))
      }
      return [
        ...(silent.size > 0 ? [{ template: SILENT_TEMPLATE, sources: [...silent].map(title => ({ title })) }] : []),
        ...(old.size > 0 ? [{ template: STALE_TEMPLATE, sources: [...old].map(([title, minutes]) => ({ title, minutes })) }] : []),
      ]
    },
  }
}
