// What a model sees of a text. The one function for training and for the live path: a model stores `FEATURES.id` and refuses another's.
// It knows no white space and no word list, so Chinese and typing errors need nothing special: Han runs give character n-grams of 1 to 3 (4
// brought nothing), words give themselves, pairs up to five words apart and character n-grams of 3 to 5 with their edges marked; digits count
// by their shape alone.

const VERSION = 'subword-1'

/** Longest text looked at, in UTF-16 units: what a customer wants is said by then, and a turn's cost stays bounded. */
const LONGEST = 1_000

const FNV_START = 0x811c9dc5
const FNV_PRIME = 0x01000193

const mixIn = (hash: number, value: number): number => Math.imul(hash ^ value, FNV_PRIME)

/** Spreads the bits (the finish of MurmurHash3), as an unsigned 32-bit number. */
function finish(hash: number): number {
  let h = hash
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

// What kind of feature a hash stands for; a character and a word that look alike must not meet.
const HAN_GRAM = 1
const WORD = 2
const WORD_PAIR = 3
const WORD_PAIR_APART = 7
const WORD_GRAM = 4
const MARK = 5
const LENGTH = 6

const EDGE = 0x23
/** How many words on a pair may reach. */
const REACH = 5

/** Counts of features by their 32-bit hash, in the order of first appearance. */
export type FeatureCounts = Map<number, number>

/** The features of a text that `normaliseText` gave. An empty text has its length alone. */
export function featuresOf(text: string): FeatureCounts {
  const counts: FeatureCounts = new Map()
  const add = (hash: number): void => void counts.set(hash, (counts.get(hash) ?? 0) + 1)
  const end = Math.min(text.length, LONGEST)
  const words: number[] = []
  let size = 0
  let i = 0
  while (i < end) {
    const unit = text.charCodeAt(i)
    if (isHan(unit)) {
      const stop = runEnd(text, i, end, isHan)
      addHanGrams(text, i, stop, add)
      size += stop - i
      i = stop
    } else if (isWordUnit(unit)) {
      let stop = runEnd(text, i, end, isWordUnit)
      while (isInnerApostrophe(text, stop, end)) stop = runEnd(text, stop + 1, end, isWordUnit)
      const word = addWord(text, i, stop, add)
      for (let apart = 1; apart <= REACH && apart <= words.length; apart++)
        add(finish(mixIn(mixIn(mixIn(FNV_START, apart === 1 ? WORD_PAIR : WORD_PAIR_APART), words[words.length - apart]!), word)))
      words.push(word)
      size++
      i = stop
    } else if (unit === 0x20) i++
    else i = addMark(text, i, end, add)
  }
  add(finish(mixIn(mixIn(FNV_START, LENGTH), Math.min(6, Math.ceil(Math.log2(size + 1))))))
  return counts
}

function runEnd(text: string, from: number, end: number, belongs: (unit: number) => boolean): number {
  let stop = from
  while (stop < end && belongs(text.charCodeAt(stop))) stop++
  return stop
}

function addHanGrams(text: string, start: number, stop: number, add: (hash: number) => void): void {
  for (let i = start; i < stop; i++) {
    let hash = mixIn(FNV_START, HAN_GRAM)
    for (let j = i; j < stop && j < i + 3; j++) {
      hash = mixIn(hash, text.charCodeAt(j))
      add(finish(hash))
    }
  }
}

/** Adds a word with its parts; gives its hash, for the pair with the next one. */
function addWord(text: string, start: number, stop: number, add: (hash: number) => void): number {
  const shape = digitShape(text, start, stop)
  if (shape !== 0) {
    const hash = finish(mixIn(mixIn(FNV_START, WORD), shape))
    add(hash)
    return hash
  }
  let whole = mixIn(FNV_START, WORD)
  for (let i = start; i < stop; i++) whole = mixIn(whole, text.charCodeAt(i))
  whole = finish(whole)
  add(whole)
  for (let i = start - 1; i <= stop - 2; i++) {
    let hash = mixIn(FNV_START, WORD_GRAM)
    for (let j = i; j <= stop && j < i + 5; j++) {
      hash = mixIn(hash, j < start || j === stop ? EDGE : text.charCodeAt(j))
      if (j - i >= 2) add(finish(hash))
    }
  }
  return whole
}

/** 0 for a word; for digits how many there are (5 and more look alike: an order number), for a mix of both one shape by length. */
function digitShape(text: string, start: number, stop: number): number {
  let digits = 0
  for (let i = start; i < stop; i++) if (isDigit(text.charCodeAt(i))) digits++
  if (digits === 0) return 0
  if (digits === stop - start) return 0x1_0000 + Math.min(digits, 5)
  return digits >= 4 ? 0x1_0010 : 0x1_0020 + Math.min(digits, 2)
}

/** A run of one mark (`!!!`) is one feature, told from a single one; an emoji is its own. Gives the place after it. */
function addMark(text: string, at: number, end: number, add: (hash: number) => void): number {
  const mark = text.codePointAt(at) ?? 0 // `at` is within the text
  const width = mark > 0xffff ? 2 : 1
  let stop = at + width
  while (stop < end && text.codePointAt(stop) === mark) stop += width
  const isRun = stop > at + width
  add(finish(mixIn(mixIn(mixIn(FNV_START, MARK), mark), isRun ? 2 : 1)))
  return stop
}

const isDigit = (unit: number): boolean => unit >= 0x30 && unit <= 0x39

const isHan = (unit: number): boolean => (unit >= 0x4e00 && unit <= 0x9fff) || (unit >= 0x3400 && unit <= 0x4dbf)

// Latin with accents, Greek, Cyrillic, kana, Hangul: whatever is written in words, or in runs that can pass for them.
const isWordUnit = (unit: number): boolean =>
  (unit >= 0x61 && unit <= 0x7a) ||
  isDigit(unit) ||
  (unit >= 0xc0 && unit <= 0x1fff && unit !== 0xd7 && unit !== 0xf7) ||
  (unit >= 0x3041 && unit <= 0x30ff) ||
  (unit >= 0xac00 && unit <= 0xd7a3)

const isInnerApostrophe = (text: string, at: number, end: number): boolean =>
  text.charCodeAt(at) === 0x27 && at + 1 < end && isWordUnit(text.charCodeAt(at + 1))

const PROBES = [
  '',
  '螃蟹死了怎么赔',
  'where is my order 20251103887? it was promised for yesterday!!',
  "i don't want it, 退款 a1b2c3 iphone15 😡😡",
  '12 345 99999 … café',
  'привет こんにちは 𠮷',
]

/** Names this function by what it does: a version, and a hash over the features of fixed texts. Changes whenever an answer to them does. */
export const FEATURES_ID = `${VERSION}-${finish(
  PROBES.flatMap(probe => [...featuresOf(probe)].flat()).reduce((hash, part) => mixIn(mixIn(hash, part & 0xffff), part >>> 16), FNV_START),
)
  .toString(16)
  .padStart(8, '0')}`
