// Hides numbers that must not be kept: payment cards, Chinese identity numbers, US social security numbers. Only what proves itself by length,
// prefix and check digit (or, where there is none, by its form) is touched, so that order, phone and tracking numbers stay as they are. Pure;
// a second pass changes nothing, because a masked number keeps too few digits to be one.

export type HiddenNumber = 'card' | 'identity'

export interface Masked {
  readonly text: string
  /** Each kind once, cards first; empty where nothing was hidden, and `text` is the very text then. */
  readonly found: readonly HiddenNumber[]
}

interface Span {
  readonly start: number
  readonly end: number
  readonly kind: HiddenNumber
  readonly mask: string
}

const CARD_MASK = '**** **** **** '
const IDENTITY_MASK = '****************'

export function maskNumbers(text: string): Masked {
  const plain = inAscii(text)
  if (!/\d[^\n]*\d/.test(plain)) return { text, found: [] }
  const spans: Span[] = []
  for (const find of [chineseIdentities, socialSecurityNumbers, cards])
    for (const span of find(plain)) if (!spans.some(other => span.start < other.end && other.start < span.end)) spans.push(span)
  if (spans.length === 0) return { text, found: [] }
  spans.sort((a, b) => a.start - b.start)
  let masked = ''
  let from = 0
  for (const { start, end, mask } of spans) {
    masked += text.slice(from, start) + mask
    from = end
  }
  const kinds = new Set(spans.map(({ kind }) => kind))
  return { text: masked + text.slice(from), found: (['card', 'identity'] as const).filter(kind => kinds.has(kind)) }
}

/** Full-width digits, letters, blanks and dashes as plain ones, unit by unit, so that places in the result are places in the text. */
function inAscii(text: string): string {
  return text
    .replace(/[\uff0d\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]/g, wide => String.fromCharCode(wide.charCodeAt(0) - 0xfee0))
    .replace(/[\u00a0\u2002-\u200a\u202f\u3000]/g, ' ')
    .replace(/[\u2010-\u2015\u2212]/g, '-')
}

// A number that letters lead is a tracking number or the like (SF1234567890123), unless the letters say what it is.
const NOT_LED = '(?<![0-9])(?:(?<![A-Za-z])|(?<=card|visa|amex|master|number|id|ssn))'

// ---- Chinese identity numbers: region, date of birth, serial, check character

const CHINESE = new RegExp(`${NOT_LED}([1-9]\\d{5})[ -]?(\\d{8})[ -]?(\\d{3}[\\dXx])(?![0-9A-Za-z])`, 'gi')
const PROVINCES = new Set(
  '11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83 91'.split(' '),
)
const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
const CHECKS = '10X98765432'

function* chineseIdentities(text: string): Iterable<Span> {
  for (const { 0: whole, 1: region = '', 2: born = '', 3: rest = '', index } of text.matchAll(CHINESE)) {
    const number = `${region}${born}${rest}`.toUpperCase()
    if (!PROVINCES.has(region.slice(0, 2)) || !isDate(born)) continue
    const sum = WEIGHTS.reduce((total, weight, i) => total + weight * Number(number[i]), 0)
    if (CHECKS[sum % 11] === number[17])
      yield { start: index, end: index + whole.length, kind: 'identity', mask: `${IDENTITY_MASK}${number.slice(-2)}` }
  }
}

/** `19900307`, a day that was. */
function isDate(text: string): boolean {
  const [year, month, day] = [Number(text.slice(0, 4)), Number(text.slice(4, 6)), Number(text.slice(6))]
  if (year < 1800 || year > 2099 || month < 1 || month > 12 || day < 1) return false
  return day <= new Date(Date.UTC(year, month, 0)).getUTCDate()
}

// ---- US social security numbers: no check digit, so by form and range alone

const SOCIAL = new RegExp(`${NOT_LED}(?<!\\d-)(?!000|666|9)\\d{3}-(?!00)\\d{2}-(?!0000)\\d{4}(?![0-9A-Za-z]|-\\d)`, 'gi')

function* socialSecurityNumbers(text: string): Iterable<Span> {
  for (const { 0: whole, index } of text.matchAll(SOCIAL))
    yield { start: index, end: index + whole.length, kind: 'identity', mask: `***-**-**${whole.slice(-2)}` }
}

// ---- Payment cards

const RUN = new RegExp(`${NOT_LED}\\d+(?:(?: {1,2}| ?- ?)\\d+)*`, 'gi')
const LONGEST = 19
/** Of the first group of what areUsual takes; a long row of single digits is passed by at once. */
const OPENING_SIZES = new Set([4, 6, 8, 13, 14, 15, 16, 17, 18, 19])
const SHORTEST = 13

interface Group {
  readonly start: number
  readonly digits: string
}

/** Of the groups of a run some, one after another, may be a card: an amount before it and its date behind it are not. */
function* cards(text: string): Iterable<Span> {
  for (const { 0: run, index } of text.matchAll(RUN)) {
    const groups: Group[] = [...run.matchAll(/\d+/g)].map(match => ({ start: index + match.index, digits: match[0] }))
    // What an earlier pass has left of a card begins no other one.
    let first = text.endsWith(CARD_MASK, index) ? 1 : 0
    while (first < groups.length) {
      const length = cardAt(groups, first)
      if (length === 0) {
        first++
        continue
      }
      const [opening, closing] = [groups[first]!, groups[first + length - 1]!] // cardAt counts groups that are there
      const mask = `${CARD_MASK}${digitsOf(groups, first, length).slice(-4)}`
      yield { start: opening.start, end: closing.start + closing.digits.length, kind: 'card', mask }
      first += length
    }
  }
}

const digitsOf = (groups: readonly Group[], first: number, length: number): string =>
  groups
    .slice(first, first + length)
    .map(({ digits }) => digits)
    .join('')

/** How many groups from `first` on are a card, the most that can be; 0 where none. */
function cardAt(groups: readonly Group[], first: number): number {
  if (!OPENING_SIZES.has(groups[first]!.digits.length)) return 0 // below the length
  let found = 0
  let digits = ''
  const sizes: number[] = []
  for (let i = first; i < groups.length && digits.length < LONGEST; i++) {
    digits += groups[i]!.digits // below the length
    sizes.push(groups[i]!.digits.length)
    if (digits.length >= SHORTEST && digits.length <= LONGEST && areUsual(sizes) && isCard(digits)) found = sizes.length
  }
  return found
}

/** As cards are written: in one, in fours with what is left behind them, Amex 4-6-5, and 6-13 or 8-8. */
function areUsual(sizes: readonly number[]): boolean {
  if (sizes.length === 1) return true
  const rest = sizes.at(-1)! // not empty
  if (sizes.slice(0, -1).every(size => size === 4)) return sizes.length > 2 ? rest <= 8 : rest >= 9
  return ['4-6-5', '6-13', '6-10', '8-8', '8-11', '6-4-4-2', '6-4-4-4-1'].includes(sizes.join('-'))
}

function isCard(digits: string): boolean {
  const lengths = lengthsOf(digits)
  return lengths.includes(digits.length) && passesLuhn(digits)
}

/** How long cards of this prefix are; none where it is no card's. */
function lengthsOf(digits: string): readonly number[] {
  const [two, four] = [Number(digits.slice(0, 2)), Number(digits.slice(0, 4))]
  if (digits.startsWith('4')) return [13, 16, 19]
  if ((two >= 51 && two <= 55) || (four >= 2221 && four <= 2720)) return [16]
  if (two === 34 || two === 37) return [15]
  if (two === 62) return [16, 17, 18, 19]
  if (four === 6011 || two === 65 || (four >= 6440 && four <= 6499)) return [16, 19]
  if (two === 35) return [16, 19]
  return []
}

function passesLuhn(digits: string): boolean {
  let sum = 0
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i])
    sum += i % 2 === 0 ? digit : digit < 5 ? 2 * digit : 2 * digit - 9
  }
  return sum % 10 === 0
}
