// `parley migrate --to embedded`: the log of a cluster into a data folder. The streams are sealed when all is copied, so that no node, not even one that was
// halted and wakes up, appends to them any more; what came until then is copied too. The life of the log goes on, as with a move into a cluster.
import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import { flushFolder } from '../../drivers/flush-folder.ts'
import { lockFolder } from '../../drivers/folder-lock.ts'
import { keysStreamOf } from '../../drivers/keys-stream.ts'
import { isCopy } from '../../drivers/log-reader.lmdb.ts'
import { openStreams, seal } from '../../drivers/log-streams.ts'
import type { Nats } from '../../drivers/nats.ts'
import { watchNodes } from '../../drivers/node-rows.ts'
import { lookOver } from '../doctor.ts'
import type { Findings } from '../examine.ts'
import { compareWithStreams, copyStreams, makeOwnLog } from './copy-streams.ts'
import { type Moved, type MoveParts, SHARED } from './move.ts'
import { accountsOutOfCluster } from './move-accounts.ts'
import { compareKeys, keysOutOfCluster } from './move-keys.ts'
import { webhooksOutOfCluster } from './move-webhooks.ts'
import { beginMove, ERASED, MOVING, moveIn, noteMove } from './moving.ts'
import { createStages } from './stages.ts'

const SHARES = { hear: 4, compare: 3, keys: 1, look: 2 }

/** Faults: as `moveIntoCluster`. */
export async function moveOutOfCluster(parts: MoveParts): Promise<Moved> {
  const { data, nats, streams, progress } = parts
  const stages = createStages(SHARES, progress)
  let move = moveIn(data)
  if (move && (move.to !== 'embedded' || move.streams !== streams.name)) throw new Fault('MOVE_UNFINISHED', { folder: data, to: move.to })
  const moving = join(data, MOVING)
  let findings: Findings | undefined
  if (move?.state !== 'switching') {
    const unlock = await holdCopy(data)
    try {
      const { epoch } = await openStreams(nats.manager, streams, undefined, { is: 'read', ...(move && { move: move.id }) })
      await refuseNodes(nats, streams)
      move ??= await beginMove(data, { to: 'embedded', streams: streams.name, epoch })
      const purpose = { is: 'read', move: move.id } as const
      const copy = join(moving, 'log')
      await copyStreams(copy, nats, streams, purpose, stages.in('hear'))
      await keysOutOfCluster(parts, join(moving, 'keys'), stages.in('keys'))
      await seal(nats.manager, streams, move, [keysStreamOf(streams.name)])
      // What came until then.
      await copyStreams(copy, nats, streams, purpose, () => {})
      await keysOutOfCluster(parts, join(moving, 'keys'), () => {})
      await compareWithStreams(copy, nats, streams, stages.in('compare'))
      await accountsOutOfCluster(parts, join(moving, 'accounts'))
      await webhooksOutOfCluster(parts, move, join(moving, 'webhooks'))
      await compareKeys(parts, join(moving, 'keys'))
      findings = await lookOver(moving, { progress: stages.in('look') })
      move = await noteMove(data, { ...move, state: 'switching' })
    } finally {
      unlock()
    }
  }
  await putInPlace(data)
  findings ??= await lookOver(data)
  rmSync(moving, { recursive: true })
  flushFolder(data)
  return { move, findings }
}

async function putInPlace(data: string): Promise<void> {
  const moving = join(data, MOVING)
  if (existsSync(join(moving, 'log'))) await makeOwnLog(join(moving, 'log'))
  // What a node has there is a copy, which the cluster has too.
  for (const name of SHARED) {
    if (!existsSync(join(moving, name))) continue
    rmSync(join(data, name), { recursive: true, force: true })
    renameSync(join(moving, name), join(data, name))
  }
  rmSync(join(data, ERASED), { recursive: true, force: true })
  flushFolder(data)
}

/** Faults: MOVE_REFUSED, naming a node that lives. */
async function refuseNodes(nats: Nats, streams: MoveParts['streams']): Promise<void> {
  const [alive] = (await watchNodes(nats, streams)).filter(({ isAlive }) => isAlive)
  if (alive)
    throw new Fault('MOVE_REFUSED', { reason: `node ${alive.node} is at work${alive.url ? ` at ${alive.url}` : ''}: stop all nodes first` })
}

/** Keeps a node from its copy. Faults: DATA_IN_USE; MOVE_REFUSED where it is no copy. */
async function holdCopy(data: string): Promise<() => void> {
  const folder = join(data, 'log')
  const unlock = await lockFolder(folder)
  if (!existsSync(join(folder, 'data.mdb')) || (await isCopy(folder))) return unlock
  unlock()
  throw new Fault('MOVE_REFUSED', { reason: `${folder} holds a log of its own already: name another data folder, with the same secret` })
}
