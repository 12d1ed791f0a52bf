// `parley knowledge …`. Writes to the data folder, whether or not the engine runs, and then has the running one take it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import { answerIn } from '@parley/models/knowledge/answer.ts'
import { type Article, languageOf } from '@parley/models/knowledge/article.ts'
import { type Evaluation, evaluate, type Figures, type Judged } from '@parley/models/knowledge/evaluate.ts'
import { createLibrary } from '@parley/models/knowledge/library.ts'
import { type Meaning, subwords } from '@parley/models/knowledge/meaning.ts'
import { readQuestions } from '@parley/models/knowledge/read-questions.ts'
import { percent, shown } from '@parley/models/train/card.ts'
import type { Language } from '@parley/plugin-sdk/vocabulary.ts'
import { openEncoderMeaning, usesEncoder } from '../article-meanings.ts'
import { type Config, readConfig, type ShopConfig } from '../config.ts'
import { refuseProblems, rowsOf } from '../knowledge-desk.ts'
import { articleActionsIn } from '../knowledge-store/article-actions.ts'
import type { KnowledgeKey, KnowledgeStore } from '../knowledge-store/knowledge-store.ts'
import { openKnowledgeStore } from '../knowledge-store/open-knowledge-store.ts'
import { type NamedProblem, readArticleFiles } from '../knowledge-store/read-article-files.ts'
import { readPack } from '../pack-folder.ts'
import { practiceQuestions } from '../practice-questions.ts'
import { PROJECT } from '../project.ts'
import { openRecords } from '../shared-records.ts'
import type { WrongUse } from './agent.ts'
import { knownShop, type StoreOptions, say, sayTable, takeEffect } from './plugin-store.ts'
import { progressBar } from './progress-bar.ts'

type ShopOption = Pick<StoreOptions, 'shop'>
interface AsJson {
  readonly json?: true
}
interface SkipBad {
  readonly skipBad?: true
}

/** Faults: UNKNOWN_SHOP, ARTICLES_INVALID, TOO_MANY_ARTICLES, and what the running server refuses: nothing has changed then. */
export function addArticles(
  paths: readonly string[],
  options: StoreOptions & AsJson & SkipBad & { readonly all?: true },
  wrongUse: WrongUse,
): Promise<void> {
  return withShop(options, wrongUse, async (store, shop) => {
    const actions = articleActionsIn(readPack(join(PROJECT.packs, shop.pack)))
    const { articles, problems } = readArticleFiles(paths, { actions, hint: hintOf(shop) })
    tell(problems, options)
    const before = store.kept(shop.id)
    const done = await store.add(shop.id, articles, options.all === true)
    const inForce = await takeEffectOrPutBack(store, shop.id, before, options.url)
    if (options.json) return say(JSON.stringify({ ...done, problems }))
    const parts = [`${done.added.length} added`, `${done.changed.length} changed`, `${done.same} as they were`]
    if (options.all) parts.push(`${done.removed.length} removed`)
    say(`Articles of shop ${shop.id}: ${parts.join(', ')}. ${inForce}`)
  })
}

/** Faults: UNKNOWN_SHOP. */
export function listArticles(options: ShopOption & AsJson, wrongUse: WrongUse): Promise<void> {
  return withShop(options, wrongUse, async (store, shop) => {
    const rows = rowsOf(store.articlesOf(shop.id))
    if (options.json) return say(JSON.stringify(rows))
    if (rows.length === 0) return say(`Shop ${shop.id} has no articles: parley knowledge add FOLDER`)
    sayTable([
      ['id', 'version', 'language', 'action', 'passages', 'title'],
      ...rows.map(({ id, version, language, action, passages, title }) => [id, version, language, action, String(passages), title]),
    ])
  })
}

/** Faults: UNKNOWN_SHOP, UNKNOWN_ARTICLE. */
export function showArticle(id: string, options: ShopOption & AsJson, wrongUse: WrongUse): Promise<void> {
  return withShop(options, wrongUse, async (store, shop) => {
    const article = store.articlesOf(shop.id).find(each => each.id === id)
    if (!article) throw new Fault('UNKNOWN_ARTICLE', { shop: shop.id, article: id })
    say(options.json ? JSON.stringify(article) : textOf(article))
  })
}

const textOf = ({ title, action, language, link, questions, passages }: Article): string =>
  [
    `# ${title}`,
    [action, language, ...(link === undefined ? [] : [link])].join(' · '),
    ...questions.map(question => `? ${question}`),
    ...passages.map(({ heading, text }) => `\n${heading === '' ? '' : `## ${heading}\n`}${text}`),
  ].join('\n')

/** Faults: UNKNOWN_SHOP, UNKNOWN_ARTICLE, and what the running server refuses: nothing has changed then. */
export function removeArticles(
  ids: readonly string[],
  options: StoreOptions & { readonly forGood?: true },
  wrongUse: WrongUse,
): Promise<void> {
  return withShop(options, wrongUse, async (store, shop) => {
    const before = store.kept(shop.id)
    await store.remove(shop.id, ids)
    const inForce = await takeEffectOrPutBack(store, shop.id, before, options.url)
    if (options.forGood) await store.forget(shop.id)
    say(
      `${ids.length} removed${options.forGood ? ' for good, with all that shop ' : ' from shop '}${shop.id}${options.forGood ? ' had before' : ''}. ${inForce}`,
    )
  })
}

/** Faults: UNKNOWN_SHOP, NO_EARLIER_ARTICLES, and what the running server refuses. */
export function rollBackArticles(options: StoreOptions, wrongUse: WrongUse): Promise<void> {
  return withShop(options, wrongUse, async (store, shop) => {
    const before = store.kept(shop.id)
    await store.rollback(shop.id)
    const inForce = await takeEffectOrPutBack(store, shop.id, before, options.url)
    say(`Shop ${shop.id} has the ${store.articlesOf(shop.id).length} articles of before again. ${inForce}`)
  })
}

/** Faults: UNKNOWN_SHOP, ENCODER_ABSENT, ENCODER_INVALID. */
export function searchArticles(
  question: string,
  options: ShopOption & AsJson & { readonly most: number },
  wrongUse: WrongUse,
): Promise<void> {
  return withShop(options, wrongUse, async (store, shop, { data }) => {
    const articles = store.articlesOf(shop.id)
    const searching = (meaning: Meaning) =>
      createLibrary(articles, meaning).then(library => library.search(question, languageOf(question, hintOf(shop)), options.most))
    const found = usesEncoder(shop) ? await withEncoder(data, shop.articleEncoder, articles, searching) : await searching(subwords)
    if (options.json)
      return say(
        JSON.stringify(
          found.map(({ article, version, passage, score, confidence }) => ({
            article: article.id,
            version: version.slice(0, 12),
            title: article.title,
            action: article.action,
            ...passage,
            score,
            confidence,
          })),
        ),
      )
    if (found.length === 0) return say('Nothing is found: no article has a word of the question.')
    for (const [i, { article, passage, score, confidence }] of found.entries()) {
      say(`${i + 1}. ${article.id}  score ${score.toFixed(2)}  answers it with ${percent(confidence)}  ${article.action}`)
      say(`   ${article.title}${passage.heading === '' ? '' : ` · ${passage.heading}`}`)
      say(`   ${passage.text.replaceAll(/\s+/g, ' ')}`)
    }
    say(answerIn(found) ? 'The bot would vote for the first.' : 'The bot would be silent: none answers it more likely than not.')
  })
}

/** Faults: UNKNOWN_SHOP, ARTICLES_INVALID, ENCODER_ABSENT, ENCODER_INVALID. */
export function evaluateArticles(
  file: string,
  options: ShopOption & AsJson & SkipBad & { readonly misses?: true; readonly encoder?: string },
  wrongUse: WrongUse,
): Promise<void> {
  return withShop(options, wrongUse, async (store, shop, { data }) => {
    const articles = store.articlesOf(shop.id)
    const { questions, problems } = readQuestions(textIn(file), articles)
    tell(
      problems.map(problem => ({ file, ...problem })),
      options,
    )
    if (questions.length === 0) throw new Fault('ARTICLES_INVALID', { file, line: 0, reason: 'there is no question in it', problems: 1 })
    const judge = async (meaning: Meaning) => {
      const library = await createLibrary(articles, meaning)
      const bar = progressBar('judging')
      const judging = (done: number): void => bar.show(done, questions.length)
      return { version: library.version, ...(await evaluate(library, questions, hintOf(shop), judging).finally(() => bar.end())) }
    }
    const bySubwords = await judge(subwords)
    const encoder = options.encoder || shop.articleEncoder
    const byEncoder = encoder === 'none' ? undefined : await withEncoder(data, encoder, articles, judge)
    if (options.json) return say(JSON.stringify({ ...bySubwords, encoder: byEncoder ? { name: encoder, ...byEncoder } : null }))
    say(`${questions.length} questions on ${articles.length} articles; intervals of 95 %`)
    say(`\nBy words and sub-words (${bySubwords.version})${usesEncoder(shop) ? '' : ', as the shop answers'}`)
    sayEvaluation(bySubwords, options.misses === true)
    if (byEncoder) {
      say(`\nBy words and the encoder ${encoder} (${byEncoder.version})${encoder === shop.articleEncoder ? ', as the shop answers' : ''}`)
      sayEvaluation(byEncoder, options.misses === true)
    } else say('\nBy words and an encoder: not run, none is named (--encoder, PARLEY_ENCODER)')
  })
}

function sayEvaluation({ all, zh, en, judged }: Evaluation, areMissesNamed: boolean): void {
  for (const [name, figures] of [
    ['all', all],
    ...(zh && en
      ? ([
          ['zh', zh],
          ['en', en],
        ] as const)
      : []),
  ] as const)
    say(`\n${name}\n${linesOf(figures)}`)
  if (areMissesNamed) for (const each of judged.filter(isMiss)) say(missOf(each))
}

const linesOf = (figures: Figures): string =>
  [
    `  the right article first           ${shown(figures.recallAt1)} of ${figures.answerable} that one answers`,
    `  among the first three             ${shown(figures.recallAt3)}`,
    `  mean reciprocal rank              ${figures.meanReciprocalRank.value.toFixed(3)} (${figures.meanReciprocalRank.low.toFixed(3)} to ${figures.meanReciprocalRank.high.toFixed(3)})`,
    `  answered rightly                  ${shown(figures.rightAnswers)} of these`,
    `  answered wrongly                  ${shown(figures.wrongAnswers)} of all ${figures.questions}; ${shown(figures.wrongOfAnswered)} of those answered`,
    `  not answered                      ${shown(figures.abstained)} of all`,
  ].join('\n')

const isWrong = ({ answered, article }: Judged): boolean => answered !== null && answered !== article
const isMiss = (judged: Judged): boolean => isWrong(judged) || (judged.article !== null && judged.found[0] !== judged.article)
const missOf = ({ question, article, found, answered, confidence }: Judged): string =>
  `\n«${question}»\n  right: ${article ?? 'none'}  found: ${found.slice(0, 3).join(', ') || 'nothing'}  ${answered === null ? 'not answered' : 'answered'} (${percent(confidence)})`

const hintOf = ({ locale }: ShopConfig): Language => (locale === 'en' ? 'en' : 'zh')

/** Faults: ENCODER_ABSENT, ENCODER_INVALID. */
async function withEncoder<T>(
  data: string,
  encoder: string,
  articles: readonly Article[],
  work: (meaning: Meaning) => Promise<T>,
): Promise<T> {
  const practice = practiceQuestions()
  const bar = progressBar('encoding')
  const total = textsOf(practice.articles) + 2 * practice.asked.length + textsOf(articles)
  let done = 0
  const { meaning, close } = await openEncoderMeaning(data, encoder, {
    practice,
    onEncoded: () => bar.show(++done, total),
    onFailure() {}, // what waits for it is told
  })
  try {
    return await work({ ...meaning, learn: passages => meaning.learn(passages).finally(() => bar.end()) })
  } finally {
    bar.end()
    await close()
  }
}

const textsOf = (articles: readonly Article[]): number => articles.reduce((sum, { passages }) => sum + passages.length, 0)

/** Faults: ARTICLES_INVALID. */
function textIn(file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file))
  } catch (cause) {
    const reason = cause instanceof TypeError ? 'it is not UTF-8' : 'the file cannot be read'
    throw new Fault('ARTICLES_INVALID', { file, line: 0, reason, problems: 1 }, { cause })
  }
}

/** Faults: ARTICLES_INVALID, unless what is wrong is to be left out. */
function tell(problems: readonly NamedProblem[], { skipBad }: SkipBad): void {
  for (const { file, line, severity, reason } of problems)
    process.stderr.write(`${file}${line > 0 ? `:${line}` : ''}: ${severity === 'error' && skipBad ? 'left out' : severity}: ${reason}\n`)
  refuseProblems(problems, skipBad === true)
}

/** Has the running server take a change, or puts the record back. Faults: those of the server, as it answers them. */
async function takeEffectOrPutBack(store: KnowledgeStore, shop: string, before: unknown, url: string): Promise<string> {
  try {
    return await takeEffect(url, 'knowledge')
  } catch (fault) {
    await store.putBack(shop, before)
    throw fault
  }
}

async function withShop(
  options: ShopOption,
  wrongUse: WrongUse,
  work: (store: KnowledgeStore, shop: ShopConfig, config: Config) => Promise<void>,
): Promise<void> {
  const config: Config = readConfig(process.env)
  const id = knownShop(options, config, wrongUse)
  const store = openKnowledgeStore(config, await openRecords<KnowledgeKey>(config, 'knowledge'))
  try {
    await work(store, config.shops.find(shop => shop.id === id)!, config) // it is known
  } finally {
    await store.close()
  }
}
