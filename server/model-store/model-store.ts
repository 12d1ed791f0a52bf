// The models that were trained or brought here: versions by the hash of their content, which never change, and for each shop which of them is in force.
// A version is on the disk, whole, before a record names it; a change is one commit of the records. So whenever the process is killed, what was in
// force is in force, or what was to be.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import type { Clock } from '@parley/core/ports/clock.ts'
import { copyEncoder, ENCODERS, encoderOf, verifyEncoder } from '@parley/models/encoder/kept-encoder.ts'
import { readModelFile, sha256 } from '@parley/models/model-file.ts'
import type { Card } from '@parley/models/train/card.ts'
import { KINDS, type Kind } from '@parley/models/train/data-file.ts'
import { z } from 'zod'
import { flushFolder } from '../drivers/flush-folder.ts'
import type { RecordStore } from '../records.ts'
import { flushTree } from '../upkeep/folders.ts'
import { createShopPhrases, type PhraseKey, type ShopPhrases } from './shop-phrases.ts'

/** A version's folder; one that is being written has another name. */
export const VERSION = /^[0-9a-f]{64}$/

/** The models that came with this release. */
export const SHIPPED = 'shipped'

export type ModelKey = readonly ['model', shop: string, kind: string] | readonly ['model'] | PhraseKey

const CHANGES_KEPT = 100
const EARLIER_KEPT = 20

const InForce = z.strictObject({
  /** A version, or `shipped`. */
  inForce: z.string(),
  /** Those that were in force before, the last one last. */
  earlier: z.array(z.string()),
  /** What was done, the last one last: at, in milliseconds since 1970; `version` was in force from then on. */
  changes: z.array(z.strictObject({ at: z.number(), what: z.enum(['use', 'rollback']), version: z.string() })),
})
type InForce = z.infer<typeof InForce>

export interface StoredModel {
  readonly kind: Kind
  /** SHA-256 of its JSON file. */
  readonly version: string
  readonly folder: string
  /** Undefined where it was brought here without one. */
  readonly card: Card | undefined
}

export interface ModelStore {
  /**
   * Keeps what lies in a folder, whole, and gives its version; what is there already stays as it is. The encoder that it stands on is kept too, from
   * that folder, where it is not here. Faults: MODEL_INVALID, ENCODER_INVALID.
   */
  add(kind: Kind, folder: string): StoredModel
  /** By kind and time. */
  list(): readonly StoredModel[]
  /** `version` may be its beginning. Faults: UNKNOWN_MODEL. */
  find(kind: Kind, version: string): StoredModel
  /** A version that is there, or `shipped`. */
  inForce(shop: string, kind: Kind): string
  /** Puts a version, or `shipped`, in force; false where it was. Faults: UNKNOWN_MODEL. */
  use(shop: string, kind: Kind, version: string): Promise<boolean>
  /** Puts the one before in force, and gives it. Faults: NO_EARLIER_MODEL. */
  rollback(shop: string, kind: Kind): Promise<string>
  /** Where the files of the model in force lie; undefined: those that were shipped. */
  folderOf(shop: string, kind: Kind): string | undefined
  /** What the records have, for `putBack`. */
  kept(shop: string, kind: Kind): unknown
  /** Puts the record back as it was before a change that could not be made in the running server. */
  putBack(shop: string, kind: Kind, before: unknown): Promise<void>
  /** What shops have added to their packs' phrases. */
  readonly phrases: ShopPhrases
  close(): Promise<void>
}

export function createModelStore(records: RecordStore<ModelKey>, folder: string, clock: Clock): ModelStore {
  const folderFor = (kind: Kind, version: string): string => join(folder, kind, version)
  const read = (from: Pick<RecordStore<ModelKey>, 'get'>, shop: string, kind: Kind): InForce => {
    const value = from.get(['model', shop, kind])
    return value === undefined ? { inForce: SHIPPED, earlier: [], changes: [] } : InForce.parse(value)
  }
  const versionsOf = (kind: Kind): readonly string[] =>
    existsSync(join(folder, kind)) ? readdirSync(join(folder, kind)).filter(name => VERSION.test(name)) : []
  const stored = (kind: Kind, version: string): StoredModel => {
    const at = folderFor(kind, version)
    return { kind, version, folder: at, card: cardIn(at) }
  }

  return {
    add(kind, from) {
      const { version, encoder } = versionIn(from, kind)
      const place = folderFor(kind, version)
      if (encoder !== undefined && !existsSync(join(folder, ENCODERS, encoder))) {
        flushTree(copyEncoder(join(folder, ENCODERS), encoderOf(from, encoder)).folder)
        flushFolder(join(folder, ENCODERS))
      }
      if (existsSync(place)) {
        versionIn(place, kind, version)
        return stored(kind, version)
      }
      mkdirSync(join(folder, kind), { recursive: true, mode: 0o700 })
      const draft = `${place}.${process.pid}`
      try {
        rmSync(draft, { recursive: true, force: true })
        mkdirSync(draft, { mode: 0o700 })
        for (const name of [`${kind}.onnx`, `${kind}.json`, 'card.json', 'card.md'])
          if (existsSync(join(from, name))) cpSync(join(from, name), join(draft, name))
        versionIn(draft, kind, version)
        flushTree(draft)
        renameSync(draft, place)
      } catch (error) {
        if (!existsSync(place)) throw error // else somebody else has placed it
      } finally {
        rmSync(draft, { recursive: true, force: true })
      }
      for (const made of [join(folder, kind), folder]) flushFolder(made)
      return stored(kind, version)
    },
    list: () =>
      KINDS.flatMap(kind =>
        versionsOf(kind)
          .map(version => stored(kind, version))
          .sort((a, b) => ((a.card?.trainedAt ?? '') < (b.card?.trainedAt ?? '') ? -1 : 1)),
      ),
    find(kind, version) {
      const found = versionsOf(kind).filter(each => each.startsWith(version))
      const [one] = found
      if (one === undefined || version === '')
        throw new Fault('UNKNOWN_MODEL', { kind, model: version, reason: 'there is no such version: parley models list' })
      if (found.length > 1)
        throw new Fault('UNKNOWN_MODEL', { kind, model: version, reason: `${found.length} versions begin so: name more of it` })
      return stored(kind, one)
    },
    inForce: (shop, kind) => read(records, shop, kind).inForce,
    use: (shop, kind, version) =>
      records.change(within => {
        const before = read(within, shop, kind)
        if (before.inForce === version) return false
        if (version !== SHIPPED && !existsSync(folderFor(kind, version)))
          throw new Fault('UNKNOWN_MODEL', { kind, model: version, reason: 'there is no such version: parley models list' })
        const earlier = [...before.earlier, before.inForce].slice(-EARLIER_KEPT)
        within.put(['model', shop, kind], noted({ ...before, inForce: version, earlier }, 'use'))
        return true
      }),
    rollback: (shop, kind) =>
      records.change(within => {
        const before = read(within, shop, kind)
        const inForce = before.earlier.at(-1)
        if (inForce === undefined) throw new Fault('NO_EARLIER_MODEL', { shop, kind })
        within.put(['model', shop, kind], noted({ ...before, inForce, earlier: before.earlier.slice(0, -1) }, 'rollback'))
        return inForce
      }),
    folderOf(shop, kind) {
      const { inForce } = read(records, shop, kind)
      return inForce === SHIPPED ? undefined : folderFor(kind, inForce)
    },
    kept: (shop, kind) => records.get(['model', shop, kind]),
    putBack: (shop, kind, before) =>
      records.change(within => {
        if (before === undefined) within.remove(['model', shop, kind])
        else within.put(['model', shop, kind], before as object) // as it was read
      }),
    phrases: createShopPhrases(records as RecordStore<PhraseKey>, clock.now), // its keys are among the store's
    close: () => records.close(),
  }

  function noted(state: InForce, what: 'use' | 'rollback'): InForce {
    return { ...state, changes: [...state.changes, { at: clock.now(), what, version: state.inForce }].slice(-CHANGES_KEPT) }
  }
}

/** Faults: MODEL_INVALID where the files do not belong together, or are another version than was said. `encoder`: the hash of the one that it stands on. */
function versionIn(folder: string, kind: Kind, expected?: string): { readonly version: string; readonly encoder: string | undefined } {
  const { metadata } = readModelFile(folder, kind)
  const file = join(folder, `${kind}.json`)
  const version = sha256(readFileSync(file))
  if (metadata.name !== kind) throw new Fault('MODEL_INVALID', { file, reason: `it is a model of ${metadata.name}` })
  if (expected !== undefined && version !== expected)
    throw new Fault('MODEL_INVALID', { file, reason: `it is not the version that was kept here: ${version.slice(0, 12)}` })
  return { version, encoder: metadata.encoder?.hash }
}

/** A card that cannot be read is none: the model is what counts. */
function cardIn(folder: string): Card | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'card.json'), 'utf8')) as Card // as the training writes it
  } catch {
    return undefined
  }
}

/** Whether what is in force can be loaded, its encoder byte for byte. Faults: MODEL_INVALID, ENCODER_INVALID. */
export async function checkModel(folder: string, kind: Kind): Promise<void> {
  const { encoder } = versionIn(folder, kind)
  if (encoder !== undefined) await verifyEncoder(encoderOf(folder, encoder))
}
