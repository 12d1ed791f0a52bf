// Puts a backup into an empty data folder: whole and checked, or not at all. Everything is done in a folder of its own within, and moved out of it
// when every conversation has proved to be the one that was backed up; while that folder is there no server starts.
import { copyFileSync, cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import { renewEpoch } from '../drivers/conversation-log.lmdb.ts'
import { flushFolder } from '../drivers/flush-folder.ts'
import { storeInForce } from '../drivers/vault.lmdb.ts'
import { ENSEMBLES_FOLDER, ensembleFiles } from '../ensemble-store/open-ensemble-store.ts'
import { KNOWLEDGE_FOLDER } from '../knowledge-store/open-knowledge-store.ts'
import { LABELS_FOLDER } from '../label-store/label-store.ts'
import { MODELS_FOLDER, versionFolders } from '../model-store/open-model-store.ts'
import { BUNDLES_FOLDER, PLUGINS_FOLDER } from '../plugin-store/open-plugin-store.ts'
import { SETS, STUDIO_FOLDER } from '../studio/studio-folder.ts'
import { lookOver, type Progress } from './doctor.ts'
import type { Findings } from './examine.ts'
import { claimEmpty, flushTree, makeOwn } from './folders.ts'
import { hashOfFile, LIST, readManifest } from './manifest.ts'

const UNDER_WAY = 'restoring'

/**
 * The restored log has a new epoch, so that clients with positions of the old one load everything again: what they saw after the backup is gone.
 * Conversations that were damaged when they were backed up are so afterwards. Faults: BACKUP_INVALID, FOLDER_NOT_EMPTY, STORE_DAMAGED.
 */
export async function restore(folder: string, data: string, progress?: Progress): Promise<Findings> {
  const manifest = readManifest(folder)
  claimEmpty(data)
  const work = join(data, UNDER_WAY)
  let findings: Findings
  try {
    copyBackup(folder, work)
    const list = join(work, LIST)
    findings = await lookOver(work, { list, ...(progress && { progress }) })
    if (hashOfFile(list) !== manifest.list) throw new Fault('BACKUP_INVALID', { folder, reason: differenceOf(join(folder, LIST), list) })
    await renewEpoch(join(work, 'log'))
    rmSync(list)
    flushTree(work)
  } catch (error) {
    rmSync(work, { recursive: true, force: true }) // the folder is as empty as it was
    throw error
  }
  for (const name of readdirSync(work)) renameSync(join(work, name), join(data, name))
  flushFolder(data)
  rmSync(work, { recursive: true })
  flushFolder(data)
  return findings
}

/** Faults: RESTORE_UNFINISHED. A server that started on the half would begin a new log beside it. */
export function refuseUnfinishedRestore(data: string): void {
  if (existsSync(join(data, UNDER_WAY))) throw new Fault('RESTORE_UNFINISHED', { folder: data })
}

function copyBackup(from: string, to: string): void {
  const copy = (...path: string[]): void => copyFileSync(join(from, ...path), join(to, ...path))
  const missing = (what: string): Fault => new Fault('BACKUP_INVALID', { folder: from, reason: `${what} is not there` })
  if (!existsSync(join(from, 'log', 'data.mdb'))) throw missing('log/data.mdb')
  if (!existsSync(join(from, 'keys', 'current'))) throw missing('keys/current')
  const keys = storeInForce(join(from, 'keys'))
  for (const made of [to, join(to, 'log'), join(to, 'keys'), join(to, 'keys', keys)]) makeOwn(made)
  copy('log', 'data.mdb')
  copy('keys', 'current')
  copy('keys', keys, 'data.mdb')
  if (existsSync(join(from, 'accounts', 'data.mdb'))) {
    makeOwn(join(to, 'accounts'))
    copy('accounts', 'data.mdb')
  }
  if (existsSync(join(from, LABELS_FOLDER, 'data.mdb'))) {
    makeOwn(join(to, LABELS_FOLDER))
    copy(LABELS_FOLDER, 'data.mdb')
  }
  if (existsSync(join(from, PLUGINS_FOLDER, 'data.mdb'))) {
    makeOwn(join(to, PLUGINS_FOLDER))
    copy(PLUGINS_FOLDER, 'data.mdb')
    cpSync(join(from, PLUGINS_FOLDER, BUNDLES_FOLDER), join(to, PLUGINS_FOLDER, BUNDLES_FOLDER), { recursive: true })
  }
  if (existsSync(join(from, KNOWLEDGE_FOLDER, 'data.mdb'))) {
    makeOwn(join(to, KNOWLEDGE_FOLDER))
    copy(KNOWLEDGE_FOLDER, 'data.mdb')
  }
  if (existsSync(join(from, MODELS_FOLDER, 'data.mdb'))) {
    makeOwn(join(to, MODELS_FOLDER))
    copy(MODELS_FOLDER, 'data.mdb')
    for (const { folder, path } of versionFolders(join(from, MODELS_FOLDER)))
      cpSync(folder, join(to, MODELS_FOLDER, path), { recursive: true })
  }
  if (existsSync(join(from, ENSEMBLES_FOLDER, 'data.mdb'))) {
    makeOwn(join(to, ENSEMBLES_FOLDER))
    for (const name of ['data.mdb', ...ensembleFiles(join(from, ENSEMBLES_FOLDER))]) copy(ENSEMBLES_FOLDER, name)
  }
  const sets = join(STUDIO_FOLDER, SETS)
  if (existsSync(join(from, sets))) {
    makeOwn(join(to, STUDIO_FOLDER))
    cpSync(join(from, sets), join(to, sets), { recursive: true })
  }
  if (existsSync(join(from, 'secret'))) copy('secret')
}

/** The first conversation that is not the one that was backed up. */
function differenceOf(backedUp: string, found: string): string {
  const [wanted, got] = [backedUp, found].map(file => readFileSync(file, 'utf8').split('\n'))
  const at = wanted?.findIndex((line, i) => line !== got?.[i]) ?? -1
  return `a conversation is not as it was backed up: expected ${wanted?.[at] || 'none'}, found ${got?.[at] || 'none'}`
}
