// Where the Studio keeps what is its own: below `studio/` in the data folder, by shop. Everything is a file with JSON or the text that was sent.
import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { replaceFile } from '../drivers/replace-file.ts'

export const STUDIO_FOLDER = 'studio'
/** Below it, what was uploaded, by shop. */
export const SETS = 'sets'

/** Of sets and reports. */
export const newId = (): string => randomBytes(9).toString('base64url')
const ID = /^[A-Za-z0-9_-]{1,64}$/

/** Things of one kind in one shop: each has JSON of its own, and may have files beside it, whose names begin with its id. */
export interface Shelf<T> {
  /** As it was put; undefined where there is none. */
  get(id: string): T | undefined
  /** In no order. */
  list(): readonly T[]
  /** On the disk when it resolves. `beside` is written before, so that what is there is there whole. Faults: STORAGE_FULL. */
  put(id: string, value: T, beside?: { readonly ending: string; readonly text: string }): Promise<void>
  /** The file beside it; undefined where there is none. */
  read(id: string, ending: string): Promise<string | undefined>
  /** Takes away a file beside it. */
  drop(id: string, ending: string): Promise<void>
  /** Nothing of it is left when it resolves. */
  remove(id: string): Promise<void>
}

/** Reads what is there; what a kill has left without its JSON is taken away. `broke` hears of what cannot be read: it is left as it is, and left out. */
export async function openShelf<T>(
  data: string,
  shop: string,
  kind: typeof SETS | 'reports',
  read: (value: unknown) => T,
  broke: (error: unknown) => void,
): Promise<Shelf<T>> {
  const folder = join(data, STUDIO_FOLDER, kind, shop)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const pathOf = (id: string, ending: string): string => join(folder, `${id}${ending}`)
  const there = await readdir(folder)
  const values = new Map<string, T>()
  const known = new Set<string>()
  for (const name of there) {
    const id = name.slice(0, -JSON_ENDING.length)
    if (name !== `${id}${JSON_ENDING}` || !ID.test(id)) continue
    known.add(id)
    try {
      values.set(id, read(JSON.parse(await readFile(join(folder, name), 'utf8'))))
    } catch (cause) {
      broke(new Error(`${join(folder, name)} cannot be read`, { cause }))
    }
  }
  for (const name of there) if (!known.has(name.split('.')[0] ?? '') || name.endsWith('.new')) await rm(join(folder, name))

  return {
    get: id => values.get(id),
    list: () => [...values.values()],
    async put(id, value, beside) {
      if (beside) await replaceFile(pathOf(id, beside.ending), beside.text)
      await replaceFile(pathOf(id, JSON_ENDING), JSON.stringify(value))
      values.set(id, value)
    },
    read: (id, ending) =>
      readFile(pathOf(id, ending), 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined
        throw error
      }),
    drop: (id, ending) => rm(pathOf(id, ending), { force: true }),
    async remove(id) {
      values.delete(id)
      await rm(pathOf(id, JSON_ENDING), { force: true })
      for (const name of await readdir(folder)) if (name.startsWith(`${id}.`)) await rm(join(folder, name), { force: true })
    },
  }
}

const JSON_ENDING = '.json'
