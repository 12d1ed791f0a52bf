// Finds the value of a slot in the customer's words. Cautious where the bot has not asked for it: a year is no order and a price no count.
import type { SlotEntry } from '../pack/pack.ts'
import type { QuickReply } from '../protocol/server-message.ts'

export interface Found {
  readonly value: string
  /** The message says the value and nothing else: it answers a question and opens no other topic. */
  readonly isWhole: boolean
  /** It is, to the letter, what was offered: whatever else the words might mean. */
  readonly isName?: true
}

/** Every piece that was bought: `plan` turns it into their number once the order is known. */
export const ALL = 'all'

const FILLER =
  /订单号?|单号|编号|号码|这[一个单件只]?|那[一个单件只]?|就是|应该是|是|我的|我|的|吧|了|哦|啊|呢|一共|总共|大概|查|看|有|坏|死|碎|烂|号|個|order|number|no\.?|it'?s|its|it is|is|the|my|this|that|one|please|was|were|are|about|of them|them|dead|broken|in total|#|[\s,.!?:;，。！？：；、~()（）「」"']/gu

/** `text` is normalised. `choices` are what was offered with the question; undefined when it was not asked. */
export function findSlot(kind: SlotEntry['kind'], text: string, choices: readonly QuickReply[] | undefined): Found | undefined {
  switch (kind) {
    case 'order':
      return findOrder(text, choices)
    case 'count':
      return findCount(text, choices !== undefined)
    case 'text':
      return choices !== undefined && text !== '' ? { value: text, isWhole: true } : undefined
  }
}

const isNothingBut = (text: string, matched: string): boolean => text.replace(matched, '').replace(FILLER, '') === ''

/** `2024-881`: a year and a number of three digits or more. A date goes on with another dash. */
const DATED = /(?<![\d-])(20\d{2})\s?[-–—_]\s?(\d{3,6})(?![\d-])/u
/** Any other number, where the words before it say what it is. */
const NAMED = /(?:订单号?|单号|order(?:\s+(?:number|no\.?|id))?|#)\s*(?:是|为|is|:|：|#)?\s*([a-z]{0,4}-?\d[\da-z-]{2,23})(?![\da-z])/u
const TOKEN = /(?<![\da-z-])([a-z]{0,4}-?\d[\da-z-]{2,23})(?![\da-z-])/u

function findOrder(text: string, choices: readonly QuickReply[] | undefined): Found | undefined {
  const dated = DATED.exec(text)
  if (dated) return { value: `${dated[1]}-${dated[2]}`, isWhole: isNothingBut(text, dated[0]) }
  const named = NAMED.exec(text)
  if (named?.[1]) {
    const value = named[1].toUpperCase()
    const [offered, ...others] = (choices ?? []).filter(choice => choice.text.endsWith(value))
    return { value: offered && others.length === 0 ? offered.text : value, isWhole: isNothingBut(text, named[0]) }
  }
  if (choices === undefined) return undefined
  const chosen = findChoice(text, choices)
  if (chosen) return chosen
  const token = TOKEN.exec(text)
  return token?.[1] && isNothingBut(text, token[0]) ? { value: token[1].toUpperCase(), isWhole: true } : undefined
}

const ORDINALS: readonly RegExp[] = [
  /^(?:第[一1]|(?:最?上|最前)面|最近|最新|最后买|刚(?:买|下)|the (?:first|top|newest|latest|most recent|last)|first|top one|latest|1$|1\b(?!\d))/u,
  /^(?:第[二2]|the second|second|2$|2\b(?!\d))/u,
  /^(?:第[三3]|the third|third|3$|3\b(?!\d))/u,
  /^(?:第[四4]|the fourth|fourth|4$|4\b(?!\d))/u,
  /^(?:第[五5]|the fifth|fifth|5$|5\b(?!\d))/u,
]

/** Said before an answer, and no part of it. */
const BEFORE =
  /^(?:[\s,.!?，。！？、~…]|哈+|呵+|嘿+|嗯+|哦+|噢+|额+|呃+|那就?|就|我[要选说]|应该|(?:ha)+h?\b|lol\b|oh\b|u[hm]+\b|hm+\b|i (?:mean|meant|think)\b)+/u

/** What was offered, by its place, the end of its number, or a word of its label that no other one has. */
export function findChoice(text: string, choices: readonly QuickReply[]): Found | undefined {
  const bare = text.replace(/[\s,.!?，。！？~]+$/u, '').replace(BEFORE, '')
  const by = (choice: QuickReply | undefined): Found | undefined => choice && { value: choice.text, isWhole: true }
  const exact = choices.find(({ label, text: said }) => [label, said].some(words => words.toLowerCase() === bare))
  if (exact) return by(exact)
  const tail = /^\D{0,6}(\d{2,8})\D{0,6}$/u.exec(bare)?.[1]
  const byTail = tail ? choices.filter(choice => choice.text.endsWith(tail)) : []
  if (byTail.length === 1) return by(byTail[0])
  const place = bare.length <= 24 ? ORDINALS.findIndex(ordinal => ordinal.test(bare)) : -1
  if (place >= 0 && choices[place]) return by(choices[place])
  const byWord = choices.filter(({ label }) => wordsOf(label).some(word => bare.includes(word)))
  const [named, ...others] = byWord
  if (!named || others.length > 0 || bare.length > 24) return undefined
  return isJustNamed(bare, named.label) ? { value: named.text, isWhole: true, isName: true } : { value: named.text, isWhole: false }
}

/** Says the words of a label and nothing more. «the crabs made us sick» names an order as well, and is about something else. */
function isJustNamed(bare: string, label: string): boolean {
  if (/[死坏碎烂]|dead|broken/u.test(bare)) return false
  const words = wordsOf(label).sort((a, b) => b.length - a.length)
  const rest = words.reduce((left, word) => left.replaceAll(new RegExp(/[a-z]/.test(word) ? `${word}\\w*` : word, 'gu'), ''), bare)
  return rest.replace(FILLER, '').replace(/[单款件样只盒箱]/gu, '') === ''
}

/** Pieces of a label that a customer would name it by: Han runs in pairs, Latin words of four letters or more. */
function wordsOf(label: string): string[] {
  const runs = label.toLowerCase().match(/\p{Script=Han}{2,}|[a-z]{4,}/gu) ?? []
  return runs.flatMap(run => (/[a-z]/.test(run) ? [run] : [run, ...Array.from({ length: run.length - 1 }, (_, i) => run.slice(i, i + 2))]))
}

const DIGITS: Readonly<Record<string, number>> = {
  零: 0,
  一: 1,
  二: 2,
  两: 2,
  俩: 2,
  三: 3,
  仨: 3,
  四: 4,
  五: 5,
  六: 6,
  七: 7,
  八: 8,
  九: 9,
}
const WORDS = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve']
// «none» is no one, and neither is «the crab one».
const NUMBER = `(?<n>\\d{1,3}|[一二两俩三仨四五六七八九]?十[一二三四五六七八九]?|[一二两俩三仨四五六七八九]|(?<!\\b(?:the|this|that)(?: \\w+)? )\\bone\\b|\\b(?:${WORDS.slice(2).join('|')})\\b|a dozen|half a dozen)`
// 「第一个」 is a place in a list, and counts nothing.
const MEASURED_ZH = new RegExp(
  `(?<!第)${NUMBER}\\s?(?:多)?(?:只|个|件|枚|颗|条|瓶|盒|箱|袋|包|罐|块|双|台|套|份|斤|杯|盘)(?!月|小时|星期|礼拜|工作日|人|问题)`,
  'u',
)
const MEASURED_EN = new RegExp(
  `\\b${NUMBER}\\b(?=\\s+(?:of\\s+(?:them|the|my|these|those)|(?:\\w+\\s+)?(?:crabs?|eggs?|pieces?|items?|bottles?|boxes|box|glasses|cups?|plates?|bowls?|shrimps?|prawns?|jars?|packs?|bags?|cans?)\\b|(?:are|were|is|was|arrived|came)\\s+(?:dead|broken|bad|rotten|cracked|smashed|spoiled|crushed)))`,
  'u',
)
// The digits of an order's number count nothing either.
const BARE_COUNT = new RegExp(`(?<![\\d.第]|\\d-)${NUMBER}(?![\\d.]|-\\d)`, 'u')
const EVERY = /^(?:全部|全都?|都|所有|整箱|一整[箱盒]|all|everything|every one|all of (?:them|it)|the (?:whole|entire))/u

function findCount(text: string, isAsked: boolean): Found | undefined {
  const measured = MEASURED_ZH.exec(text) ?? MEASURED_EN.exec(text)
  // Who answers may correct a count («another one is dead, so 2»): the last one counts.
  const found = isAsked && text.length <= 30 ? lastOf([MEASURED_ZH, MEASURED_EN, BARE_COUNT], text) : measured
  const value = found?.groups?.n === undefined ? undefined : numberOf(found.groups.n)
  if (found && value !== undefined && value > 0)
    return { value: String(value), isWhole: isNothingBut(text, found[0]) || (isAsked && text.length <= 12) }
  return isAsked && EVERY.test(text) && text.length <= 24 ? { value: ALL, isWhole: true } : undefined
}

function lastOf(patterns: readonly RegExp[], text: string): RegExpExecArray | undefined {
  const all = patterns.flatMap(pattern => [...text.matchAll(new RegExp(pattern, `${pattern.flags}g`))])
  return all.reduce<RegExpExecArray | undefined>((last, each) => (!last || each.index > last.index ? each : last), undefined)
}

function numberOf(words: string): number | undefined {
  if (/^\d+$/.test(words)) return Number(words)
  if (words === 'a dozen') return 12
  if (words === 'half a dozen') return 6
  const english = WORDS.indexOf(words)
  if (english >= 0) return english
  const [tens, ones] = words.split('十')
  if (ones === undefined) return DIGITS[words]
  return (tens ? (DIGITS[tens] ?? 0) : 1) * 10 + (ones ? (DIGITS[ones] ?? 0) : 0)
}
