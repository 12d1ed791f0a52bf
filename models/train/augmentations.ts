// Ways in which a sentence that somebody wrote becomes one more that somebody could have written. Each is measured before it is used
// (trials.ts): none is taken on trust.
import { normaliseText } from '@parley/core/pipeline/normalise.ts'
import type { Language } from '@parley/plugin-sdk/vocabulary.ts'
import { withSlips } from './augment.ts'
import { HOMOPHONES } from './homophones.ts'
import type { Random } from './random.ts'

export const AUGMENTATIONS = ['typos', 'pinyin', 'word-drop', 'emoji', 'order-numbers'] as const
export type Augmentation = (typeof AUGMENTATIONS)[number]

type Rewrite = (text: string, language: Language, random: Random) => string

const REWRITES: Readonly<Record<Augmentation, Rewrite>> = {
  typos: (text, _language, random) => withSlips(text, random),
  pinyin: withHomophones,
  'word-drop': withoutWord,
  emoji: withEmoji,
  'order-numbers': withNumber,
}

/** The text, which `normaliseText` gave, as it would be then; the same text where there is nothing in it to change. */
export const rewrite = (augmentation: Augmentation, text: string, language: Language, random: Random): string =>
  normaliseText(REWRITES[augmentation](text, language, random))

/** One character in eight, at least one, for another that sounds like it. */
function withHomophones(text: string, _language: Language, random: Random): string {
  const characters = [...text]
  const places = characters.flatMap((character, i) => (HOMOPHONES.has(character) ? [i] : []))
  const slips = Math.min(places.length, Math.max(1, Math.round(characters.length / 8)))
  for (let slip = 0; slip < slips; slip++) {
    const at = places.splice(pick(places.length, random), 1)[0]! // fewer slips than places
    const others = HOMOPHONES.get(characters[at]!)! // a place is of a character that has some
    characters[at] = others[pick(others.length, random)]!
  }
  return characters.join('')
}

/** Below it one word less is another sentence. */
const WORDS_FROM = 4

const segmenters = { zh: new Intl.Segmenter('zh', { granularity: 'word' }), en: new Intl.Segmenter('en', { granularity: 'word' }) }

function withoutWord(text: string, language: Language, random: Random): string {
  const segments = [...segmenters[language].segment(text)]
  const words = segments.filter(({ isWordLike }) => isWordLike)
  if (words.length < WORDS_FROM) return text
  const gone = words[pick(words.length, random)]
  return segments
    .map(({ index, segment }) => (index === gone?.index ? '' : segment))
    .join('')
    .replace(/ {2,}/g, ' ')
    .trim()
}

/** None of them tells a mood: what is learned of a sentence with one must be what its words say. */
const EMOJI = ['🙏', '📦', '😅', '🦀', '👀', '🤔', '~']

function withEmoji(text: string, _language: Language, random: Random): string {
  const emoji = EMOJI[pick(EMOJI.length, random)]!.repeat(1 + pick(3, random))
  return random() < 0.8 ? `${text}${emoji}` : `${emoji}${text}`
}

/** An order's number before or behind, bare or called one. */
function withNumber(text: string, language: Language, random: Random): string {
  const digits = Array.from({ length: 6 + pick(12, random) }, () => pick(10, random)).join('')
  const called = language === 'zh' ? ['订单', '单号', '订单号:'] : ['order ', 'order number ', '#']
  const number = random() < 0.4 ? digits : `${called[pick(called.length, random)]}${digits}`
  return random() < 0.5 ? `${text} ${number}` : `${number} ${text}`
}

const pick = (count: number, random: Random): number => Math.floor(random() * count)
