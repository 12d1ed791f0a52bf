// What is different between the manifests of two versions, for whoever decides whether the later one is installed.
import { GRANTS, type Grant } from '@parley/plugin-sdk/grants.ts'
import type { Manifest } from '@parley/plugin-sdk/manifest.ts'
import { canonicalJson } from './canonical-json.ts'

export interface ManifestChange {
  /** The field of the manifest. */
  readonly field: string
  /** `~`: what stands there is another value. */
  readonly sign: '+' | '-' | '~'
  /** `STORE_INFO`, `timeoutMs 50 → 80`: printable, whatever the manifest holds. */
  readonly what: string
}

/** Those that people see anyway, or that say nothing of what it may do. */
const UNSHOWN = new Set(['id', 'version', 'module', 'class'])
/** A query of a length that people read is shown whole: they decide by it. */
const LONGEST = 4_000

/** Against no manifest: everything that the plugin asks for. Fields and names in order. */
export function changesOf(before: Manifest | undefined, after: Manifest): readonly ManifestChange[] {
  const [old, now] = [before ?? {}, after].map(fieldsOf) as [Fields, Fields] // two manifests
  const names = [...new Set([...Object.keys(old), ...Object.keys(now)])].sort()
  return names.flatMap(field => fieldChanges(field, old[field], now[field]))
}

/** Each field as its parts by name: a list has its values, an object its keys, anything else itself. */
type Parts = Readonly<Record<string, string>>
type Fields = Readonly<Record<string, Parts>>

const fieldsOf = (manifest: object): Fields =>
  Object.fromEntries(
    Object.entries(manifest)
      .filter(([field]) => !UNSHOWN.has(field))
      .map(([field, value]) => [field, partsOf(value)]),
  )

function partsOf(value: unknown): Parts {
  if (Array.isArray(value)) return Object.fromEntries(value.map(each => [textOf(each), '']))
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [printable(name), textOf(each)]))
  return { '': textOf(value) }
}

const textOf = (value: unknown): string => printable(typeof value === 'string' ? value : canonicalJson(value))

/** No escape of a terminal's, no line of its own making. */
const printable = (text: string): string => {
  const plain = text.replaceAll(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]/gu, ' ')
  return plain.length > LONGEST ? `${plain.slice(0, LONGEST)}… (${plain.length - LONGEST} characters more)` : plain
}

function fieldChanges(field: string, before: Parts = {}, after: Parts = {}): readonly ManifestChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
  return names.flatMap((name): readonly ManifestChange[] => {
    const [old, now] = [before[name], after[name]]
    if (old === now) return []
    if (old !== undefined && now !== undefined) return [{ field, sign: '~', what: [name, `${old} → ${now}`].filter(Boolean).join(' ') }]
    const value = [name, now ?? old].filter(Boolean).join(' ')
    const risk = field === 'grants' && now !== undefined && Object.hasOwn(GRANTS, name) ? `: ${GRANTS[name as Grant]}` : '' // it is one of them
    return [{ field, sign: now === undefined ? '-' : '+', what: value + risk }]
  })
}
