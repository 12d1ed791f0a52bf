// Which articles each shop answers from: those on its shelf, or those that came with it.
import { type Fault, isFault } from '@parley/core/faults.ts'
import type { Article } from '@parley/models/knowledge/article.ts'
import type { ShopConfig } from './config.ts'
import type { ArticleChoices } from './knowledge-in-force.ts'
import type { KnowledgeStore } from './knowledge-store/knowledge-store.ts'

/** `broken` hears of a shop whose articles cannot be read; it has none then. */
export function articleChoices(
  shops: readonly Pick<ShopConfig, 'id'>[],
  store: Pick<KnowledgeStore, 'changedArticlesOf'> | undefined,
  shipped: (shop: string) => readonly Article[],
  broken: (fault: Fault) => void,
): ArticleChoices {
  return new Map(
    shops.map(({ id }) => {
      try {
        return [id, store?.changedArticlesOf(id) ?? shipped(id)] as const
      } catch (error) {
        if (!isFault(error)) throw error
        broken(error)
        return [id, []] as const
      }
    }),
  )
}
