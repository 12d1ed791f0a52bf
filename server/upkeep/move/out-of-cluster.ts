// `parley migrate --to embedded`: the log of a cluster into a data folder. The streams are sealed when all is copied, so that no node, not even one that was
// halted and wakes up, appends to them any more; what came until then is copied too. The life of the log goes on, as with a move into a cluster.
import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import { flushFolder } from '../../drivers/flush-folder.ts'
import { lockFolder } from '../../drivers/folder-lock.ts'
import { isCopy } from '../../drivers/log-reader.lmdb.ts'
import { openStreams, seal } from '../../drivers/log-streams.ts'
import { lookOver } from '../doctor.ts'
import { compareWithStreams, copyStreams, makeOwnLog } from './copy-streams.ts'
import type { Moved, MoveParts } from './move.ts'
import { beginMove, MOVING, moveIn, noteMove } from './moving.ts'
import { createStages } from './stages.ts'

const SHARES = { hear: 4, compare: 3, look: 2 }

/** Faults: as `moveIntoCluster`. */
export async function moveOutOfCluster({ data, nats, streams, progress }: MoveParts): Promise<Moved> {
  const stages = createStages(SHARES, progress)
  let move = moveIn(data)
  if (move && (move.to !== 'embedded' || move.streams !== streams.name)) throw new Fault('MOVE_UNFINISHED', { folder: data, to: move.to })
  const copy = join(data, MOVING, 'log')
  if (move?.state !== 'switching') {
    const unlock = await holdCopy(data)
    try {
      const { epoch } = await openStreams(nats.manager, streams, undefined, { is: 'read', ...(move && { move: move.id }) })
      move ??= await beginMove(data, { to: 'embedded', streams: streams.name, epoch })
      const purpose = { is: 'read', move: move.id } as const
      await copyStreams(copy, nats, streams, purpose, stages.in('hear'))
      await seal(nats.manager, streams, move)
      await copyStreams(copy, nats, streams, purpose, () => {})
      await compareWithStreams(copy, nats, streams, stages.in('compare'))
      move = await noteMove(data, { ...move, state: 'switching' })
    } finally {
      unlock()
    }
  }
  if (existsSync(copy)) {
    await makeOwnLog(copy)
    if (existsSync(join(data, 'log'))) rmSync(join(data, 'log'), { recursive: true }) // a copy, which the streams have
    renameSync(copy, join(data, 'log'))
    flushFolder(data)
  }
  const findings = await lookOver(data, { progress: stages.in('look') })
  rmSync(join(data, MOVING), { recursive: true })
  flushFolder(data)
  return { move, findings }
}

/** Keeps a node from its copy. Faults: DATA_IN_USE; MOVE_REFUSED where it is no copy. */
async function holdCopy(data: string): Promise<() => void> {
  const folder = join(data, 'log')
  const unlock = await lockFolder(folder)
  if (!existsSync(join(folder, 'data.mdb')) || (await isCopy(folder))) return unlock
  unlock()
  throw new Fault('MOVE_REFUSED', { reason: `${folder} holds a log of its own already: name another data folder, with the same secret` })
}
