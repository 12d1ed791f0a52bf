// What moves into a cluster and out of it have in common.
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import type { Config } from '../../config.ts'
import type { LogSettings } from '../../drivers/conversation-log.jetstream.ts'
import { flushFolder } from '../../drivers/flush-folder.ts'
import { type KeysSettings, keysStreamOf } from '../../drivers/keys-stream.ts'
import { isSealed, removeFilled, removeMoved } from '../../drivers/log-streams.ts'
import type { Nats } from '../../drivers/nats.ts'
import { streamOfBucket } from '../../drivers/nats-buckets.ts'
import { nodesStreamOf } from '../../drivers/node-rows.ts'
import { rowsStreamOf } from '../../drivers/rows-stream.ts'
import { overwrite } from '../../drivers/vault.lmdb.ts'
import type { Secret } from '../../secret.ts'
import { cursorsBucketOf } from '../../shared-records.ts'
import type { Progress } from '../doctor.ts'
import type { Findings } from '../examine.ts'
import { MOVING, type Move, moveIn, refuseUnfinishedMove } from './moving.ts'

/** What of a data folder nodes share: put aside when it is in the cluster, and in its place again when it is not any more. */
export const SHARED = ['log', 'keys', 'accounts', 'webhooks']

export interface MoveParts {
  /** The data folder. */
  readonly data: string
  readonly nats: Nats
  /** The cluster's, with the mark of the secret that lies in the folder. */
  readonly streams: LogSettings & Pick<KeysSettings, 'owner'> & Pick<Config['log'], 'replicas'> & { readonly node: string }
  readonly secret: Secret
  readonly progress?: Progress
}

export interface Moved {
  readonly move: Move
  /** Of what was moved: what is damaged in it is so where it is now, too. */
  readonly findings: Findings
  /** Where what the folder had is kept. */
  readonly aside?: string
}

/** The streams that a cluster has beside those of its log. */
export const othersOf = ({ name }: Pick<LogSettings, 'name'>): readonly string[] => [
  keysStreamOf(name),
  ...TABLES.map(table => rowsStreamOf(name, table)),
  streamOfBucket(cursorsBucketOf(name)),
]
const TABLES = ['accounts', 'webhooks', 'labels', 'ensembles', 'knowledge']

/**
 * Leaves everything as it was before the move: what it has filled is taken away again. Faults: MOVE_REFUSED, where none is under way, or one that can only be
 * brought to its end.
 */
export async function giveUpMove({ data, nats, streams }: MoveParts): Promise<Move> {
  const move = moveIn(data)
  if (!move) throw new Fault('MOVE_REFUSED', { reason: 'no move is under way here that could be given up' })
  if (move.state === 'switching' || (await isSealed(nats.manager, streams, move.id)))
    throw new Fault('MOVE_REFUSED', { reason: `this one has come too far to be given up: bin/parley migrate --to ${move.to} ends it` })
  if (move.streams !== streams.name)
    throw new Fault('MOVE_REFUSED', { reason: `it was begun with log.name ${move.streams}, and ${streams.name} is set` })
  await removeFilled(nats.manager, streams, move.id, othersOf(streams))
  rmSync(join(data, MOVING), { recursive: true })
  flushFolder(data)
  return move
}

/**
 * Removes what ended moves have left: folders that were put aside, with their keys overwritten, and streams that were moved away. Gives what it was. Faults:
 * MOVE_UNFINISHED.
 */
export async function discardMoved({ data, nats, streams }: MoveParts): Promise<readonly string[]> {
  refuseUnfinishedMove(data)
  const aside = readdirSync(data).filter(name => ASIDE.test(name))
  for (const name of aside) {
    const keys = join(data, name, 'keys')
    for (const file of existsSync(keys) ? readdirSync(keys, { recursive: true, withFileTypes: true }) : [])
      if (file.isFile()) await overwrite(join(file.parentPath, file.name))
    rmSync(join(data, name), { recursive: true })
  }
  return [
    ...aside.map(name => join(data, name)),
    ...(await removeMoved(nats.manager, streams, [...othersOf(streams), nodesStreamOf(streams.name)])),
  ]
}

/** What was moved into a cluster is put aside under this name. */
export const asideOf = (data: string, { at, epoch }: Move): string => join(data, `moved-${at.slice(0, 10)}-${epoch}`)
const ASIDE = /^moved-\d{4}-\d\d-\d\d-[0-9a-f]+$/
