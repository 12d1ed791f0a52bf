// `parley migrate --to nats`: the log of a data folder into the streams of a replicated one. The life of the log goes on: seq by seq it is the same, so that
// what clients have stays good, and the folder's own log is put aside in the step in which the streams' is put in its place, so that nothing is appended to
// both. Every step may be cut short by a kill and is done again by the next run.
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import type { Epoch } from '@parley/core/ids.ts'
import { openJetStreamLog } from '../../drivers/conversation-log.jetstream.ts'
import { openLmdbLog } from '../../drivers/conversation-log.lmdb.ts'
import { flushFolder } from '../../drivers/flush-folder.ts'
import { lockFolder } from '../../drivers/folder-lock.ts'
import { isCopy, openLogReader } from '../../drivers/log-reader.lmdb.ts'
import { areThere, endFilling, type StreamSettings } from '../../drivers/log-streams.ts'
import type { Nats } from '../../drivers/nats.ts'
import { lookOver } from '../doctor.ts'
import type { Findings } from '../examine.ts'
import { compareLogs } from './compare-logs.ts'
import { copyStreams } from './copy-streams.ts'
import { damageInStreams, fillStreams } from './fill-streams.ts'
import { asideOf, type Moved, type MoveParts, othersOf, SHARED } from './move.ts'
import { accountsIntoCluster } from './move-accounts.ts'
import { keysIntoCluster } from './move-keys.ts'
import { webhooksIntoCluster } from './move-webhooks.ts'
import { beginMove, ERASED, MOVED, MOVING, type Move, moveIn, noteMove } from './moving.ts'
import { createStages } from './stages.ts'

/** How the time of a move goes, measured: docs/cluster.md. */
const SHARES = { look: 1, fill: 6, hear: 2, compare: 1, keys: 1 }

/**
 * Faults: MOVE_REFUSED, MOVE_UNFINISHED where another move is under way, DATA_IN_USE, CONFIG_INVALID where there is no log, LOG_REFUSED, LOG_UNAVAILABLE,
 * STORAGE_FULL, STORE_DAMAGED.
 */
export async function moveIntoCluster(parts: MoveParts): Promise<Moved> {
  const { data, nats, streams, progress } = parts
  const stages = createStages(SHARES, progress)
  let move = moveIn(data)
  if (move && (move.to !== 'nats' || move.streams !== streams.name)) throw new Fault('MOVE_UNFINISHED', { folder: data, to: move.to })
  let findings: Findings | undefined
  if (!move) await refuseStreams(data, nats, streams)
  if (move?.state !== 'switching') {
    const unlock = await holdOwnLog(data)
    try {
      findings = await lookOver(data, { progress: stages.in('look') })
      refuseHole(findings)
      move ??= await begin(data, streams)
      await fillLog(parts, move, findings.events, stages)
      await keysIntoCluster(parts, move, findings.conversations, stages.in('keys'))
      await accountsIntoCluster(parts)
      await webhooksIntoCluster(parts, move)
      move = await noteMove(data, { ...move, state: 'switching' })
    } finally {
      unlock()
    }
  }
  putInPlace(data, move)
  await endFilling(nats.manager, streams)
  rmSync(join(data, MOVING), { recursive: true })
  flushFolder(data)
  return { move, findings: findings ?? (await lookOver(asideOf(data, move))), aside: asideOf(data, move) }
}

export function refuseHole({ lost }: Findings): void {
  if (lost !== null) throw new Fault('MOVE_REFUSED', { reason: `the log has a hole (${lost}): restore a backup first` })
}

/** Keeps servers from the log, of which LMDB then has everything. */
async function holdOwnLog(data: string): Promise<() => void> {
  const folder = join(data, 'log')
  await openLogReader(folder).close() // says that there is none before one is made
  await (await openLmdbLog(folder)).close()
  return lockFolder(folder)
}

/** Faults: MOVE_REFUSED, where there is something already. */
export async function refuseStreams(data: string, nats: Nats, streams: StreamSettings): Promise<void> {
  if (existsSync(join(data, 'log', 'data.mdb')) && (await isCopy(join(data, 'log'))))
    throw new Fault('MOVE_REFUSED', { reason: `${join(data, 'log')} is a node's copy: its log is in a cluster already` })
  if (!(await areThere(nats.manager, streams, othersOf(streams)))) return
  const reason = `there are streams ${streams.name}-… already: set another log.name, or remove them (docs/cluster.md#moving)`
  throw new Fault('MOVE_REFUSED', { reason })
}

async function begin(data: string, streams: StreamSettings): Promise<Move> {
  const reader = openLogReader(join(data, 'log'))
  await reader.close()
  return beginMove(data, { to: 'nats', streams: streams.name, epoch: reader.epoch ?? '' })
}

async function fillLog(
  { data, nats, streams }: MoveParts,
  { id, epoch }: Move,
  events: number,
  stages: ReturnType<typeof createStages<keyof typeof SHARES>>,
): Promise<void> {
  const purpose = { is: 'fill', epoch: epoch as Epoch, move: id } as const // as it stands on the log
  const copy = join(data, MOVING, 'log')
  const from = openLogReader(join(data, 'log'))
  try {
    rmSync(copy, { recursive: true, force: true })
    const broken: unknown[] = []
    const into = await openJetStreamLog(copy, nats, streams, error => broken.push(error), { purpose })
    try {
      const filled = stages.in('fill')
      await fillStreams({ from, into, damage: damageInStreams(nats, streams), progress: done => filled(done, events) })
    } finally {
      await into.close()
    }
    // What was written is read back from the servers: a copy of its own, which is the node's from then on.
    rmSync(copy, { recursive: true, force: true })
    await copyStreams(copy, nats, streams, purpose, stages.in('hear'))
    const there = openLogReader(copy)
    try {
      const compared = stages.in('compare')
      compareLogs(from, there, copy, done => compared(done, events))
    } finally {
      await there.close()
    }
  } finally {
    await from.close()
  }
}

/** What was moved is put aside, and what the cluster has of it here into its place. */
function putInPlace(data: string, move: Move): void {
  const aside = asideOf(data, move)
  mkdirSync(aside, { recursive: true, mode: 0o700 })
  writeFileSync(join(aside, MOVED), `${JSON.stringify(move, null, 1)}\n`, { mode: 0o600, flush: true })
  copyFileSync(join(data, 'secret'), join(aside, 'secret')) // so that it can be backed up and restored
  for (const name of SHARED)
    if (!existsSync(join(aside, name)) && existsSync(join(data, name))) renameSync(join(data, name), join(aside, name))
  flushFolder(aside)
  const copy = join(data, MOVING, 'log')
  if (existsSync(copy)) renameSync(copy, join(data, 'log'))
  rmSync(join(data, ERASED), { recursive: true, force: true }) // of another life in a cluster
  flushFolder(data)
}
