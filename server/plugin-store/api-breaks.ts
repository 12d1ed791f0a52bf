// What a later version takes from the shops that have the earlier one, so that they must know of it: its version says so by a higher major number (of
// 0.x, by a higher minor one).
import type { Manifest } from '@parley/plugin-sdk/manifest.ts'
import { checkSettings } from '@parley/plugin-sdk/setting-values.ts'
import { canonicalJson } from './canonical-json.ts'

/** In words, each a line; empty where the later one does for all that the earlier one did. */
export function breaksOf(before: Manifest, after: Manifest): readonly string[] {
  return [
    ...missing(listOf(before.actions), after.actions === '*' ? listOf(before.actions) : after.actions).map(
      action => `${action} is voted for no more`,
    ),
    ...missing<string>(before.languages, after.languages).map(language => `${language} is understood no more`),
    ...missing(after.grants, before.grants).map(grant => `it asks for the grant ${grant}`),
    ...missing(after.sources, before.sources).map(source => `it asks the source ${source}`),
    ...missing(Object.keys(before.effects), Object.keys(after.effects)).map(effect => `${effect} is done no more`),
    ...settingBreaks(before, after),
    ...(isNarrower(before.sdk, after.sdk) ? [`sdk ${after.sdk} takes fewer servers than ${before.sdk}`] : []),
    ...(before.runtime === after.runtime ? [] : [`it runs in ${after.runtime}, no more in ${before.runtime}`]),
  ]
}

/** Whether `after` is far enough from `before` to break something. */
export function isMajorStep(before: string, after: string): boolean {
  const [old, now] = [before, after].map(version => version.split(/[.-]/).map(Number)) as [number[], number[]] // two versions
  const at = old[0] === 0 && now[0] === 0 ? 1 : 0
  return now[at]! > old[at]! // a version has three numbers
}

const listOf = (actions: Manifest['actions']): readonly string[] => (actions === '*' ? ['*'] : actions)

const missing = <T>(wanted: readonly T[], given: readonly T[]): readonly T[] => wanted.filter(each => !given.includes(each))

function settingBreaks(before: Manifest, after: Manifest): readonly string[] {
  const removed = missing(Object.keys(before.settings), Object.keys(after.settings)).map(name => `the setting ${name} is gone`)
  const changed = Object.entries(after.settings).flatMap(([name, now]) => {
    const old = before.settings[name]
    if (old && old.type !== now.type) return [`the setting ${name} is a ${now.type}, no more a ${old.type}`]
    if (now.default === undefined && (!old || old.default !== undefined)) return [`the setting ${name} must be given`]
    if (!old || canonicalJson(old) === canonicalJson(now)) return []
    return takesFewer(old, now) ? [`the setting ${name} takes fewer values`] : []
  })
  return [...removed, ...changed]
}

type Setting = Manifest['settings'][string]

/** Its ends, and the values it names: what the earlier one takes of them, the later must take. */
function takesFewer(old: Setting, now: Setting): boolean {
  const takes = (schema: Setting, value: unknown): boolean => checkSettings({ it: schema }, { it: value }).isGood
  const tried = old.type === 'string' ? (old.options ?? ['any text at all']) : old.type === 'number' ? endsOf(old) : []
  return tried.some(value => takes(old, value) && !takes(now, value))
}

const endsOf = ({
  min = -Number.MAX_VALUE,
  max = Number.MAX_VALUE,
}: {
  readonly min?: number | undefined
  readonly max?: number | undefined
}) => [min, max]

/** The versions that a range takes are those from its own up to the next that differs in a number it keeps. */
function isNarrower(before: string, after: string): boolean {
  const [old, now] = [before, after].map(range => {
    const first = range
      .replace(/^[\^~]/, '')
      .split('.')
      .map(Number)
    const nonZero = first.findIndex(part => part > 0)
    const kept = range.startsWith('~') ? 2 : range.startsWith('^') && nonZero >= 0 ? nonZero + 1 : 3
    return { first: weightOf(first), end: weightOf(first.map((part, at) => (at < kept - 1 ? part : at === kept - 1 ? part + 1 : 0))) }
  }) as [Range, Range] // two ranges
  return now.first > old.first || now.end < old.end
}

interface Range {
  readonly first: number
  readonly end: number
}
const weightOf = (version: readonly number[]): number => version.reduce((sum, part) => sum * 10_000 + part, 0)
