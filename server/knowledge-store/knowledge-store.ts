// The articles that each shop answers from. An article is kept under the hash of its content and never changes; which of them a shop has is its shelf,
// named by the hash of what stands on it; the record of a shop names its shelf, and those before it. A change is one commit.
import { Fault } from '@parley/core/faults.ts'
import type { Clock } from '@parley/core/ports/clock.ts'
import { Article, versionOf } from '@parley/models/knowledge/article.ts'
import { sha256 } from '@parley/models/model-file.ts'
import { z } from 'zod'
import type { RecordStore, Records, RecordsToChange } from '../records.ts'

export type KnowledgeKey =
  | readonly ['article' | 'shelf', version: string]
  | readonly ['shop', shop: string]
  | readonly ['article' | 'shelf' | 'shop']

/** What a shop has that was never changed: the articles that came with it. */
export const SHIPPED = 'shipped'

/** Articles of a shop. All of them are in memory, and looked at for a question that shares a word with them. */
export const MOST_ARTICLES = 10_000
const CHANGES_KEPT = 100
const EARLIER_KEPT = 20

const Shelf = z.record(z.string(), z.string())
/** Versions by id. */
type Shelf = z.infer<typeof Shelf>

const ShopRecord = z.strictObject({
  /** A shelf, or `shipped`. */
  inForce: z.string(),
  /** Those that were in force before, the last one last. */
  earlier: z.array(z.string()),
  /** What was done, the last one last: at, in milliseconds since 1970; `shelf` was in force from then on. */
  changes: z.array(z.strictObject({ at: z.number(), what: z.enum(['add', 'remove', 'rollback']), shelf: z.string() })),
})
type ShopRecord = z.infer<typeof ShopRecord>

export interface Added {
  readonly added: readonly string[]
  readonly changed: readonly string[]
  /** How many were there, word for word. */
  readonly same: number
}

export interface KnowledgeStore {
  /** Those of a shop. Faults: STORE_DAMAGED. */
  articlesOf(shop: string): readonly Article[]
  /** The same; undefined where they are those that came with the shop. */
  changedArticlesOf(shop: string): readonly Article[] | undefined
  /** Names what stands on the shop's shelf, or `shipped`. */
  shelfOf(shop: string): string
  /** Puts articles on the shelf, in place of those with their ids; with `isAll` they are the whole of it. Faults: TOO_MANY_ARTICLES. */
  add(shop: string, articles: readonly Article[], isAll?: boolean): Promise<Added & { readonly removed: readonly string[] }>
  /** Faults: UNKNOWN_ARTICLE; then nothing has changed. */
  remove(shop: string, ids: readonly string[]): Promise<void>
  /** Puts the shelf before in force, and gives its name. Faults: NO_EARLIER_ARTICLES. */
  rollback(shop: string): Promise<string>
  /** Forgets what the shop had before, for good: no rollback reaches back, and what no shop has any more is gone. */
  forget(shop: string): Promise<void>
  /** What the records have, for `putBack`. */
  kept(shop: string): unknown
  /** Puts the record back as it was before a change that could not be made in the running server. */
  putBack(shop: string, before: unknown): Promise<void>
  close(): Promise<void>
}

/** `shipped`: the articles that come with a shop. */
export function createKnowledgeStore(
  records: RecordStore<KnowledgeKey>,
  shipped: (shop: string) => readonly Article[],
  clock: Clock,
): KnowledgeStore {
  type From = Pick<Records<KnowledgeKey>, 'get'>
  const read = (from: From, shop: string): ShopRecord => {
    const value = from.get(['shop', shop])
    return value === undefined ? { inForce: SHIPPED, earlier: [], changes: [] } : ShopRecord.parse(value)
  }
  const articlesOn = (from: From, shop: string, shelf: string): readonly Article[] =>
    shelf === SHIPPED
      ? shipped(shop)
      : Object.values(Shelf.parse(from.get(['shelf', shelf]))).map(version => Article.parse(from.get(['article', version])))

  /** Keeps the articles and the shelf that they make, and puts it in force. */
  function shelve(within: RecordsToChange<KnowledgeKey>, shop: string, articles: readonly Article[], what: 'add' | 'remove'): void {
    const before = read(within, shop)
    const versions = articles.map(article => [article.id, versionOf(article)] as const)
    const shelf: Shelf = Object.fromEntries([...versions].sort(([a], [b]) => (a < b ? -1 : 1)))
    const name = sha256(JSON.stringify(shelf))
    if (name === before.inForce) return
    for (const [i, [, version]] of versions.entries())
      if (within.get(['article', version]) === undefined) within.put(['article', version], articles[i]!) // a version an article
    within.put(['shelf', name], shelf)
    const earlier = [...before.earlier, before.inForce].slice(-EARLIER_KEPT)
    within.put(['shop', shop], noted({ ...before, inForce: name, earlier }, what))
  }
  const noted = (state: ShopRecord, what: 'add' | 'remove' | 'rollback'): ShopRecord => ({
    ...state,
    changes: [...state.changes, { at: clock.now(), what, shelf: state.inForce }].slice(-CHANGES_KEPT),
  })

  return {
    articlesOf: shop => articlesOn(records, shop, read(records, shop).inForce),
    changedArticlesOf(shop) {
      const { inForce } = read(records, shop)
      return inForce === SHIPPED ? undefined : articlesOn(records, shop, inForce)
    },
    shelfOf: shop => read(records, shop).inForce,
    add: (shop, articles, isAll = false) =>
      records.change(within => {
        const before = new Map(articlesOn(within, shop, read(within, shop).inForce).map(article => [article.id, article]))
        const after = isAll ? new Map<string, Article>() : new Map(before)
        const [added, changed]: [string[], string[]] = [[], []]
        for (const article of articles) {
          const known = before.get(article.id)
          if (!known) added.push(article.id)
          else if (versionOf(known) !== versionOf(article)) changed.push(article.id)
          after.set(article.id, article)
        }
        if (after.size > MOST_ARTICLES) throw new Fault('TOO_MANY_ARTICLES', { shop, articles: after.size, limit: MOST_ARTICLES })
        shelve(within, shop, [...after.values()], 'add')
        const removed = [...before.keys()].filter(id => !after.has(id))
        return { added, changed, removed, same: articles.length - added.length - changed.length }
      }),
    remove: (shop, ids) =>
      records.change(within => {
        const articles = articlesOn(within, shop, read(within, shop).inForce)
        const gone = new Set(ids)
        for (const id of gone) if (!articles.some(article => article.id === id)) throw new Fault('UNKNOWN_ARTICLE', { shop, article: id })
        shelve(
          within,
          shop,
          articles.filter(({ id }) => !gone.has(id)),
          'remove',
        )
      }),
    rollback: shop =>
      records.change(within => {
        const before = read(within, shop)
        const inForce = before.earlier.at(-1)
        if (inForce === undefined) throw new Fault('NO_EARLIER_ARTICLES', { shop })
        within.put(['shop', shop], noted({ ...before, inForce, earlier: before.earlier.slice(0, -1) }, 'rollback'))
        return inForce
      }),
    forget: shop =>
      records.change(within => {
        const state = read(within, shop)
        within.put(['shop', shop], { ...state, earlier: [] })
        sweep(within)
      }),
    kept: shop => records.get(['shop', shop]),
    putBack: (shop, before) =>
      records.change(within => {
        if (before === undefined) within.remove(['shop', shop])
        else within.put(['shop', shop], before as object) // as it was read
      }),
    close: () => records.close(),
  }
}

/** Takes away shelves that no shop can go back to, and articles that stand on no shelf. */
function sweep(within: RecordsToChange<KnowledgeKey>): void {
  const shops = within.list(['shop']).map(([, value]) => ShopRecord.parse(value))
  const shelves = new Set(shops.flatMap(({ inForce, earlier }) => [inForce, ...earlier]))
  const articles = new Set<string>()
  for (const [[name = ''], value] of within.list(['shelf'])) {
    if (!shelves.has(name)) within.remove(['shelf', name])
    else for (const version of Object.values(Shelf.parse(value))) articles.add(version)
  }
  for (const [[version = '']] of within.list(['article'])) if (!articles.has(version)) within.remove(['article', version])
}
