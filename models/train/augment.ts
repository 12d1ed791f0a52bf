// Makes more examples out of those that people wrote: the slips of a thumb on a phone, and noise that is nobody's request.
import type { Language } from '@parley/plugin-sdk/vocabulary.ts'
import type { Random } from './random.ts'

/** The text with one slip for about every twelve characters, at least one: a letter dropped, doubled or swapped with its neighbour. */
export function withSlips(text: string, random: Random): string {
  const characters = [...text]
  const slips = Math.max(1, Math.round(characters.length / 12))
  for (let slip = 0; slip < slips && characters.length > 3; slip++) {
    const at = Math.floor(random() * (characters.length - 1))
    const kind = random()
    if (kind < 0.4) characters.splice(at, 1)
    else if (kind < 0.7)
      characters.splice(at, 0, characters[at]!) // within the text
    else characters.splice(at, 2, characters[at + 1]!, characters[at]!) // at + 1 is within the text
  }
  return characters.join('')
}

const KEYBOARD = ['qwertyuiop', 'asdfghjkl', 'zxcvbnm']
const HAN_START = 0x4e00
/** How many characters of the block are in use at all; the rarer ones behind them say nothing more. */
const HAN_COUNT = 0x5000

/** Noise of a language: keys struck along a row or at random, or Han characters drawn at random. */
export function gibberish(language: Language, random: Random): string {
  const isHan = language === 'zh' && random() < 0.7
  const words = 1 + Math.floor(random() * (isHan ? 2 : 4))
  return Array.from({ length: words }, () => (isHan ? randomHan(random) : keyMash(random))).join(' ')
}

const randomHan = (random: Random): string =>
  String.fromCharCode(...Array.from({ length: 2 + Math.floor(random() * 7) }, () => HAN_START + Math.floor(random() * HAN_COUNT)))

function keyMash(random: Random): string {
  const length = 2 + Math.floor(random() * 8)
  const row = KEYBOARD[Math.floor(random() * KEYBOARD.length)]! // an index below its length
  if (random() < 0.5) {
    const from = Math.floor(random() * row.length)
    return Array.from({ length }, (_, i) => row[(from + i) % row.length]).join('')
  }
  const keys = random() < 0.5 ? row : KEYBOARD.join('')
  return Array.from({ length }, () => keys[Math.floor(random() * keys.length)]).join('')
}
