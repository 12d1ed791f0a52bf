// What a backup says of itself. It lies beside the data, in two files: conversations.jsonl has a line for each conversation, with the seq and the
// hash that it ends at (or its damage), and manifest.json, written last, the hash of that list. A backup without it did not end.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import { z } from 'zod'

export const MANIFEST = 'manifest.json'
export const LIST = 'conversations.jsonl'

const Manifest = z.strictObject({
  format: z.literal(1),
  /** When the log was copied. */
  at: z.iso.datetime(),
  /** Of the store that was copied; a restored one has its own. */
  epoch: z.string(),
  conversations: z.int().min(0),
  events: z.int().min(0),
  /** Conversations that were damaged when they were copied; the list says how. */
  damaged: z.int().min(0),
  /** SHA-256 of the list. */
  list: z.string().regex(/^[0-9a-f]{64}$/),
})
export type Manifest = z.infer<typeof Manifest>

/** Faults: BACKUP_INVALID when it is not there, is no manifest, or the list is another. */
export function readManifest(folder: string): Manifest {
  const invalid = (reason: string, cause?: unknown): Fault => new Fault('BACKUP_INVALID', { folder, reason }, { cause })
  if (!existsSync(join(folder, MANIFEST))) throw invalid(`it has no ${MANIFEST}: it is no backup, or was not brought to its end`)
  let manifest: Manifest
  try {
    manifest = Manifest.parse(JSON.parse(readFileSync(join(folder, MANIFEST), 'utf8')))
  } catch (cause) {
    throw invalid(`${MANIFEST} is not one that this release reads`, cause)
  }
  if (!existsSync(join(folder, LIST)) || hashOfFile(join(folder, LIST)) !== manifest.list)
    throw invalid(`${LIST} is not the one that was written`)
  return manifest
}

export const hashOfFile = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex')
