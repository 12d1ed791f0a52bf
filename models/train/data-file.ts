// Reads DATA.jsonl, one labelled sentence a line: {"text", "label", "lang"?, "weight"?}; further fields are let be. Whatever is wrong is told with its
// line, all of it at once, so that a file is mended in one go; the rows are those of the lines with which nothing is wrong.
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { Fault, isFault } from '@parley/core/faults.ts'
import { detectLanguage, normaliseText } from '@parley/core/pipeline/normalise.ts'
import { messageText } from '@parley/core/protocol/message-text.ts'
import type { Language } from '@parley/plugin-sdk/vocabulary.ts'
import { MOODS } from '../mood-answer.ts'
import type { Example } from './examples.ts'

export const KINDS = ['intent', 'sentiment'] as const
/** What a model tells of a text: what the customer wants, or how the customer feels. */
export type Kind = (typeof KINDS)[number]

export interface DataRow extends Example {
  /** How much it counts beside a usual row, which has 1. */
  readonly weight: number
}

export interface DataProblem {
  /** From 1. */
  readonly line: number
  /** The line of an error gives no row; that of a warning does. */
  readonly severity: 'error' | 'warning'
  readonly reason: string
}

export interface DataFile {
  /** In the order of their lines; a sentence that stands twice under one label is taken once. */
  readonly rows: readonly DataRow[]
  /** By line. */
  readonly problems: readonly DataProblem[]
}

export interface DataRules {
  readonly kind: Kind
  /** Language of a text that says nothing of it, such as an order number. */
  readonly hint: Language
  /** What the shop's catalogue has, where that is to be looked at. */
  readonly actions?: ReadonlySet<string>
}

/** Faults: TRAINING_DATA_INVALID where the file cannot be read. */
export function readDataFile(file: string, rules: DataRules): DataFile {
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch (cause) {
    throw new Fault('TRAINING_DATA_INVALID', { file, line: 0, reason: 'the file cannot be read', problems: 1 }, { cause })
  }
  return parseData(bytes, basename(file), rules)
}

/** `name` is what rows say of where they stand. */
export function parseData(bytes: Uint8Array, name: string, rules: DataRules): DataFile {
  const problems: DataProblem[] = []
  const rows = new Map<string, DataRow & { readonly line: number }>()
  const contested = new Set<string>()
  const strange = new Set<string>()
  const say = (line: number, severity: DataProblem['severity'], reason: string): void => void problems.push({ line, severity, reason })
  for (const [i, text] of linesOf(bytes).entries()) {
    const line = i + 1
    if (text?.trim() === '') continue
    const row = text === undefined ? 'it is not UTF-8' : rowIn(text, `${name}:${line}`, rules)
    if (typeof row === 'string') {
      say(line, 'error', row)
      continue
    }
    const key = `${row.language} ${row.text}`
    const twin = rows.get(key)
    if (twin && twin.label !== row.label) {
      contested.add(key)
      say(line, 'error', `the same text stands in line ${twin.line} as ${twin.label}, and here as ${row.label}`)
      continue
    }
    if (twin) {
      say(line, 'warning', `the same text stands in line ${twin.line} already: it is taken once`)
      continue
    }
    if (rules.actions && !rules.actions.has(row.label) && !strange.has(row.label)) {
      strange.add(row.label)
      say(line, 'warning', `the shop's catalogue has no action ${row.label}: the model learns it, and the shop masks it`)
    }
    rows.set(key, { ...row, line })
  }
  // Nobody knows which of the two labels is right, so neither line is taken.
  for (const key of contested) {
    const { line, label } = rows.get(key)! // it was contested by a later one
    say(line, 'error', `the same text stands further down with another label than ${label}`)
    rows.delete(key)
  }
  return { rows: [...rows.values()].map(({ line: _, ...row }) => row), problems: problems.sort((a, b) => a.line - b.line) }
}

/** Undefined for a line that is not UTF-8. */
function linesOf(bytes: Uint8Array): readonly (string | undefined)[] {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const lines: (string | undefined)[] = []
  for (let start = 0; start <= bytes.length; ) {
    const found = bytes.indexOf(0x0a, start)
    const end = found < 0 ? bytes.length : found
    try {
      lines.push(decoder.decode(bytes.subarray(start, end)))
    } catch {
      lines.push(undefined)
    }
    start = end + 1
  }
  return lines
}

/** What is wrong where it is no row. */
function rowIn(line: string, at: string, { kind, hint }: DataRules): DataRow | string {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return 'it is not JSON'
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'it is no object: {"text": …, "label": …}'
  const { text, label, lang, weight = 1 } = value as Readonly<Record<string, unknown>> // an object that is no array
  for (const [field, given] of Object.entries({ text, label })) {
    if (given === undefined) return `"${field}" is missing`
    if (typeof given !== 'string') return `"${field}" must be text, not ${JSON.stringify(given).slice(0, 40)}`
  }
  const original = String(text)
  const name = String(label)
  const wrong = labelProblem(name, kind)
  if (wrong !== undefined) return wrong
  if (lang !== undefined && lang !== 'zh' && lang !== 'en') return `"lang" is zh or en, not ${JSON.stringify(lang).slice(0, 40)}`
  if (typeof weight !== 'number' || !(weight > 0) || !Number.isFinite(weight))
    return `"weight" must be a number above 0, not ${JSON.stringify(weight).slice(0, 40)}`
  const normal = normaliseText(original)
  if (normal === '') return '"text" is empty'
  try {
    messageText(original)
  } catch (fault) {
    if (isFault(fault)) return `"text" is none that a customer can send: ${fault.message}`
    throw fault
  }
  return { text: normal, original, label: name, language: lang ?? detectLanguage(normal, hint), weight, at }
}

function labelProblem(label: string, kind: Kind): string | undefined {
  if (kind === 'intent')
    return /^[A-Z][A-Z0-9_]{1,40}$/.test(label)
      ? undefined
      : `"label" must be an action's name, such as TRACK_ORDER, not ${JSON.stringify(label).slice(0, 60)}`
  return MOODS.some(mood => mood === label)
    ? undefined
    : `"label" must be one of ${MOODS.join(', ')}, not ${JSON.stringify(label).slice(0, 60)}`
}
