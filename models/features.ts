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

/** Spreads the bits (the finish of MurmurHash3), as a signed number: above 2^31 an unsigned one would be kept on the heap. */
function finish(hash: number): number {
  let h = hash
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
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

/** More than a text of the longest length has. */
const MOST_FEATURES = 4 * LONGEST + 64
/** At least four places a feature, so that a search is short. */
const PLACES = 16_384

// Where one text's features are counted, and the next one's after it: a Map for each text took three quarters of the time that an answer takes.
const hashes = new Uint32Array(MOST_FEATURES)
const signed = new Int32Array(hashes.buffer)
const counts = new Uint16Array(MOST_FEATURES)
const placeOf = new Uint16Array(MOST_FEATURES)
/** 0 where it is free, else one more than the feature's index. */
const places = new Uint16Array(PLACES)
const words = new Int32Array(LONGEST)
let size = 0

function add(hash: number): void {
  let at = hash & (PLACES - 1)
  for (let taken = places[at]!; taken !== 0; taken = places[at]!) {
    if (signed[taken - 1] === hash) {
      counts[taken - 1]!++ // a feature's index
      return
    }
    at = (at + 1) & (PLACES - 1)
  }
  signed[size] = hash
  counts[size] = 1
  placeOf[size] = at
  places[at] = ++size
}

/** The features of one text by their 32-bit hash, in the order of first appearance, with how often each appears. */
export interface Counted {
  readonly size: number
  /** `size` of them count, here and in `counts`. */
  readonly hashes: Uint32Array
  readonly counts: Uint16Array
}

/** Counts of features by their 32-bit hash, in the order of first appearance. */
export type FeatureCounts = Map<number, number>

/** The features of a text that `normaliseText` gave. An empty text has its length alone. */
export function featuresOf(text: string): FeatureCounts {
  const found = countFeatures(text)
  const map: FeatureCounts = new Map()
  for (let i = 0; i < found.size; i++) map.set(found.hashes[i]!, found.counts[i]!) // below its size
  return map
}

/** As `featuresOf`, in arrays that hold until the next call. */
export function countFeatures(text: string): Counted {
  for (let i = 0; i < size; i++) places[placeOf[i]!] = 0 // what the text before has left
  size = 0
  const end = Math.min(text.length, LONGEST)
  let wordCount = 0
  let length = 0
  let i = 0
  while (i < end) {
    const unit = text.charCodeAt(i)
    if (isHan(unit)) {
      const stop = runEnd(text, i, end, isHan)
      addHanGrams(text, i, stop)
      length += stop - i
      i = stop
    } else if (isWordUnit(unit)) {
      let stop = runEnd(text, i, end, isWordUnit)
      while (isInnerApostrophe(text, stop, end)) stop = runEnd(text, stop + 1, end, isWordUnit)
      const word = addWord(text, i, stop)
      for (let apart = 1; apart <= REACH && apart <= wordCount; apart++)
        add(finish(mixIn(mixIn(mixIn(FNV_START, apart === 1 ? WORD_PAIR : WORD_PAIR_APART), words[wordCount - apart]!), word)))
      words[wordCount++] = word
      length++
      i = stop
    } else if (unit === 0x20) i++
    else i = addMark(text, i, end)
  }
  add(finish(mixIn(mixIn(FNV_START, LENGTH), Math.min(6, Math.ceil(Math.log2(length + 1))))))
  return { size, hashes, counts }
}

function runEnd(text: string, from: number, end: number, belongs: (unit: number) => boolean): number {
  let stop = from
  while (stop < end && belongs(text.charCodeAt(stop))) stop++
  return stop
}

function addHanGrams(text: string, start: number, stop: number): void {
  for (let i = start; i < stop; i++) {
    let hash = mixIn(FNV_START, HAN_GRAM)
    for (let j = i; j < stop && j < i + 3; j++) {
      hash = mixIn(hash, text.charCodeAt(j))
      add(finish(hash))
    }
  }
}

/** Adds a word with its parts; gives its hash, for the pair with the next one. */
function addWord(text: string, start: number, stop: number): number {
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
function addMark(text: string, at: number, end: number): number {
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
export const FEATURES_ID = `${VERSION}-${(
  finish(
    PROBES.flatMap(probe => [...featuresOf(probe)].flat()).reduce(
      (hash, part) => mixIn(mixIn(hash, part & 0xffff), part >>> 16),
      FNV_START,
    ),
  ) >>> 0
)
  .toString(16)
  .padStart(8, '0')}`
