// The facts of a mesh's file: what the bot, its templates and its plugins know of a customer by name. Each is a stored query; what a source did not give
// of it is said beside what the others gave.
import type { Fact, MissingParts } from '@parley/core/ports/mesh.ts'
import type { Locale } from '@parley/plugin-sdk/vocabulary.ts'
import type { MeshAnswer } from './joined-mesh.ts'
import { type Part, partsAt, valueAt } from './parts.ts'
import { type Ground, objectAt, placeAt, readStored, rootPlace, type StoredDocument } from './stored-document.ts'

export interface StoredFact {
  readonly document: StoredDocument
  /** Where in the answer it is. */
  readonly path: readonly string[]
  /** Empty where it is a plain value. */
  readonly parts: readonly Part[]
  /** Whom it is asked of first. */
  readonly source: string
}

/** Throws an Error that names the fact and says what is wrong with it. */
export function readFacts(ground: Ground): ReadonlyMap<string, StoredFact> {
  const facts = Object.entries(ground.config.facts).map(([name, { query, at, parts }]) => {
    try {
      const document = readStored(query, 'query', ground)
      const path = at.split('.')
      const root = rootPlace(document, ground.schema.getQueryType()!) // a mesh has one
      const place = placeAt(root, path, ground)
      const { source } = placeAt(root, path.slice(0, 1), ground)
      return [name, { document, path, source, parts: objectAt(place) ? partsAt(place, parts, ground) : [] }] as const
    } catch (error) {
      throw new Error(`facts.${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    }
  })
  return new Map(facts)
}

/** The fact that an answer is. */
export function factOf({ path, parts, source }: StoredFact, answer: MeshAnswer, locale: Locale, titleOf: (source: string) => string): Fact {
  const given = valueAt(answer.data, path) ?? null
  const errors = (answer.errors ?? []).map(({ path: at = [], message, extensions }) => ({
    path: at.map(String),
    source: typeof extensions?.source === 'string' ? extensions.source : source,
    reason: typeof extensions?.code === 'string' ? extensions.code : message,
  }))
  if (given === null) {
    const gone = errors.find(error => startsWith(path, error.path))
    return gone ? { isKnown: false, source: gone.source, reason: gone.reason } : { isKnown: true, value: null }
  }
  const inEntry = (at: readonly string[]): readonly string[] => at.slice(path.length + (Array.isArray(given) ? 1 : 0))
  const partsOf = (at: readonly string[]): readonly Part[] => {
    const within = inEntry(at)
    return parts.filter(part => part.paths.some(each => startsWith(each, within) || startsWith(within, each)))
  }
  const told = (from: string, some: readonly Part[]): MissingParts => ({
    source: from,
    title: titleOf(from),
    parts: parts.filter(part => some.includes(part)).map(({ name }) => name),
  })
  const missing = new Map<string, Part[]>()
  for (const error of errors)
    if (startsWith(error.path, path)) missing.set(error.source, [...(missing.get(error.source) ?? []), ...partsOf(error.path)])
  const stale = new Map<string, { readonly parts: readonly Part[]; readonly ageMs: number }>()
  for (const { path: at, source: from, ageMs } of answer.extensions?.stale ?? []) {
    const where = at.split('.')
    // Of what is old as a whole, what other sources have added is not.
    const old = startsWith(where, path) ? partsOf(where) : startsWith(path, where) ? parts : []
    const theirs = old.filter(part => part.source === from)
    const before = stale.get(from)
    if (theirs.length > 0) stale.set(from, { parts: [...(before?.parts ?? []), ...theirs], ageMs: Math.max(ageMs, before?.ageMs ?? 0) })
  }
  return {
    isKnown: true,
    value: Array.isArray(given) ? given.map(entry => shaped(entry, parts, locale)) : shaped(given, parts, locale),
    ...(missing.size > 0 && { missing: [...missing].map(([from, some]) => told(from, some)) }),
    ...(stale.size > 0 && { stale: [...stale].map(([from, some]) => ({ ...told(from, some.parts), ageMs: some.ageMs })) }),
  }
}

/** Parts that there are none of are left out. */
export function shaped(entry: unknown, parts: readonly Part[], locale: Locale): unknown {
  if (parts.length === 0) return entry
  return Object.fromEntries(
    parts.flatMap(part => {
      const value = part.read(entry, locale)
      return value === undefined ? [] : [[part.name, value]]
    }),
  )
}

const startsWith = (path: readonly string[], start: readonly string[]): boolean =>
  start.length <= path.length && start.every((part, i) => part === path[i])
