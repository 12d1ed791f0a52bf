// What a shop has written for its customers, as it is searched and quoted: an article with its passages. A version is named by its content.
import { detectLanguage, normaliseText } from '@parley/core/pipeline/normalise.ts'
import type { ActionId, Language } from '@parley/plugin-sdk/vocabulary.ts'
import { z } from 'zod'
import { sha256 } from '../model-file.ts'

/** The part of an article that an answer quotes. */
const Passage = z.strictObject({
  /** Of the part of the article that it is in; empty where the article has no parts. */
  heading: z.string(),
  /** As it was written, of at most `LONGEST_PASSAGE` characters. */
  text: z.string(),
})
export type Passage = z.infer<typeof Passage>

export const Article = z.strictObject({
  /** Unique in its shop: `care/down-jackets`. */
  id: z.string(),
  title: z.string(),
  /** What a question that it answers is about, of the shop's catalogue. */
  action: z.string(),
  language: z.enum(['zh', 'en']),
  /** Where customers can read the whole of it. */
  link: z.string().optional(),
  /** Questions that it is known to answer. */
  questions: z.array(z.string()),
  passages: z.array(Passage),
})
export type Article = z.infer<typeof Article>

/** A reply is read on a phone; what is longer is cut into several passages, at a paragraph's or a sentence's end. */
export const LONGEST_PASSAGE = 600

/** The action of an article that names none. */
export const DEFAULT_ACTION: ActionId = 'PRODUCT_INFO'

export const ARTICLE_ID = /^[\p{L}\p{N}](?:[\p{L}\p{N}._/-]{0,118}[\p{L}\p{N}])?$/u

/** SHA-256 of the content, whatever the order of its fields was. */
export const versionOf = ({ id, title, action, language, link, questions, passages }: Article): string =>
  sha256(JSON.stringify([id, title, action, language, link ?? null, questions, passages.map(({ heading, text }) => [heading, text])]))

/** `hint` where the words do not tell, such as of a list of numbers. */
export const languageOf = (text: string, hint: Language): Language => detectLanguage(normaliseText(text), hint)

export interface FileProblem {
  /** From 1; 0 for the file as a whole. */
  readonly line: number
  /** What has an error gives no article; what has a warning does. */
  readonly severity: 'error' | 'warning'
  readonly reason: string
}

export interface ReadArticles {
  readonly articles: readonly Article[]
  /** By line. */
  readonly problems: readonly FileProblem[]
}

export interface ArticleRules {
  /** Actions that an article may answer in the shop. */
  readonly actions: ReadonlySet<string>
  readonly hint: Language
}

/** What is wrong with an action that an article names, if anything is. */
export const actionProblem = (action: string, { actions }: ArticleRules): string | undefined =>
  actions.has(action)
    ? undefined
    : `no article of this shop can answer ${JSON.stringify(action)}: name an action of its catalogue that is not a person's to take`
