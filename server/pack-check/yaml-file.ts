// A YAML file of a pack that knows its lines, and that still gives what is sound in it when some of it is not.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isNode, LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'
import type { Report } from './problem.ts'

type Path = readonly (string | number)[]

export interface YamlFile<T> {
  readonly file: string
  /** The parts that keep to the schema; undefined where the file is missing or no part can be kept. */
  readonly value: T | undefined
  /** The keys under a path as they are written, sound or not. */
  keys(path: Path): readonly string[]
  /** The line of the deepest part of the path that is there. */
  lineOf(path: Path): number
}

/** What breaks the schema is reported and left out, as a whole down to `depth` keys: one bad action hides no other. */
export function readYamlFile<S extends z.ZodType>(
  folder: string,
  file: string,
  schema: S,
  depth: number,
  report: Report,
  isNeeded = true,
): YamlFile<z.infer<S>> {
  const at = join(folder, file)
  if (!existsSync(at)) {
    if (isNeeded) report({ severity: 'error', file, line: 1, reason: 'the file is not there' })
    return { file, value: undefined, keys: () => [], lineOf: () => 1 }
  }
  const lines = new LineCounter()
  const document = parseDocument(readFileSync(at, 'utf8'), { lineCounter: lines })
  const lineAt = (offset: number): number => Math.max(1, lines.linePos(offset).line)
  const lineOf = (path: Path): number => {
    for (let length = path.length; length > 0; length--) {
      const node = document.getIn(path.slice(0, length), true)
      if (isNode(node) && node.range) return lineAt(node.range[0])
    }
    return 1
  }
  for (const { message, pos } of document.errors)
    report({ severity: 'error', file, line: lineAt(pos[0]), reason: message.split('\n')[0] ?? 'not YAML' })
  const raw: unknown = document.errors.length > 0 ? undefined : document.toJS()
  const keys = (path: Path): readonly string[] => {
    let part = raw
    for (const key of path) part = isRecord(part) ? part[key] : undefined
    return isRecord(part) ? Object.keys(part) : []
  }
  return { file, value: raw === undefined ? undefined : soundPart(raw, schema, depth, file, lineOf, report), keys, lineOf }
}

function soundPart<S extends z.ZodType>(
  raw: unknown,
  schema: S,
  depth: number,
  file: string,
  lineOf: (path: Path) => number,
  report: Report,
): z.infer<S> | undefined {
  const parsed = schema.safeParse(raw)
  if (parsed.success) return parsed.data
  const rest = structuredClone(raw)
  for (const { path, message } of parsed.error.issues) {
    const place = path.map(part => (typeof part === 'number' ? part : String(part)))
    report({ severity: 'error', file, line: lineOf(place), reason: `${place.join('.') || '(the whole)'}: ${message}` })
    remove(rest, place.slice(0, depth))
  }
  const again = schema.safeParse(rest)
  return again.success ? again.data : undefined
}

function remove(from: unknown, path: Path): void {
  let part = from
  for (const key of path.slice(0, -1)) part = isRecord(part) ? part[key] : undefined
  const last = path.at(-1)
  if (isRecord(part) && last !== undefined) delete part[last]
}

const isRecord = (value: unknown): value is Record<string | number, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
