// Which articles each shop answers from, and their exchange while turns go on: the new library is made beside the one at work, and the next turn takes it.
// A turn ends on the library that it began with.
import { createHash } from 'node:crypto'
import { Fault } from '@parley/core/faults.ts'
import type { VoterPool } from '@parley/core/ports/voters.ts'
import { type Article, versionOf } from '@parley/models/knowledge/article.ts'
import { createLibrary, type Library } from '@parley/models/knowledge/library.ts'
import { type Meaning, subwords } from '@parley/models/knowledge/meaning.ts'
import { createKnowledgeVoters } from './drivers/voters.knowledge.ts'

/** By the shop's id. */
export type ArticleChoices = ReadonlyMap<string, readonly Article[]>

export interface KnowledgeInForce {
  /** Undefined in a shop without articles. */
  poolOf(shop: string): VoterPool | undefined
  libraryOf(shop: string): Library
  /** The same where the articles are, and how they are searched. */
  contentOf(shop: string): string
  /** Puts other articles in force; resolves when the next turn has them. What `read` throws rejects it and leaves in force what was. */
  change(read: () => ArticleChoices): Promise<void>
}

interface Shelf {
  /** Of the versions of its articles, and of how they are searched. */
  readonly content: string
  readonly library: Library
  readonly pool: VoterPool | undefined
}

/** `meaningOf`: by what a shop's articles are searched, the same for as long as it runs. */
export async function putKnowledgeInForce(
  choices: ArticleChoices,
  meaningOf: (shop: string) => Meaning = () => subwords,
): Promise<KnowledgeInForce> {
  let current = await shelvesOf(choices, [], meaningOf)
  let last: Promise<unknown> = Promise.resolve()
  const shelfIn = (shop: string): Shelf => {
    const shelf = current.get(shop)
    if (!shelf) throw new Fault('UNKNOWN_SHOP', { shop })
    return shelf
  }
  return {
    poolOf: shop => current.get(shop)?.pool,
    libraryOf: shop => shelfIn(shop).library,
    contentOf: shop => shelfIn(shop).content,
    change(read) {
      const changed = last.then(async () => {
        current = await shelvesOf(read(), [...current.values()], meaningOf)
      })
      last = changed.catch(() => {}) // the caller of this change is told
      return changed
    },
  }
}

/** Shops with the same articles share their library, and what stands ready is taken again. */
async function shelvesOf(
  choices: ArticleChoices,
  ready: readonly Shelf[],
  meaningOf: (shop: string) => Meaning,
): Promise<ReadonlyMap<string, Shelf>> {
  const byContent = new Map(ready.map(shelf => [shelf.content, Promise.resolve(shelf)]))
  const made = [...choices].map(async ([shop, articles]) => {
    const meaning = meaningOf(shop)
    const content = createHash('sha256')
      .update([meaning.id, ...articles.map(versionOf).sort()].join())
      .digest('hex')
    const shelf = byContent.get(content) ?? shelfOf(articles, content, meaning)
    byContent.set(content, shelf)
    return [shop, await shelf] as const
  })
  return new Map(await Promise.all(made))
}

async function shelfOf(articles: readonly Article[], content: string, meaning: Meaning): Promise<Shelf> {
  const library = await createLibrary(articles, meaning)
  return { content, library, pool: articles.length > 0 ? createKnowledgeVoters(library) : undefined }
}
