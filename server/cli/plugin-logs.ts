// `parley plugin logs`: what has become of plugins' calls, and what was done to them, in the order of time. Read from the data folder, whether or not
// the engine runs; the engine writes every two seconds.
import { readConfig } from '../config.ts'
import { findPluginStore } from '../plugin-store/open-plugin-store.ts'
import type { LogEntry } from '../plugin-store/plugin-log.ts'
import type { PluginStore } from '../plugin-store/plugin-store.ts'

export interface LogLine {
  /** Milliseconds since 1970; of counts the beginning of their hour. */
  readonly at: number
  readonly plugin: string
  readonly what: string
}

interface LogsOptions {
  readonly shop?: string
  readonly limit: number
  readonly json?: true
}

export async function printLogs(plugin: string | undefined, { shop, limit, json }: LogsOptions): Promise<void> {
  const store = findPluginStore(readConfig(process.env).data)
  try {
    const lines = store ? linesOf(store, plugin, shop).slice(-limit) : []
    if (json) return say(JSON.stringify(lines))
    if (lines.length === 0) return say('Nothing is known of it so far.')
    const width = Math.max(...lines.map(line => line.plugin.length))
    for (const { at, plugin: id, what } of lines) say(`${timeOf(at)}  ${id.padEnd(width)}  ${what}`)
  } finally {
    await store?.close()
  }
}

function linesOf(store: PluginStore, plugin: string | undefined, shop: string | undefined): readonly LogLine[] {
  const done = store
    .list()
    .filter(each => (plugin === undefined || each.id === plugin) && (shop === undefined || each.shop === shop))
    .flatMap(({ shop: where, id, changes }) =>
      changes.map(({ at, what, version }) => ({ at, plugin: id, what: `${what} in shop ${where}: ${version} is in force` })),
    )
  return [...done, ...store.log(plugin).flatMap(linesOfHour)].sort((a, b) => a.at - b.at)
}

function linesOfHour({ plugin, hour, turns, votes, faults, places, dropped, moments }: LogEntry): readonly LogLine[] {
  const asked = Object.entries(turns).map(([version, count]) => `${count} turns with ${version}`)
  const failed = [...Object.entries(faults), ...Object.entries(places)].map(([name, count]) => `${count} ${name}`)
  const what = [...asked, `${votes} with a vote`, ...failed, ...(dropped > 0 ? [`${dropped} votes dropped`] : [])].join(', ')
  return [...(asked.length > 0 ? [{ at: hour, plugin, what }] : []), ...moments.map(moment => ({ ...moment, plugin }))]
}

const timeOf = (at: number): string => new Date(at).toISOString().replace('T', ' ').slice(0, 19)

const say = (line: string): void => void process.stdout.write(`${line}\n`)
