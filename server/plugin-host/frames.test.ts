import assert from 'node:assert/strict'
import { duplexPair } from 'node:stream'
import { describe, test } from 'node:test'
import { openFrames } from './frames.ts'
import { type Of, record, text } from './shape.ts'

const word = record({ word: text() })
type Word = Of<typeof word>
const LIMIT = 1_000

/** The bytes of a frame, whatever is in it. */
const frameOf = (text: string): Buffer => {
  const body = Buffer.from(text)
  const head = Buffer.alloc(4)
  head.writeUInt32LE(body.length)
  return Buffer.concat([head, body])
}

const setUp = () => {
  const [near, far] = duplexPair()
  const words: string[] = []
  const { promise: violated, resolve: violate } = Promise.withResolvers<string>()
  const options = { shape: word, takes: LIMIT, sends: LIMIT }
  const frames = openFrames<Word, Word>(near, {
    ...options,
    onMessage: ({ word }) => void words.push(word),
    onViolation: violate,
  })
  return { near, far, words, violated, frames, options }
}

describe('frames', () => {
  test('[PLG9] messages come whole and in order however the pipe cuts them', async () => {
    const said = ['', 'a', '螃蟹死了', 'x'.repeat(900), '"\\\n']
    const bytes = Buffer.concat(said.map(word => frameOf(JSON.stringify({ word }))))
    for (const size of [1, 2, 3, 5, 7, 64, bytes.length]) {
      const { near, far, words } = setUp()
      for (let at = 0; at < bytes.length; at += size) far.write(bytes.subarray(at, at + size))
      far.end()
      await new Promise(resolve => near.once('end', resolve))
      assert.deepEqual(words, said, `in pieces of ${size}`)
    }
  })

  test('[PLG9] what one end sends the other takes', async () => {
    const { far, frames, options } = setUp()
    const { promise, resolve } = Promise.withResolvers<string>()
    openFrames(far, { ...options, onMessage: ({ word }) => resolve(word), onViolation: resolve })
    frames.send({ word: '怎么赔' })
    assert.equal(await promise, '怎么赔')
  })

  test('[PLG9] a frame that says it is too long is refused by its length alone, before anything of it is kept', async () => {
    const { far, words, violated } = setUp()
    const head = Buffer.alloc(4)
    head.writeUInt32LE(LIMIT + 1)
    far.write(Buffer.concat([frameOf('{"word":"before"}'), head]))
    assert.equal(await violated, `a frame of ${LIMIT + 1} bytes, which is more than ${LIMIT}`)
    far.write(frameOf('{"word":"after"}'))
    far.end()
    assert.deepEqual(words, ['before'], 'and nothing is read any more')
  })

  for (const [what, text, reason] of [
    ['no JSON', '{"word":', /not JSON/],
    ['of another shape', '{"word":7}', /word/],
    ['with more than the schema has', '{"word":"a","more":1}', /more than is known/],
    ['no object', 'null', /none/],
    ['empty', '', /not JSON/],
  ] as const)
    test(`[PLG9] a message that is ${what} is refused`, async () => {
      const { far, words, violated } = setUp()
      far.write(frameOf(text))
      assert.match(await violated, reason)
      assert.deepEqual(words, [])
    })

  test('[PLG9] a message that the other end would not take is a bug of the sender', () => {
    const { frames } = setUp()
    assert.throws(() => frames.send({ word: 'x'.repeat(LIMIT) }), /more than 1000/)
  })
})
