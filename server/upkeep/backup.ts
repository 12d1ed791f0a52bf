// An online backup: a copy of log, keys, accounts, plugins, articles, models, ensembles and secret that fit together, each of one moment, taken beside a server that goes on writing.
// The log first, the keys after it: a key is durable before anything is sealed with it (KEY1), so that no event of the copied log can be without
// its key. The other way round a customer who came in between would be copied unreadable. And a key that is destroyed in between is not in the
// copy: what was erased before the backup ended stays erased. The accounts come after the log too, since its events name agents.
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import { addTail } from '../drivers/conversation-log.lmdb.ts'
import { flushFolder } from '../drivers/flush-folder.ts'
import { openStoreToRead } from '../drivers/lmdb-store.ts'
import { type LogReader, openLogReader } from '../drivers/log-reader.lmdb.ts'
import { openStreams } from '../drivers/log-streams.ts'
import { nameIn, storeInForce } from '../drivers/vault.lmdb.ts'
import { ENSEMBLES_FOLDER, ensembleFiles } from '../ensemble-store/open-ensemble-store.ts'
import { KNOWLEDGE_FOLDER } from '../knowledge-store/open-knowledge-store.ts'
import { LABELS_FOLDER } from '../label-store/label-store.ts'
import { MODELS_FOLDER, versionFolders } from '../model-store/open-model-store.ts'
import { BUNDLE_ENDING } from '../plugin-store/bundle-file.ts'
import { BUNDLES_FOLDER, PLUGINS_FOLDER } from '../plugin-store/open-plugin-store.ts'
import { SETS, STUDIO_FOLDER } from '../studio/studio-folder.ts'
import { lookOver, type Progress } from './doctor.ts'
import type { Findings } from './examine.ts'
import { claimEmpty, flushTree, makeOwn } from './folders.ts'
import { hashOfFile, LIST, MANIFEST, type Manifest } from './manifest.ts'
import { copyStreams, makeOwnLog } from './move/copy-streams.ts'
import type { MoveParts } from './move/move.ts'
import { accountsOutOfCluster } from './move/move-accounts.ts'
import { keysOutOfCluster } from './move/move-keys.ts'
import { createStages } from './move/stages.ts'

/** Exchanges of the keys' store that a backup puts up with: each erasure is one. */
const TRIES = 100

/**
 * Copies, looks the copy over, and writes down what it holds. Damage is copied as it is, named, and no reason to stop: the rest is worth having.
 * Faults: FOLDER_NOT_EMPTY, CONFIG_INVALID when there is nothing to copy, STORE_DAMAGED.
 */
export async function backUp(data: string, folder: string, progress?: Progress): Promise<Findings> {
  const { epoch, at, tail } = await openingOf(join(data, 'log'))
  claimEmpty(folder)
  await copyStore(join(data, 'log'), join(folder, 'log'))
  await addTail(join(folder, 'log'), tail)
  await copyKeys(join(data, 'keys'), join(folder, 'keys'))
  if (existsSync(join(data, 'accounts', 'data.mdb'))) await copyStore(join(data, 'accounts'), join(folder, 'accounts'))
  return copyRest(data, folder, { epoch, at }, progress)
}

/**
 * The same of a cluster, beside its nodes: a folder as one machine would have it, so that it can be restored there too. What no node shares is copied from
 * `data`, whose secret is the cluster's. Faults: FOLDER_NOT_EMPTY, LOG_REFUSED, LOG_UNAVAILABLE, STORE_DAMAGED.
 */
export async function backUpCluster(parts: MoveParts, folder: string): Promise<Findings> {
  const { data, nats, streams, progress = () => {} } = parts
  const stages = createStages({ log: 5, keys: 1, look: 3 }, progress)
  const at = new Date().toISOString()
  await openStreams(nats.manager, streams, undefined, { is: 'read' })
  claimEmpty(folder)
  const epoch = await copyStreams(join(folder, 'log'), nats, streams, { is: 'read' }, stages.in('log'))
  await makeOwnLog(join(folder, 'log'))
  await keysOutOfCluster(parts, join(folder, 'keys'), stages.in('keys'))
  await accountsOutOfCluster(parts, join(folder, 'accounts'))
  return copyRest(data, folder, { epoch, at }, stages.in('look'))
}

async function copyRest(
  data: string,
  folder: string,
  { epoch, at }: Pick<Manifest, 'epoch' | 'at'>,
  progress?: Progress,
): Promise<Findings> {
  if (existsSync(join(data, LABELS_FOLDER, 'data.mdb'))) await copyStore(join(data, LABELS_FOLDER), join(folder, LABELS_FOLDER))
  await copyPlugins(join(data, PLUGINS_FOLDER), join(folder, PLUGINS_FOLDER))
  if (existsSync(join(data, KNOWLEDGE_FOLDER, 'data.mdb'))) await copyStore(join(data, KNOWLEDGE_FOLDER), join(folder, KNOWLEDGE_FOLDER))
  await copyModels(join(data, MODELS_FOLDER), join(folder, MODELS_FOLDER))
  await copyEnsembles(join(data, ENSEMBLES_FOLDER), join(folder, ENSEMBLES_FOLDER))
  copySets(join(data, STUDIO_FOLDER, SETS), join(folder, STUDIO_FOLDER, SETS))
  if (existsSync(join(data, 'secret'))) copyFileSync(join(data, 'secret'), join(folder, 'secret')) // keeps its mode
  flushTree(folder)
  const list = join(folder, LIST)
  const findings = await lookOver(folder, { list, ...(progress && { progress }) })
  const { conversations, events, damaged } = findings
  const manifest: Manifest = { format: 1, at, epoch, conversations, events, damaged: damaged.length, list: hashOfFile(list) }
  writeFileSync(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 1)}\n`, { flag: 'wx', mode: 0o600, flush: true })
  flushFolder(folder)
  return findings
}

/**
 * Before anything is made: a wrong data folder leaves no empty backup behind. And before LMDB is copied: what is not in the tail by then is in LMDB.
 */
async function openingOf(log: string): Promise<Pick<Manifest, 'epoch' | 'at'> & Pick<LogReader, 'tail'>> {
  const reader = openLogReader(log)
  await reader.close()
  return { epoch: reader.epoch ?? '', at: new Date().toISOString(), tail: reader.tail }
}

/** LMDB's own copy, page by page, of the state of one moment; whoever writes goes on. */
async function copyStore(from: string, to: string): Promise<void> {
  const root = openStoreToRead(from)
  try {
    makeOwn(to)
    await root.backup(to, false)
  } finally {
    await root.close()
  }
}

/**
 * The bundles before the records that name them, and after them once more those that have come meanwhile: a bundle is there before it is named, and one
 * that is taken away was copied.
 */
async function copyPlugins(from: string, to: string): Promise<void> {
  if (!existsSync(join(from, 'data.mdb'))) return
  const bundles = { from: join(from, BUNDLES_FOLDER), to: join(to, BUNDLES_FOLDER) }
  const copyBundles = (): void => {
    for (const name of existsSync(bundles.from) ? readdirSync(bundles.from) : []) {
      if (!name.endsWith(BUNDLE_ENDING) || existsSync(join(bundles.to, name))) continue
      try {
        copyFileSync(join(bundles.from, name), join(bundles.to, name))
      } catch (error) {
        if (existsSync(join(bundles.from, name))) throw error // else it was taken away
      }
    }
  }
  makeOwn(to)
  makeOwn(bundles.to)
  copyBundles()
  await copyStore(from, to)
  copyBundles()
}

/** As with bundles: a version is there, whole, before a record names it, and never goes. */
async function copyModels(from: string, to: string): Promise<void> {
  if (!existsSync(join(from, 'data.mdb'))) return
  makeOwn(to)
  await copyStore(from, to)
  for (const { folder, path } of versionFolders(from)) cpSync(folder, join(to, path), { recursive: true })
}

/** As models: a version is there before it is named, and never goes. */
async function copyEnsembles(from: string, to: string): Promise<void> {
  if (!existsSync(join(from, 'data.mdb'))) return
  makeOwn(to)
  await copyStore(from, to)
  for (const name of ensembleFiles(from)) copyFileSync(join(from, name), join(to, name))
}

/** What was uploaded to the Studio; reports are worked out anew. A set's own record comes first: what it is of is there before it, or was removed. */
function copySets(from: string, to: string): void {
  const names = existsSync(from) ? readdirSync(from, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile()) : []
  for (const ending of ['.json', '.jsonl'])
    for (const { parentPath, name } of names.filter(each => each.name.endsWith(ending))) {
      const folder = join(to, relative(from, parentPath))
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      try {
        copyFileSync(join(parentPath, name), join(folder, name))
      } catch (error) {
        if (existsSync(join(parentPath, name))) throw error // else it was taken away
      }
    }
}

/**
 * An erasure exchanges the store and only then overwrites the one before. So a copy is good if the store is still in force when the copy has
 * ended; otherwise it may hold zeros, and is made again.
 */
async function copyKeys(from: string, to: string): Promise<void> {
  if (!existsSync(from))
    throw new Fault('CONFIG_INVALID', { file: from, path: '', reason: 'there are no keys: without them the log cannot be read' })
  for (let tries = 1; ; tries++) {
    const name = storeInForce(from)
    let failure: unknown
    try {
      await copyStore(join(from, name), join(to, name))
    } catch (error) {
      failure = error
    }
    if (!failure && (nameIn(from) ?? name) === name) {
      writeFileSync(join(to, 'current'), name, { flag: 'wx' })
      return
    }
    if (tries === TRIES || (nameIn(from) ?? name) === name)
      throw failure ?? new Error(`the keys were exchanged ${TRIES} times while they were copied`)
    rmSync(to, { recursive: true, force: true })
  }
}
