// Makes the question that voters are asked: the turn's messages as one text, normalised, with its language and locale.
import type { Language, Locale, Question } from '@parley/plugin-sdk/vocabulary.ts'
import { clausesOf } from '../dialogue/clauses.ts'
import { detectLanguage, normaliseText } from './normalise.ts'
import type { Shop } from './shop.ts'
import type { Normalised, Received } from './turn.ts'

const LANGUAGE: Readonly<Record<Locale, Language>> = { 'zh-CN': 'zh', en: 'en' }
const LOCALE: Readonly<Record<Language, Locale>> = { zh: 'zh-CN', en: 'en' }

/** `hint` is the locale of words without letters ("881", "?"). */
export function questionOf(original: string, hint: Locale): Question {
  const text = normaliseText(original)
  const language = detectLanguage(text, LANGUAGE[hint])
  return { text, original, language, locale: LOCALE[language] }
}

/** The reply's locale is that of the words; words without letters ("881", "?") keep the conversation's. */
export function normalise(received: Received, shop: Shop): Normalised {
  const question = questionOf(received.texts.join('\n'), received.locale ?? shop.defaultLocale)
  const clauses = clausesOf(question.text, question.language)
  return { ...received, question, clauses: clauses.map(clause => ({ ...question, text: clause, original: clause })) }
}
