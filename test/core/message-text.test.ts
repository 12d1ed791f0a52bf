import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '@parley/core/faults.ts'
import { messageText } from '@parley/core/protocol/message-text.ts'
import { parseFrame } from '@parley/core/protocol/parse-frame.ts'

const codeOf = (run: () => unknown): string => {
  try {
    run()
  } catch (error) {
    if (isFault(error)) return `${error.code}: ${error.message}`
    throw error
  }
  return 'none'
}

test('[RT4] odd text is data: it is kept, well-formed and in NFC', () => {
  assert.equal(messageText('a\0b'), 'ab')
  assert.equal(messageText('x\ud800y'), 'x�y')
  assert.equal(messageText('e\u0301'), 'é')
  assert.equal(messageText('螃蟹🦀'), '螃蟹🦀')
})

test('[RT6] 4,000 characters are code points after NFC; 4,001 are refused and say so', () => {
  assert.equal(messageText('🦀'.repeat(4_000)).length, 8_000)
  assert.equal(messageText('e\u0301'.repeat(4_000)).length, 4_000)
  assert.match(
    codeOf(() => messageText('蟹'.repeat(4_001))),
    /^TEXT_TOO_LONG: .*4001 characters.*4000/,
  )
  assert.match(
    codeOf(() => messageText(' \0\n ')),
    /^TEXT_EMPTY/,
  )
})

test('[RT4] a broken frame is refused with what and where, and never quoted', () => {
  for (const [frame, expected] of [
    ['', /^FRAME_NOT_JSON/],
    ['{"type":"say",', /^FRAME_NOT_JSON/],
    ['{"type":"hello" 我的密码}', /^FRAME_NOT_JSON: (?!.*密码)/],
    ['[]', /^FRAME_INVALID/],
    ['null', /^FRAME_INVALID/],
    ['{"type":"shout"}', /^FRAME_INVALID: .*type/],
    ['{"type":"say","ref":"a b","text":"x"}', /^FRAME_INVALID: .*ref/],
    ['{"type":"say","ref":"a","text":7}', /^FRAME_INVALID: .*text/],
    ['{"type":"say","ref":"a","text":"x","extra":1}', /^FRAME_INVALID/],
    ['{"type":"say","ref":"a","text":"x","__proto__":{"admin":true}}', /^FRAME_INVALID|none/],
    ['{"type":"hello","protocol":2,"token":"t","conversation":"c","resumeAfter":null}', /^PROTOCOL_VERSION: .*2.*1/],
    ['{"type":"hello","token":"t","conversation":"c","resumeAfter":null}', /^PROTOCOL_VERSION: .*null/],
    [
      '{"type":"hello","protocol":1,"token":"t","conversation":"c","resumeAfter":{"epoch":"e","seq":-1}}',
      /^FRAME_INVALID: .*resumeAfter\.seq/,
    ],
    [`${'['.repeat(10_000)}`, /^FRAME_NOT_JSON/],
    ['{"type":"say","ref":"a","text":"x","ref":1e400}', /^FRAME_INVALID/],
  ] as const) {
    assert.match(
      codeOf(() => parseFrame(frame)),
      expected,
      frame.slice(0, 80),
    )
  }
  assert.equal(({} as { admin?: boolean }).admin, undefined)
})
