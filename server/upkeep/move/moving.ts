// What a data folder knows of a move that is under way: `moving/` in it holds move.json and all that is not in its place yet. While it is there no server
// starts on the folder.
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import { z } from 'zod'
import { flushFolder } from '../../drivers/flush-folder.ts'
import { replaceFile } from '../../drivers/replace-file.ts'

export const MOVING = 'moving'
/** In a folder of what was moved away: no server begins on it again. */
export const MOVED = 'moved.json'
/** Where a node keeps what it knows of erasures (drivers/keys-mirror.ts): made anew from the cluster where it is gone. */
export const ERASED = 'erased'

const Move = z.strictObject({
  format: z.literal(1),
  /** Stands on the streams too, so that no other move goes on with them. */
  id: z.string(),
  to: z.enum(['nats', 'embedded']),
  /** What the streams' names begin with. */
  streams: z.string(),
  /** When it was begun. */
  at: z.iso.datetime(),
  /** Of the log that is moved. */
  epoch: z.string(),
  /** `switching`: all is copied, looked at and the same; from here on it can only be brought to its end. */
  state: z.enum(['copying', 'switching']),
})
export type Move = z.infer<typeof Move>

const fileIn = (data: string): string => join(data, MOVING, 'move.json')

/** Undefined where none is under way. Faults: STORE_DAMAGED. */
export function moveIn(data: string): Move | undefined {
  const file = fileIn(data)
  if (!existsSync(file)) return undefined
  try {
    return Move.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (cause) {
    throw new Fault('STORE_DAMAGED', { file, reason: 'it is not one that this release has written' }, { cause })
  }
}

export function beginMove(data: string, move: Pick<Move, 'to' | 'streams' | 'epoch'>): Promise<Move> {
  rmSync(join(data, MOVING), { recursive: true, force: true }) // what is left of one that was given up
  return noteMove(data, { format: 1, id: randomBytes(8).toString('hex'), at: new Date().toISOString(), state: 'copying', ...move })
}

/** On the disk when it resolves. */
export async function noteMove(data: string, move: Move): Promise<Move> {
  mkdirSync(join(data, MOVING), { recursive: true, mode: 0o700 })
  await replaceFile(fileIn(data), `${JSON.stringify(move, null, 1)}\n`)
  flushFolder(data)
  return move
}

/** Faults: MOVE_UNFINISHED; MOVE_REFUSED, where what lies there was moved away. */
export function refuseUnfinishedMove(data: string): void {
  if (existsSync(join(data, MOVED)))
    throw new Fault('MOVE_REFUSED', { reason: `what is in ${data} was moved away; parley backup and restore begin a new life with it` })
  const move = moveIn(data)
  if (move) throw new Fault('MOVE_UNFINISHED', { folder: data, to: move.to })
}
