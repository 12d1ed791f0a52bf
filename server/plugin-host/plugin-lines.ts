// Says where in its author's own files something about a plugin is. What the sandbox knows is a place in the bundle, what a check of the
// manifest knows is a key: neither is what stands open in the author's editor.
import { SourceMap } from 'node:module'
import { isNode, type LineCounter, type parseDocument } from 'yaml'

const LONGEST = 500
const PLACES = / \(at ([^()]*)\)$/
const PLACE = /plugin\.js:(\d+):(\d+)/

/** Puts the lines of a plugin's own files into a failure that names places of its bundle: `(at words.ts:12, plugin.ts:8)`. */
export type Locate = (failure: string) => string

/** `map` is the bundle's source map. It is read at the first failure: few plugins have one. */
export function createLocator(map: string): Locate {
  let read: SourceMap | undefined
  const origin = (place: string): string | undefined => {
    const [, line, column] = PLACE.exec(place) ?? []
    if (line === undefined) return undefined
    read ??= new SourceMap(JSON.parse(map)) // esbuild's own
    const found = read.findOrigin(Number(line), Number(column))
    // The SDK's lines are none of the author's.
    return 'fileName' in found && !found.fileName.startsWith('..') ? `${found.fileName}:${found.lineNumber}` : undefined
  }
  return failure => {
    const text = failure.slice(0, LONGEST)
    const places = PLACES.exec(text)
    if (!places) return text
    const own = places[1]!.split(', ').flatMap(place => origin(place) ?? []) // the group is in the expression
    return text.slice(0, places.index) + (own.length > 0 ? ` (at ${[...new Set(own)].join(', ')})` : '')
  }
}

/** Of a Python plugin, which names its lines itself: places of other files than its own are none. */
export const pythonLocator = (module: string): Locate => {
  const own = new RegExp(`^${module}\\.py:\\d{1,6}$`)
  return failure => {
    const text = failure.slice(0, LONGEST)
    const places = PLACES.exec(text)
    return !places || places[1]!.split(', ').every(place => own.test(place)) ? text : text.slice(0, places.index) // the group is in the expression
  }
}

type Path = readonly PropertyKey[]

/** `plugin.ts:7`, the line on which a key of the manifest stands in the source; `plugin.ts` alone where it is not to be found. */
export function placeInSource(source: string, path: Path): string {
  const begin = /\bmanifest\b\s*[:=]/.exec(source)
  if (!begin) return 'plugin.ts'
  let at = begin.index
  for (const key of path) {
    if (typeof key !== 'string' || !/^\w+$/.test(key)) continue
    const found = new RegExp(`\\b${key}\\b['"]?\\s*:`).exec(source.slice(at))
    if (!found) break
    at += found.index
  }
  return `plugin.ts:${source.slice(0, at).split('\n').length}`
}

/** `plugin.yaml:3`, the line of the deepest part of the path that is there. */
export function placeInYaml(document: ReturnType<typeof parseDocument>, lines: LineCounter, path: Path): string {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true)
    if (isNode(node) && node.range) return `plugin.yaml:${Math.max(1, lines.linePos(node.range[0]).line)}`
  }
  return 'plugin.yaml:1'
}
