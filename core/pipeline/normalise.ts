// One spelling for what customers type in many: full and half width, traditional and simplified, capitals, curly quotes, invisible characters.
// Phrases, training examples and live messages all pass here, so that what was learned is what is met. Pure; a second pass changes nothing.
import type { Language } from '@parley/plugin-sdk/vocabulary.ts'
import { Converter } from 'opencc-js/t2cn'

// About ten milliseconds to build, so once. Not from Taiwan's forms: that would write 么 in simplified text as 幺.
const convert = Converter({ from: 't', to: 'cn' })
// What that leaves: 著 as it is written for 着 (著急, 看著), but not in 著名 and 名著; and one character that takes two steps.
const ZHE = /(?<![显名原专论编巨卓昭])著(?![名作称者录书述])/g
const toSimplified = (text: string): string => convert(text).replace(ZHE, '着').replaceAll('苧', '苎')

// Zero-width characters, joiners, direction marks, variation selectors: whatever is drawn as nothing. Emoji joined by them fall into their parts.
const INVISIBLE = /\p{Default_Ignorable_Code_Point}+/gu
// Phones write ’ for the apostrophe of "don't", and people type ´ and ` for it.
const APOSTROPHE = /[\u2018\u2019\u201b\u02bc`]/g
const QUOTE = /[\u201c\u201d\u201e]/g
const BLANK = /[\p{Cc}\s]+/gu
const BEYOND_ASCII = /[^\x20-\x7e]/
const HAN = /\p{Script=Han}/u

/**
 * The text that voters read: well-formed (a lone surrogate becomes U+FFFD), NFKC, simplified, lower case, apostrophes and quotes plain,
 * invisible characters gone, control characters and white space folded to single blanks, trimmed. Emoji and punctuation stay.
 * Never throws; the length may differ from the original's.
 */
export function normaliseText(original: string): string {
  let text = original
  if (BEYOND_ASCII.test(text)) {
    // ´ before NFKC, which would take it apart into a blank and an accent.
    text = text.toWellFormed().replace(INVISIBLE, '').replaceAll('\u00b4', "'").normalize('NFKC').replace(QUOTE, '"')
    if (HAN.test(text)) text = toSimplified(text)
  }
  return text.replace(APOSTROPHE, "'").toLowerCase().replace(BLANK, ' ').trim()
}

/**
 * Chinese or English, for text that `normaliseText` gave. A Han character weighs as much as a whole Latin word: 「iphone 15 pro 什么时候发货」
 * is Chinese and "is my 大闸蟹 on its way" English. Text without either (an order number, "?", emoji, another script) is of the language hinted.
 */
export function detectLanguage(text: string, hint: Language): Language {
  let han = 0
  let words = 0
  let isInWord = false
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    const isLetter = isLatinLetter(unit)
    if (isLetter && !isInWord) words++
    isInWord = isLetter || (isInWord && unit === 0x27) // the apostrophe in "don't" ends no word
    if (isHan(unit)) han++
  }
  if (han === 0 && words === 0) return hint
  return han >= words ? 'zh' : 'en'
}

const isLatinLetter = (unit: number): boolean => (unit >= 0x61 && unit <= 0x7a) || (unit >= 0xdf && unit <= 0x24f && unit !== 0xf7)

// The last range is the first halves of the pairs that stand for U+20000 to U+323AF.
const isHan = (unit: number): boolean =>
  (unit >= 0x4e00 && unit <= 0x9fff) ||
  (unit >= 0x3400 && unit <= 0x4dbf) ||
  unit === 0x3005 ||
  unit === 0x3007 ||
  (unit >= 0xd840 && unit <= 0xd888)
