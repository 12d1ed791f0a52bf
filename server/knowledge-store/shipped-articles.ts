// The articles that come with a shop: the demo shop has some, others have what they write themselves.
import { join } from 'node:path'
import type { Pack } from '@parley/core/pack/pack.ts'
import type { Article } from '@parley/models/knowledge/article.ts'
import type { ShopConfig } from '../config.ts'
import { readPack } from '../pack-folder.ts'
import { PROJECT } from '../project.ts'
import { articleActionsIn } from './article-actions.ts'
import { readArticleFiles } from './read-article-files.ts'

/** Reads them when they are asked for first. An article of an action that the shop's pack has not is left out. */
export function shippedArticles(
  shops: readonly Pick<ShopConfig, 'id' | 'mesh' | 'pack'>[],
  packOf: (name: string) => Pick<Pack, 'actions'> = name => readPack(join(PROJECT.packs, name)),
): (shop: string) => readonly Article[] {
  const read = new Map<string, readonly Article[]>()
  return id => {
    const shop = shops.find(each => each.id === id)
    if (shop?.mesh !== 'demo-shop') return []
    const articles =
      read.get(shop.pack) ?? readArticleFiles([PROJECT.demoArticles], { actions: articleActionsIn(packOf(shop.pack)), hint: 'en' }).articles
    read.set(shop.pack, articles)
    return articles
  }
}
