// The ensembles that were brought or tuned here: versions by the hash of their text, which never change, and for each shop how they stand. A version is
// on the disk, whole, before a record names it; a change with its line in the history is one commit of the records. So whenever the process is killed,
// what was in force is in force, or what was to be.
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault, isFault } from '@parley/core/faults.ts'
import type { Clock } from '@parley/core/ports/clock.ts'
import type { ParsedEnsemble } from '@parley/ensembles/ensemble-file.ts'
import { z } from 'zod'
import { isNoRoom, RETRY_AFTER_MS } from '../drivers/disk-room.ts'
import { placeFile } from '../drivers/place-file.ts'
import type { RecordsToChange, SharedRecordStore } from '../records.ts'
import { hashOf, parseOnce } from './parse-once.ts'
import { atFirst, CHANGES, type Change, changed, Standing } from './standing.ts'

const ENDING = '.yaml'
/** A version's file; one that is being written has another name. */
const FILE = /^[0-9a-f]{64}\.yaml$/

/**
 * `ensemble` and shop; where nodes share them `text` and hash; `change`, shop and place; `shadow-counts` and shop; `shadow-turn`, shop and place; `shadow-of`, shop, conversation and place.
 */
export type EnsembleKey = readonly [
  kind: 'ensemble' | 'text' | 'change' | 'shadow-counts' | 'shadow-turn' | 'shadow-of',
  ...names: string[],
]
export type EnsembleRecords = SharedRecordStore<EnsembleKey>

/** A line of the history. */
const Noted = z.strictObject({
  /** Milliseconds since 1970. */
  at: z.number(),
  what: z.enum([...CHANGES, 'keep']),
  /** What it was done with, or what a rollback has put in force: `retail@2-3f2a9c01b2d4`; null: the one that the shop's settings name. */
  version: z.string().nullable(),
  /** Of a canary, 0 to 1. */
  share: z.number().optional(),
  who: z.string(),
  why: z.string(),
})
export type Noted = z.infer<typeof Noted>

/** A version's text, for nodes that have no file of it. */
const Kept = z.strictObject({ text: z.string() })

export interface By {
  readonly who: string
  readonly why: string
}

export interface EnsembleText extends ParsedEnsemble {
  /** SHA-256 of its text. */
  readonly hash: string
  readonly text: string
}

export interface BrokenEnsemble {
  readonly hash: string
  readonly fault: Fault
}

export interface EnsembleStore {
  /** Keeps a text as a version; what is there already stays as it is. `name` is what faults call it. Faults: ENSEMBLE_INVALID, STORAGE_FULL. */
  add(text: string, name: string): EnsembleText
  /** By version; what cannot be read any more, last. */
  list(): readonly (EnsembleText | BrokenEnsemble)[]
  /** `named`: its version or hash, or the beginning of either. Faults: UNKNOWN_ENSEMBLE, ENSEMBLE_INVALID. */
  find(named: string): EnsembleText
  /** By its whole hash. Faults: UNKNOWN_ENSEMBLE, ENSEMBLE_INVALID where it is not as it was kept, or this release cannot read it. */
  read(hash: string): EnsembleText
  standing(shop: string): Standing
  /** False where nothing was to change. Faults: UNKNOWN_ENSEMBLE, ENSEMBLE_INVALID, NO_EARLIER_ENSEMBLE, ENSEMBLE_REFUSED, STORAGE_FULL. */
  change(shop: string, change: Change, by: By): Promise<boolean>
  /** Puts a line into the history: of a version that was kept, by whom and why. Faults: STORAGE_FULL. */
  note(shop: string, kept: { readonly what: 'keep'; readonly version: string } & By): Promise<void>
  /** Every change, the last one first. */
  history(shop: string): readonly Noted[]
  readonly records: EnsembleRecords
  close(): Promise<void>
}

export function createEnsembleStore(records: EnsembleRecords, folder: string, clock: Clock): EnsembleStore {
  const hashesOfFiles = (): readonly string[] =>
    existsSync(folder)
      ? readdirSync(folder)
          .filter(name => FILE.test(name))
          .map(name => name.slice(0, -ENDING.length))
      : []
  const hashes = (): readonly string[] => [...new Set([...hashesOfFiles(), ...records.list(['text']).map(([[hash = '']]) => hash)])]

  /** Other nodes find it among the records. */
  function shareText(within: RecordsToChange<EnsembleKey>, hash: string): void {
    if (records.isShared && within.get(['text', hash]) === undefined) within.put(['text', hash], { text: read(hash).text })
  }
  let sharing: Promise<void> = Promise.resolve()
  function share(hashes: readonly string[]): void {
    const missing = hashes.filter(hash => records.get(['text', hash]) === undefined)
    if (!records.isShared || missing.length === 0) return
    const change = (): Promise<void> =>
      records.change(within => {
        for (const hash of missing) if (!('fault' in readOrFault(hash))) shareText(within, hash)
      })
    sharing = sharing.then(change, change)
    sharing.catch(() => {}) // it is shared by what puts it in force, or with the next
  }

  function read(hash: string): EnsembleText {
    const name = `${hash}${ENDING}`
    const file = join(folder, name)
    if (FILE.test(name) && !existsSync(file)) {
      const kept = Kept.safeParse(records.get(['text', hash]))
      if (kept.success) place(hash, kept.data.text)
    }
    if (!FILE.test(name) || !existsSync(file))
      throw new Fault('UNKNOWN_ENSEMBLE', { ensemble: hash, reason: 'there is no such version: parley ensemble list' })
    const text = readFileSync(file, 'utf8')
    if (hashOf(text) !== hash) throw new Fault('ENSEMBLE_INVALID', { file: name, path: '', reason: 'it is not as it was kept' })
    return { ...parseOnce(text, name), text }
  }

  function place(hash: string, text: string): void {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      placeFile(join(folder, `${hash}${ENDING}`), text)
    } catch (cause) {
      throw isNoRoom(cause) ? new Fault('STORAGE_FULL', { what: folder, retryAfterMs: RETRY_AFTER_MS }, { cause }) : cause
    }
  }

  const readOrFault = (hash: string): EnsembleText | BrokenEnsemble => {
    try {
      return read(hash)
    } catch (fault) {
      if (isFault(fault)) return { hash, fault }
      throw fault
    }
  }

  const list = (): readonly (EnsembleText | BrokenEnsemble)[] => {
    const [broken, whole] = [[] as BrokenEnsemble[], [] as EnsembleText[]]
    for (const hash of hashes()) {
      const found = readOrFault(hash)
      if ('fault' in found) broken.push(found)
      else whole.push(found)
    }
    return [...whole.sort((a, b) => a.version.localeCompare(b.version, 'en', { numeric: true })), ...broken]
  }

  const standingIn = (from: Pick<EnsembleRecords, 'get'>, shop: string): Standing => {
    const value = from.get(['ensemble', shop])
    return value === undefined ? atFirst : Standing.parse(value)
  }

  share(hashesOfFiles()) // what was kept here before anybody shared anything

  return {
    add(text, name) {
      const { hash, ...parsed } = parseOnce(text, name)
      if (existsSync(join(folder, `${hash}${ENDING}`))) return read(hash)
      place(hash, text)
      share([hash])
      return { ...parsed, hash, text }
    },
    list,
    find(named) {
      const found =
        named === '' ? [] : list().filter(each => each.hash.startsWith(named) || ('version' in each && each.version.startsWith(named)))
      const [one] = found
      if (one === undefined)
        throw new Fault('UNKNOWN_ENSEMBLE', { ensemble: named, reason: 'there is no such version: parley ensemble list' })
      if (found.length > 1)
        throw new Fault('UNKNOWN_ENSEMBLE', { ensemble: named, reason: `${found.length} versions begin so: name more of it` })
      if ('fault' in one) throw one.fault
      return one
    },
    read,
    standing: shop => standingIn(records, shop),
    async change(shop, change, { who, why }) {
      // What can be put in force is what can be read now.
      const version = 'hash' in change ? read(change.hash).version : undefined
      return records.change(within => {
        const before = standingIn(within, shop)
        const after = changed(before, change, shop, clock.now())
        if (after === before) return false
        if (after.inForce !== null && after.inForce !== before.inForce) read(after.inForce) // what comes back can be another by now
        for (const hash of [after.inForce, after.canary?.hash, after.shadow?.hash]) if (hash) shareText(within, hash)
        within.put(['ensemble', shop], after)
        const noted: Noted = {
          at: clock.now(),
          what: change.what,
          version: version ?? versionMeant(before, after, change.what),
          ...(change.what === 'canary' && { share: change.share }),
          who,
          why,
        }
        putLast(within, shop, noted)
        return true
      })
    },
    note: (shop, kept) => records.change(within => putLast(within, shop, { at: clock.now(), ...kept })),
    history: shop =>
      records
        .list(['change', shop])
        .map(([, value]) => Noted.parse(value))
        .reverse(),
    records,
    async close() {
      await sharing.catch(() => {})
      await records.close()
    },
  }

  function putLast(within: RecordsToChange<EnsembleKey>, shop: string, noted: Noted): void {
    const place = String(within.list(['change', shop]).length).padStart(9, '0')
    within.put(['change', shop, place], noted)
  }

  /** Of a change that names none: what it has ended, or put in force again. */
  function versionMeant(before: Standing, after: Standing, what: Change['what']): string | null {
    const hash = what === 'shadow-off' ? before.shadow!.hash : what === 'canary-off' ? before.canary!.hash : after.inForce // there was one
    if (hash === null) return null
    const found = readOrFault(hash)
    return 'fault' in found ? hash : found.version
  }
}
