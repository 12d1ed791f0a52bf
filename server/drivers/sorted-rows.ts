// Rows in memory, by name and in the order of their names.
import type { Records, RecordsToChange } from '../records.ts'

export interface SortedRows {
  get(names: readonly string[]): string | undefined
  put(names: readonly string[], text: string): void
  remove(names: readonly string[]): void
  /** Those whose names begin so, in order. */
  under(prefix: readonly string[]): readonly (readonly [names: readonly string[], text: string])[]
}

/** Each name ends, so that what begins so has a whole name in common, and the order is that of one name after the other. */
const keyOf = (names: readonly string[]): string => names.map(name => `${name}\u0000`).join('')

export function createSortedRows(): SortedRows {
  const rows = new Map<string, { readonly names: readonly string[]; readonly text: string }>()
  const order: string[] = []
  /** Where the key stands, or would. */
  function placeOf(key: string): number {
    let [from, to] = [0, order.length]
    while (from < to) {
      const middle = (from + to) >> 1
      if (order[middle]! < key) from = middle + 1
      else to = middle
    }
    return from
  }
  return {
    get: names => rows.get(keyOf(names))?.text,
    put(names, text) {
      const key = keyOf(names)
      if (!rows.has(key)) order.splice(placeOf(key), 0, key)
      rows.set(key, { names, text })
    },
    remove(names) {
      const key = keyOf(names)
      if (rows.delete(key)) order.splice(placeOf(key), 1)
    },
    under(prefix) {
      const key = keyOf(prefix)
      const found: (readonly [readonly string[], string])[] = []
      for (let i = placeOf(key); i < order.length && order[i]!.startsWith(key); i++) {
        const row = rows.get(order[i]!)!
        found.push([row.names, row.text])
      }
      return found
    },
  }
}

/** Values are parsed for each reader: what one does with its own is nobody else's. */
export const readsOf = <K extends readonly string[]>(rows: Pick<SortedRows, 'get' | 'under'>): Records<K> => ({
  get(key) {
    const text = rows.get(key)
    return text === undefined ? undefined : JSON.parse(text)
  },
  list: prefix => rows.under(prefix).map(([names, text]) => [names.slice(prefix.length), JSON.parse(text)] as const),
})

export interface Overlay<K extends readonly string[]> {
  /** The rows with what was changed in them. */
  readonly view: RecordsToChange<K>
  /** What is other than it was, in the order in which it was first changed; undefined: removed. */
  written(): readonly (readonly [names: readonly string[], text: string | undefined])[]
}

/** Collects changes, and leaves the rows as they are. */
export function createOverlay<K extends readonly string[]>(rows: Pick<SortedRows, 'get' | 'under'>): Overlay<K> {
  const changed = new Map<string, readonly [names: readonly string[], text: string | undefined]>()
  const change = (names: readonly string[], text: string | undefined): void => void changed.set(keyOf(names), [[...names], text])
  const over: Pick<SortedRows, 'get' | 'under'> = {
    get(names) {
      const found = changed.get(keyOf(names))
      return found ? found[1] : rows.get(names)
    },
    under(prefix) {
      const all = createSortedRows()
      for (const [names, text] of rows.under(prefix)) all.put(names, text)
      for (const [key, [names, text]] of changed) {
        if (!key.startsWith(keyOf(prefix))) continue
        if (text === undefined) all.remove(names)
        else all.put(names, text)
      }
      return all.under(prefix)
    },
  }
  return {
    view: { ...readsOf<K>(over), put: (key, value) => change(key, JSON.stringify(value)), remove: key => change(key, undefined) },
    written: () => [...changed.values()].filter(([names, text]) => rows.get(names) !== text),
  }
}
