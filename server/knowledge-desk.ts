// What an operator does with the articles of a running server's shops. A change is kept and put in force, or neither.
import { Fault } from '@parley/core/faults.ts'
import type { Article } from '@parley/models/knowledge/article.ts'
import { languageOf, versionOf } from '@parley/models/knowledge/article.ts'
import type { Found } from '@parley/models/knowledge/library.ts'
import type { Brain } from './brain.ts'
import type { Config } from './config.ts'
import { articleActions } from './knowledge-store/article-actions.ts'
import type { Added, KnowledgeStore } from './knowledge-store/knowledge-store.ts'
import { type ArticleFiles, type ArticleSource, readArticleSources } from './knowledge-store/read-article-files.ts'

/** By shop: what decisions record as the version of its articles, and how many there are. */
export type KnowledgeView = Readonly<Record<string, { readonly version: string; readonly articles: number }>>

export interface ArticleRow {
  readonly id: string
  readonly version: string
  readonly title: string
  readonly action: string
  readonly language: Article['language']
  readonly passages: number
}

/** Each that names a shop: UNKNOWN_SHOP. */
export interface KnowledgeDesk {
  view(): KnowledgeView
  list(shop: string): readonly ArticleRow[]
  /** Faults: UNKNOWN_ARTICLE. */
  find(shop: string, id: string): Article
  /** Best first. */
  search(shop: string, question: string, most: number): Promise<readonly Found[]>
  /** Faults: ARTICLES_INVALID, unless what is wrong is to be left out; TOO_MANY_ARTICLES. */
  add(
    shop: string,
    sources: readonly ArticleSource[],
    how: { readonly isAll: boolean; readonly skipBad: boolean },
  ): Promise<Added & { readonly removed: readonly string[] } & Pick<ArticleFiles, 'problems'>>
  /** With `forGood` nothing of them is kept. Faults: UNKNOWN_ARTICLE. */
  remove(shop: string, ids: readonly string[], forGood: boolean): Promise<void>
  /** Faults: NO_EARLIER_ARTICLES. */
  rollback(shop: string): Promise<void>
  /** Puts in force what the records have. */
  reload(): Promise<void>
}

export function knowledgeDesk(
  config: Config,
  store: KnowledgeStore,
  { knowledge, shops }: Pick<Brain, 'knowledge' | 'shops'>,
  reload: () => Promise<void>,
): KnowledgeDesk {
  const shopOf = (id: string): Config['shops'][number] => {
    const shop = config.shops.find(each => each.id === id)
    if (!shop) throw new Fault('UNKNOWN_SHOP', { shop: id })
    return shop
  }
  const hintOf = (id: string) => (shopOf(id).locale === 'en' ? 'en' : 'zh')
  const actionsOf = (id: string): ReadonlySet<string> => {
    const shop = shops.get(id)
    if (!shop) throw new Fault('UNKNOWN_SHOP', { shop: id })
    return articleActions(shop.actions, shop.situation.alwaysPerson)
  }
  async function changing<T>(shop: string, change: () => Promise<T>): Promise<T> {
    const before = store.kept(shop)
    const done = await change()
    try {
      await reload()
    } catch (fault) {
      await store.putBack(shop, before)
      throw fault
    }
    return done
  }
  return {
    view: () =>
      Object.fromEntries(
        config.shops.map(({ id }) => {
          const { version, articles } = knowledge.libraryOf(id)
          return [id, { version, articles: articles.length }]
        }),
      ),
    list: shop => rowsOf(knowledge.libraryOf(shop).articles),
    find(shop, id) {
      const article = knowledge.libraryOf(shop).articles.find(each => each.id === id)
      if (!article) throw new Fault('UNKNOWN_ARTICLE', { shop, article: id })
      return article
    },
    search: (shop, question, most) => knowledge.libraryOf(shop).search(question, languageOf(question, hintOf(shop)), most),
    async add(shop, sources, { isAll, skipBad }) {
      const { articles, problems } = readArticleSources(sources, {
        actions: actionsOf(shop),
        hint: hintOf(shop),
      })
      refuseProblems(problems, skipBad)
      return { ...(await changing(shop, () => store.add(shop, articles, isAll))), problems }
    },
    async remove(shop, ids, forGood) {
      shopOf(shop)
      await changing(shop, () => store.remove(shop, ids))
      if (forGood) await store.forget(shop)
    },
    async rollback(shop) {
      shopOf(shop)
      await changing(shop, () => store.rollback(shop))
    },
    reload,
  }
}

export const rowsOf = (articles: readonly Article[]): readonly ArticleRow[] =>
  [...articles]
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map(article => ({
      id: article.id,
      version: versionOf(article).slice(0, 12),
      title: article.title,
      action: article.action,
      language: article.language,
      passages: article.passages.length,
    }))

/** Faults: ARTICLES_INVALID with the first error, where there is one that is not to be left out. */
export function refuseProblems(problems: ArticleFiles['problems'], skipBad: boolean): void {
  const bad = problems.filter(({ severity }) => severity === 'error')
  const [first] = bad
  if (first && !skipBad)
    throw new Fault('ARTICLES_INVALID', { file: first.file, line: first.line, reason: first.reason, problems: bad.length })
}
