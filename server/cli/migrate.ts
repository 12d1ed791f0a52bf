// `parley migrate`: moves what a data folder keeps into a cluster, and back. Exit status 1 for a fault, and where damaged conversations were moved as they are.
import { existsSync, readdirSync } from 'node:fs'
import { type Config, readConfig } from '../config.ts'
import { openStreams } from '../drivers/log-streams.ts'
import type { Nats } from '../drivers/nats.ts'
import { lookOver } from '../upkeep/doctor.ts'
import { moveIntoCluster, refuseHole, refuseStreams } from '../upkeep/move/into-cluster.ts'
import { discardMoved, giveUpMove, type MoveParts } from '../upkeep/move/move.ts'
import { moveOutOfCluster } from '../upkeep/move/out-of-cluster.ts'
import { withCluster } from './cluster-parts.ts'
import { isSound, reportOf } from './doctor.ts'
import { progressBar } from './progress-bar.ts'

export interface MigrateOptions {
  readonly to: 'nats' | 'embedded'
  readonly dryRun?: true
  readonly giveUp?: true
}

/** Measured on two cores, with three servers on the same machine (docs/cluster.md). */
const EVENTS_A_SECOND = { nats: 5_000, embedded: 20_000 }

/** Faults: those of `moveIntoCluster` and `moveOutOfCluster`; CONFIG_INVALID. */
export async function migrate({ to, dryRun, giveUp }: MigrateOptions): Promise<void> {
  const config = readConfig(process.env)
  const bar = progressBar(to === 'nats' ? 'Moving in' : 'Moving out')
  await withCluster(config, async given => {
    const parts = { ...given, progress: bar.show }
    if (giveUp) {
      const { at } = await giveUpMove(parts)
      process.stdout.write(`The move that was begun at ${at} is given up: everything is as it was before.\n`)
    } else if (dryRun) {
      const plan = await planOf(parts, to).finally(bar.end)
      process.stdout.write(plan)
    } else {
      const { findings, aside } = await (to === 'nats' ? moveIntoCluster : moveOutOfCluster)(parts).finally(bar.end)
      process.stdout.write(`${reportOf(findings)}\n${endOf(config, to, aside)}`)
      if (!isSound(findings)) process.exitCode = 1
    }
  })
}

export async function discard(): Promise<void> {
  const removed = await withCluster(readConfig(process.env), discardMoved)
  process.stdout.write(removed.length === 0 ? 'Ended moves have left nothing here.\n' : `Removed for good: ${removed.join(', ')}.\n`)
}

/** What a dry run says. Faults: those that the move itself would begin with. */
async function planOf({ data, nats, streams, progress }: MoveParts, to: MigrateOptions['to']): Promise<string> {
  const { events, text } = to === 'nats' ? await planIn(data, nats, streams, progress) : await planOut(nats, streams)
  const seconds = Math.max(1, Math.ceil(events / EVENTS_A_SECOND[to]))
  return `${text}\nIt may take some ${seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`}, while Parley is stopped.\n${staying(data)}Nothing was moved.\n`
}

async function planIn(data: string, nats: Nats, streams: MoveParts['streams'], progress: MoveParts['progress']) {
  await refuseStreams(data, nats, streams)
  const findings = await lookOver(data, { ...(progress && { progress }) })
  refuseHole(findings)
  const where = `streams ${streams.name}-log-0 to -${streams.shards - 1} at ${nats.connection.getServer()}`
  return { events: findings.events, text: `${reportOf(findings)}\nIt would be moved from ${data} into the ${where}.` }
}

async function planOut(nats: Nats, settings: MoveParts['streams']) {
  const { streams } = await openStreams(nats.manager, settings, undefined, { is: 'read' })
  const [messages, bytes] = [
    streams.reduce((sum, { state }) => sum + state.messages, 0),
    streams.reduce((sum, { state }) => sum + state.bytes, 0),
  ]
  const text = `${messages} appends, ${Math.ceil(bytes / 1e6)} MB, would be moved out of the streams ${settings.name}-log-0 to -${settings.shards - 1}.`
  return { events: messages, text }
}

/** What lies in the data folder and is no part of what nodes share. */
function staying(data: string): string {
  const there = existsSync(data) ? readdirSync(data, { withFileTypes: true }).filter(entry => entry.isDirectory()) : []
  const names = there.map(({ name }) => name).filter(name => STAYS.has(name))
  return names.length === 0 ? '' : `Not moved, and left in the data folder as it is: ${names.join(', ')}.\n`
}
const STAYS = new Set([
  'plugins',
  'ensembles',
  'models',
  'knowledge',
  'labels',
  'studio',
  'jobs',
  'training',
  'encodings',
  'hub',
  'votes',
  'demo-shop',
])

function endOf({ data, log: { driver } }: Config, to: MigrateOptions['to'], aside: string | undefined): string {
  const lines = [
    to === 'nats'
      ? `Moved into the cluster: every conversation ends there as it did here.`
      : `Moved to ${data}: every conversation ends there as it did in the cluster.`,
    ...(driver === to ? [] : [`Now set log.driver to ${to} in parley.yaml; until then no server starts here.`]),
    ...(aside
      ? [
          `What was here before is kept in ${aside}. It holds what is erased later, too: bin/parley migrate --discard removes it, once you trust the cluster.`,
        ]
      : []),
    ...(to === 'embedded'
      ? [
          'The streams are sealed and no node serves them any more. They are still there, keys too: bin/parley migrate --discard removes them, once you need them no longer.',
        ]
      : []),
    staying(data).trim(),
  ]
  return `${lines.filter(Boolean).join('\n')}\n`
}
