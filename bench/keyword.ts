// How long the keyword voter takes for a 500-character message with 10,000 phrases, beside looking for every phrase by itself.
//   node bench/keyword.ts [phrases] [characters]
import { createAutomaton } from '@parley/models/keyword/automaton.ts'
import { createKeywordVoter } from '@parley/models/keyword/keyword-voter.ts'
import { createRandom } from '../test/random.ts'

const REPEATS = 5
const phraseCount = Number(process.argv[2] ?? 10_000)
const characters = Number(process.argv[3] ?? 500)

const random = createRandom(1)
const upTo = (count: number): number => Math.floor(random() * count)
// Five hundred everyday characters and words of two to eight letters: much overlaps, as it does in a real list.
const han = (): string => String.fromCharCode(0x4e00 + upTo(500))
const word = (): string => Array.from({ length: 2 + upTo(7) }, () => String.fromCharCode(0x61 + upTo(26))).join('')
const phraseOf = (isHan: boolean): string =>
  isHan ? Array.from({ length: 2 + upTo(4) }, han).join('') : Array.from({ length: 1 + upTo(3) }, word).join(' ')

const phrases = new Set<string>()
while (phrases.size < phraseCount) phrases.add(phraseOf(phrases.size % 2 === 0))
const list = [...phrases]
const started = performance.now()
const voter = createKeywordVoter({ 'zh-CN': { COMPENSATE: list.map(phrase => ({ phrase, weight: 0.5 })) } })
console.log(`${list.length} phrases, built in ${(performance.now() - started).toFixed(0)} ms`)

// Messages half in characters, half in words, with a phrase here and there: some dozens of matches, far more than people write.
const messages = Array.from({ length: 50 }, (_, i) => {
  let text = ''
  while (text.length < characters)
    text += random() < 0.03 ? ` ${list[upTo(list.length)]} ` : i % 2 === 0 ? han() : random() < 0.2 ? ` ${word()} ` : word()
  return text.slice(0, characters)
})

const automaton = createAutomaton(list)
const ours = fastest(() => messages.reduce((sum, text) => sum + voter.vote(text).length, 0), 20)
const scan = fastest(() => messages.reduce((sum, text) => sum + automaton.scan(text).count, 0), 20)
const naive = fastest(() => messages.reduce((sum, text) => sum + list.filter(phrase => text.includes(phrase)).length, 0), 1)
const perMessage = (ms: number): string => `${((ms * 1000) / messages.length).toFixed(1).padStart(9)} µs`
const found = messages.reduce((sum, text) => sum + automaton.scan(text).count, 0) / messages.length
console.log(`a vote       ${perMessage(ours)}   a message of ${characters} characters, ${found.toFixed(1)} matches (aim: under 50)`)
console.log(`the scan     ${perMessage(scan)}`)
console.log(`one by one   ${perMessage(naive)}   ${(naive / ours).toFixed(0)} times as long as the vote`)

/** Milliseconds for one run: the least of several rounds, after a warm-up. */
function fastest(work: () => number, times: number): number {
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round <= REPEATS; round++) {
    const at = performance.now()
    for (let i = 0; i < times; i++) work()
    const ms = (performance.now() - at) / times
    if (round > 0) best = Math.min(best, ms)
  }
  return best
}
