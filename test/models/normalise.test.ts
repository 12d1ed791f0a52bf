import assert from 'node:assert/strict'
import { test } from 'node:test'
import { detectLanguage, normaliseText } from '@parley/core/pipeline/normalise.ts'
import { createRandom } from '../random.ts'

const CASES: readonly (readonly [what: string, original: string, normalised: string])[] = [
  ['full-width letters, digits and marks become plain', 'ＡＢＣ１２３！？，（）', 'abc123!?,()'],
  ['capitals become small', 'WHERE Is My ORDER', 'where is my order'],
  ['traditional becomes simplified', '收到的大閘蟹有三隻是死的，怎麼賠', '收到的大闸蟹有三只是死的,怎么赔'],
  ["so do Taiwan's and Hong Kong's forms", '著急，裏面和裡面，綁著', '着急,里面和里面,绑着'],
  ['what is written 著 in simplified as well stays', '著名 名著 显著', '著名 名著 显著'],
  ['simplified stays as it is', '螃蟹死了怎么赔。能赔么 么么哒 后天 干净 台', '螃蟹死了怎么赔。能赔么 么么哒 后天 干净 台'],
  ['a lone high surrogate is replaced', 'a\ud800b', 'a\ufffdb'],
  ['a lone low surrogate is replaced', '\udc00螃蟹', '\ufffd螃蟹'],
  ['NUL and control characters become blanks', 'a\0b\u0007c\u009fd', 'a b c d'],
  ['white space of every kind is folded', ' \t a \u00a0\u3000\r\n b ', 'a b'],
  ['zero-width characters go', '螃\u200b蟹\u200d死\ufeff了\u2060', '螃蟹死了'],
  ['direction marks go', '\u202eabc\u202c', 'abc'],
  ['emoji stay', '好的👍😡', '好的👍😡'],
  ['a variation selector goes', '❤️', '❤'],
  ['curly apostrophes and quotes become plain', 'don’t “stop”', 'don\'t "stop"'],
  ['an accent used as an apostrophe becomes one', 'don´t isn`t', "don't isn't"],
  ['so does a grave accent in plain text', 'don`t', "don't"],
  ['letters with accents are composed', 'cafe\u0301', 'café'],
  ['nothing stays nothing', '', ''],
  ['only invisible characters are nothing', '\u200b\ufeff \0', ''],
]

for (const [what, original, normalised] of CASES) {
  test(`normalise: ${what}`, () => assert.equal(normaliseText(original), normalised))
}

test('normalise: a second pass changes no character there is', () => {
  for (let point = 0; point <= 0x2ffff; point++) {
    const once = normaliseText(String.fromCodePoint(point))
    if (normaliseText(once) !== once) assert.fail(`U+${point.toString(16)} ${once} ${normaliseText(once)}`)
  }
})

test('normalise: a second pass changes nothing, and the text is well-formed, whatever was typed', () => {
  const random = createRandom(7)
  const blocks = [
    [0x20, 0x7e],
    [0, 0x24f],
    [0x2000, 0x206f],
    [0x3000, 0x30ff],
    [0x4e00, 0x9fff],
    [0xd800, 0xdfff],
    [0xf900, 0xffff],
  ] as const
  for (let round = 0; round < 3_000; round++) {
    const text = Array.from({ length: 1 + Math.floor(random() * 12) }, () => {
      const [from, to] = blocks[Math.floor(random() * blocks.length)]!
      return String.fromCharCode(from + Math.floor(random() * (to - from + 1)))
    }).join('')
    const once = normaliseText(text)
    assert.ok(once.isWellFormed(), JSON.stringify(text))
    assert.equal(normaliseText(once), once, JSON.stringify(text))
  }
})

const LANGUAGES: readonly (readonly [text: string, language: 'zh' | 'en'])[] = [
  ['螃蟹死了', 'zh'],
  ['where is my order', 'en'],
  ['iphone 15 pro max 什么时候发货', 'zh'],
  ['is my 大闸蟹 on its way', 'en'],
  ['ok 谢谢', 'zh'],
  ["i don't want it, 退款", 'en'],
  ['café', 'en'],
  ['𠮷', 'zh'],
]

for (const [text, language] of LANGUAGES) {
  test(`language: ${JSON.stringify(text)} is ${language}, whatever the hint`, () => {
    assert.equal(detectLanguage(text, 'zh'), language)
    assert.equal(detectLanguage(text, 'en'), language)
  })
}

for (const text of ['', '881', '???', '👍', 'привет']) {
  test(`language: ${JSON.stringify(text)} says nothing, so the hint decides`, () => {
    assert.equal(detectLanguage(text, 'zh'), 'zh')
    assert.equal(detectLanguage(text, 'en'), 'en')
  })
}
