// What moves into a cluster and out of it have in common.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import type { Config } from '../../config.ts'
import type { LogSettings } from '../../drivers/conversation-log.jetstream.ts'
import { flushFolder } from '../../drivers/flush-folder.ts'
import { type KeysSettings, keysStreamOf } from '../../drivers/keys-stream.ts'
import { isSealed, removeFilled } from '../../drivers/log-streams.ts'
import type { Nats } from '../../drivers/nats.ts'
import { rowsStreamOf } from '../../drivers/rows-stream.ts'
import type { Secret } from '../../secret.ts'
import type { Progress } from '../doctor.ts'
import type { Findings } from '../examine.ts'
import { MOVING, type Move, moveIn } from './moving.ts'

/** What of a data folder nodes share: put aside when it is in the cluster, and in its place again when it is not any more. */
export const SHARED = ['log', 'keys', 'accounts']

export interface MoveParts {
  /** The data folder. */
  readonly data: string
  readonly nats: Nats
  /** The cluster's, with the mark of the secret that lies in the folder. */
  readonly streams: LogSettings & Pick<KeysSettings, 'owner'> & Pick<Config['log'], 'replicas'>
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
]
const TABLES = ['accounts']

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
