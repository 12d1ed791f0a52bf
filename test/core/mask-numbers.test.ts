import assert from 'node:assert/strict'
import { test } from 'node:test'
import { maskNumbers } from '@parley/core/conversation/mask-numbers.ts'
import { createRandom } from '../random.ts'

const MASKED: readonly (readonly [text: string, masked: string, found: readonly string[]])[] = [
  ['4111 1111 1111 1111', '**** **** **** 1111', ['card']],
  ['my card is 4111111111111111, please charge it', 'my card is **** **** **** 1111, please charge it', ['card']],
  ['card4111111111111111', 'card**** **** **** 1111', ['card']],
  ['卡号是5500-0000-0000-0004，快帮我查', '卡号是**** **** **** 0004，快帮我查', ['card']],
  ['２２２１０００００００００００９', '**** **** **** 0009', ['card']],
  ['2720 9900 0000 0007 12/27', '**** **** **** 0007 12/27', ['card']],
  ['amex 3782 822463 10005', 'amex **** **** **** 0005', ['card']],
  ['371449635398431', '**** **** **** 8431', ['card']],
  ['6212345678901265', '**** **** **** 1265', ['card']],
  ['银联 6222 0212 3456 7890 128 到期', '银联 **** **** **** 0128 到期', ['card']],
  ['6011 1111 1111 1117', '**** **** **** 1117', ['card']],
  ['6500-0000-0000-0002', '**** **** **** 0002', ['card']],
  ['3530111333300000', '**** **** **** 0000', ['card']],
  ['4222222222222', '**** **** **** 2222', ['card']],
  ['paid 100 4111 1111 1111 1111 123', 'paid 100 **** **** **** 1111 123', ['card']],
  ['4111 1111 1111 1111 5500 0000 0000 0004', '**** **** **** 1111 **** **** **** 0004', ['card']],
  ['４１１１　１１１１　１１１１　１１１１！', '**** **** **** 1111！', ['card']],
  ['4111 – 1111 – 1111 – 1111', '**** **** **** 1111', ['card']],
  ['**4111 1111 1111 1111**', '****** **** **** 1111**', ['card']],
  ['身份证11010519491231002X', '身份证****************2X', ['identity']],
  ['我的身份证号 440524188001010014 要怎么填', '我的身份证号 ****************14 要怎么填', ['identity']],
  ['34052419800101001x', '****************1X', ['identity']],
  ['110105 19491231 002X', '****************2X', ['identity']],
  ['１１０１０５１９４９１２３１００２Ｘ', '****************2X', ['identity']],
  ['my ssn is 078-05-1120.', 'my ssn is ***-**-**20.', ['identity']],
  ['SSN:899-99-9999', 'SSN:***-**-**99', ['identity']],
  ['11010519491231002X 4111111111111111', '****************2X **** **** **** 1111', ['card', 'identity']],
]

for (const [text, masked, found] of MASKED)
  test(`hidden: ${text}`, () => {
    assert.deepEqual(maskNumbers(text), { text: masked, found })
    assert.deepEqual(maskNumbers(masked), { text: masked, found: [] })
  })

const KEPT: readonly string[] = [
  '',
  '订单 2024-881 到哪了',
  'order 2024-881 and 2024-702, both late',
  '13800138000',
  '+86 138 0013 8000',
  '400-800-8888 转 123',
  '+1 (555) 010-9999',
  '020 7946 0958',
  'SF1234567890123',
  'sf4111111111111111',
  'JD4111111111111111',
  'YT4222222222222',
  '123456789012',
  '773012345678901',
  '1Z999AA10123456784',
  'RR123456785CN',
  '2025-11-03 12:30:45',
  '20251103123045',
  '1762171845123',
  '¥1,299.00 and 218.00',
  '4111 1111 1111 1112',
  '4111 1111 1111 111',
  '411 1111 1111 11111',
  '5011 1111 1111 1116',
  '41111111111111111111',
  '4.111111111111111',
  '3 kg, 12 x 6, 24 h',
  '11010519491331002X',
  '110105194912310021',
  '99010519491231002X',
  '11010519490229001X',
  '000-12-3456',
  '666-12-3456',
  '900-12-3456',
  '123-00-4567',
  '123-45-0000',
  '2024-123-45-6789',
  '123-45-6789-1',
  '**** **** **** 1234',
  '螃蟹 6 只，坏了 2 只',
]

for (const text of KEPT) test(`kept: ${JSON.stringify(text)}`, () => assert.deepEqual(maskNumbers(text), { text, found: [] }))

/** What makes a number pass its check, found by trying: not by the arithmetic that is tested. */
const BRANDS: readonly (readonly [prefix: string, lengths: readonly number[]])[] = [
  ['4', [13, 16, 19]],
  ['51', [16]],
  ['55', [16]],
  ['2221', [16]],
  ['2720', [16]],
  ['34', [15]],
  ['37', [15]],
  ['62', [16, 17, 18, 19]],
  ['6011', [16]],
  ['65', [16]],
  ['35', [16]],
]

const SEED = 20_251_124
const ROUNDS = 3_000

test(`whatever is written around them, cards and identity numbers are hidden, all else stays, and a second pass changes nothing (seed ${SEED})`, () => {
  const random = createRandom(SEED)
  const below = (n: number): number => Math.floor(random() * n)
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]! // below the length
  const digits = (n: number): string => Array.from({ length: n }, () => below(10)).join('')
  const luhnSum = (number: string): number =>
    [...number].reverse().reduce((sum, digit, i) => sum + [...String(Number(digit) * (1 + (i % 2)))].reduce((a, b) => a + Number(b), 0), 0)
  const card = (): string => {
    const [prefix, lengths] = pick(BRANDS)
    const body = prefix + digits(pick(lengths) - prefix.length - 1)
    const check = '0123456789'.split('').find(last => luhnSum(body + last) % 10 === 0)
    return body + check
  }
  const written = (number: string): string => {
    const separator = pick(['', ' ', '-', '　', '－'])
    const groups = number.length === 15 ? /^(.{4})(.{6})(.{5})$/ : /(.{4})(?=.)/g
    const grouped =
      number.length === 15 ? number.replace(groups, `$1${separator}$2${separator}$3`) : number.replace(groups, `$1${separator}`)
    return random() < 0.2 ? grouped.replace(/\d/g, digit => String.fromCharCode(digit.charCodeAt(0) + 0xfee0)) : grouped
  }
  const identity = (): string => {
    const born = new Date(Date.UTC(1940 + below(80), below(12), 1 + below(28))).toISOString().slice(0, 10).replaceAll('-', '')
    const body = `${pick(['11', '31', '44', '51', '62'])}0${digits(3)}${born}${digits(3)}`
    // The sum of all eighteen, each by 2 to the power of its place from the end, is 1 by 11; X is ten.
    const rest = [...body].reduce((sum, digit, i) => (sum + Number(digit) * 2 ** (17 - i)) % 11, 0)
    return body + '0123456789X'.split('').find((_, value) => (rest + value) % 11 === 1)
  }
  const words = ['订单', 'order', '2024-881', '你好', 'SF1234567890123', '13800138000', '¥54.00', '12:30', 'please', '，', '3 件']
  for (let round = 0; round < ROUNDS; round++) {
    const secrets: string[] = []
    const kinds = new Set<string>()
    const text = Array.from({ length: 1 + below(6) }, () => {
      const kind = below(5)
      if (kind > 1) return pick(words)
      const secret = kind === 0 ? card() : identity()
      secrets.push(secret)
      kinds.add(kind === 0 ? 'card' : 'identity')
      return kind === 0 ? written(secret) : secret
    }).join(pick(['。', ', ', '\n', ' / ']))
    const { text: masked, found } = maskNumbers(text)
    const left = masked.normalize('NFKC').replace(/[^0-9X]/g, '')
    for (const secret of secrets) assert.ok(!left.includes(secret.slice(0, -4)), `round ${round}: ${text} became ${masked}`)
    assert.deepEqual([...found], [...kinds].sort(), `round ${round}: ${text} became ${masked}`)
    for (const word of words) assert.equal(masked.split(word).length, text.split(word).length, `round ${round}: ${text} became ${masked}`)
    assert.deepEqual(maskNumbers(masked), { text: masked, found: [] }, `round ${round}: ${text}`)
  }
  for (let round = 0; round < ROUNDS; round++) {
    const soup = Array.from({ length: 4 + below(60) }, () =>
      pick(['0', '1', '2', '4', '4242', '6', '5', '37', ' ', '-', '*', 'X', '19900101', '**** **** **** ']),
    ).join('')
    const once = maskNumbers(soup).text
    assert.equal(maskNumbers(once).text, once, `round ${round}: ${soup}`)
  }
})
