// What has become of each plugin's calls, hour by hour, for `parley plugin logs`: counts by version, places in the plugin's own files that failed, when
// it was off. Kept among the records, so that it outlives the server, and bounded. Nothing in it was made of what a customer wrote: a plugin's own words
// (the text of an error, the name of an action that it invents) are not kept, since it may put into them what it has read.
import type { Fault } from '@parley/core/faults.ts'
import type { Clock } from '@parley/core/ports/clock.ts'
import { z } from 'zod'
import type { PluginObserver } from '../plugin-host/observer.ts'
import type { PluginRecords } from './plugin-records.ts'

const HOUR_MS = 3_600_000
/** Hours of which something is kept of a plugin: fourteen days without a pause. */
const HOURS_KEPT = 336
const MOMENTS_KEPT = 50
const NAMES_KEPT = 20
const FLUSH_MS = 2_000
const LONGEST = 120

const Counts = z.record(z.string(), z.int().min(0))

/** Of one plugin in one hour. */
export const LogHour = z.strictObject({
  /** Turns put to it, by version. */
  turns: Counts,
  votes: z.int().min(0),
  /** Abstentions that were no silence, by the code of their fault. */
  faults: Counts,
  /** Where it failed, in its own files: `plugin.ts:8, words.ts:3`. */
  places: Counts,
  /** Votes for actions that its manifest does not list. */
  dropped: z.int().min(0),
  moments: z.array(z.strictObject({ at: z.number(), what: z.string() })),
})
export type LogHour = z.infer<typeof LogHour>

export interface LogEntry extends LogHour {
  readonly plugin: string
  /** Milliseconds since 1970 at which the hour began. */
  readonly hour: number
}

export interface PluginLog {
  readonly observer: PluginObserver
  /** Writes what is not written yet. Never rejects. */
  flush(): Promise<void>
  close(): Promise<void>
}

/** What could not be written is tried again with what comes next; `broke` is told once, until something was written again. */
export function createPluginLog(records: PluginRecords, clock: Clock, broke: (error: unknown) => void): PluginLog {
  let noted = new Map<string, { readonly key: readonly [plugin: string, hour: string]; readonly hour: LogHour }>()
  let cancel: (() => void) | undefined
  let writing: Promise<void> = Promise.resolve()
  let isFailing = false

  const hourOf = (plugin: string): LogHour => {
    const hour = String(Math.floor(clock.now() / HOUR_MS) * HOUR_MS)
    const name = `${plugin} ${hour}`
    const found = noted.get(name)
    if (found) return found.hour
    cancel ??= clock.after(FLUSH_MS, () => void flush())
    const made = { key: [plugin, hour] as const, hour: emptyHour() }
    noted.set(name, made)
    return made.hour
  }
  const moment = (plugin: string, what: string): void => void hourOf(plugin).moments.push({ at: clock.now(), what: what.slice(0, LONGEST) })

  const flush = (): Promise<void> => {
    cancel?.()
    cancel = undefined
    writing = writing.then(writeNow)
    return writing
  }
  async function writeNow(): Promise<void> {
    if (noted.size === 0) return
    const taken = noted
    noted = new Map()
    try {
      await records.change(within => {
        for (const { key, hour } of taken.values()) {
          const before = within.get(['log', ...key])
          within.put(['log', ...key], before === undefined ? bounded(hour) : sumOf(LogHour.parse(before), hour))
        }
        for (const plugin of new Set([...taken.values()].map(({ key }) => key[0])))
          for (const [[hour]] of within.list(['log', plugin]).slice(0, -HOURS_KEPT)) within.remove(['log', plugin, hour!])
      })
      isFailing = false
    } catch (error) {
      for (const [name, { key, hour }] of taken) noted.set(name, { key, hour: noted.has(name) ? sumOf(hour, noted.get(name)!.hour) : hour })
      if (!isFailing) broke(error)
      isFailing = true
    }
  }

  return {
    observer: {
      onBallot({ voter, version, votes }, fault) {
        const hour = hourOf(voter.slice('plugin:'.length))
        add(hour.turns, version)
        if (votes.length > 0) hour.votes++
        if (!fault) return
        add(hour.faults, fault.code)
        const place = placeIn(fault)
        if (place !== undefined) add(hour.places, place)
      },
      onVoteDropped: ({ plugin }) => void hourOf(plugin).dropped++,
      onHostDeath({ plugin, reason, detail }) {
        if (plugin !== undefined) moment(plugin, `took its host down (${reason}: ${detail})`)
      },
      onPluginOff: ({ plugin, reason, forMs }) => moment(plugin, `off for ${forMs / 1_000} s: ${reason}`),
      onPluginBack: ({ plugin }) => moment(plugin, 'is asked again'),
      onInvalid: fault => moment(fault.details.plugin, `cannot be used: ${fault.details.path || 'the whole of it'}`),
    },
    flush,
    close: flush,
  }
}

/** Oldest first, those of one hour in the order of the plugins' names. */
export function readPluginLog(records: Pick<PluginRecords, 'list'>, plugin?: string): readonly LogEntry[] {
  return records
    .list(plugin === undefined ? ['log'] : ['log', plugin])
    .map(([names, value]) => {
      const [id, hour] = plugin === undefined ? names : [plugin, ...names]
      return { plugin: id!, hour: Number(hour), ...LogHour.parse(value) } // a key is of plugin and hour
    })
    .sort((a, b) => a.hour - b.hour || (a.plugin < b.plugin ? -1 : 1))
}

const emptyHour = (): LogHour => ({ turns: {}, votes: 0, faults: {}, places: {}, dropped: 0, moments: [] })

function add(counts: Record<string, number>, name: string): void {
  if (Object.hasOwn(counts, name) || Object.keys(counts).length < NAMES_KEPT) counts[name] = (counts[name] ?? 0) + 1
}

/** The files and lines at a failure's end are put there by the engine, of the files that the plugin is made of. */
function placeIn(fault: Fault): string | undefined {
  return /\(at ([\w@./-]+:\d{1,6}(?:, [\w@./-]+:\d{1,6})*)\)$/.exec(fault.message)?.[1]?.slice(0, LONGEST)
}

const sum = (a: Record<string, number>, b: Record<string, number>): Record<string, number> =>
  Object.fromEntries(
    [...new Set([...Object.keys(a), ...Object.keys(b)])].slice(0, NAMES_KEPT).map(name => [name, (a[name] ?? 0) + (b[name] ?? 0)]),
  )

const sumOf = (a: LogHour, b: LogHour): LogHour =>
  bounded({
    turns: sum(a.turns, b.turns),
    votes: a.votes + b.votes,
    faults: sum(a.faults, b.faults),
    places: sum(a.places, b.places),
    dropped: a.dropped + b.dropped,
    moments: [...a.moments, ...b.moments],
  })

const bounded = (hour: LogHour): LogHour => ({ ...hour, moments: hour.moments.slice(-MOMENTS_KEPT) })
