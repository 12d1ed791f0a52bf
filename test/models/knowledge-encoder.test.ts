// Articles searched by a sentence encoder, a small one that the test builds: random weights, which prove the path and say nothing of accuracy.
import assert from 'node:assert/strict'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Ballot, Moment } from '@parley/core/ports/voters.ts'
import { CURVE, confidenceOf, NAMES } from '@parley/models/knowledge/confidence.ts'
import { fitEncoderMeaning } from '@parley/models/knowledge/encoder-meaning.ts'
import { createLibrary } from '@parley/models/knowledge/library.ts'
import { subwords } from '@parley/models/knowledge/meaning.ts'
import { type EncoderMeaning, openArticleMeanings, openEncoderMeaning } from '@parley/server/article-meanings.ts'
import { configFrom } from '@parley/server/config.ts'
import { openEncoderThread } from '@parley/server/drivers/encoder.thread.ts'
import { createKnowledgeVoters } from '@parley/server/drivers/voters.knowledge.ts'
import { openKnowledgeStore } from '@parley/server/knowledge-store/open-knowledge-store.ts'
import { practiceQuestions } from '@parley/server/practice-questions.ts'
import { findEncoder } from '@parley/server/training/encoders.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { writeSmallEncoder } from './small-encoder.ts'

const temp = temporaryFolder()
const folder = join(temp.path, 'minilm')
const data = join(temp.path, 'data')
writeSmallEncoder(folder)
const all = practiceQuestions()
/** Enough to fit on, and quick. */
const practice = { articles: all.articles, asked: all.asked.filter((_, i) => i < 124 || i % 10 === 0) }
const NO_HUB = { url: '', isOffline: true }
const onFailure = (error: unknown): void => assert.fail(String(error))
const open = (onEncoded?: () => void): Promise<EncoderMeaning> =>
  openEncoderMeaning(data, folder, { onFailure, practice, ...(onEncoded && { onEncoded }) })
const opened = open()
after(async () => {
  await (await opened).close()
  temp.remove()
})
const vectors = (): string[] =>
  readdirSync(join(data, 'encodings'), { recursive: true, encoding: 'utf8' }).filter(name => /pack/.test(name))

test('[KNOW10] the encoder stands in the place of sub-words, with a confidence of its own that fits its likenesses better than theirs', async () => {
  const { meaning } = await opened
  const [bySubwords, byEncoder] = [await createLibrary(all.articles), await createLibrary(all.articles, meaning)]
  assert.notEqual(byEncoder.version, bySubwords.version)
  const [question, language] = ['how long do I steam a crab', 'en'] as const
  const found = await byEncoder.search(question, language, 60)
  const others = await bySubwords.search(question, language, 60)
  assert.deepEqual(
    found.map(({ article }) => article.id).sort(),
    others.map(({ article }) => article.id).sort(),
    'words say what is looked at',
  )
  assert.notDeepEqual(
    found.map(({ signs }) => signs.likeness),
    others.map(({ signs }) => signs.likeness),
  )
  assert.deepEqual(await byEncoder.search(question, language, 60), found)

  // Random weights tell nothing: what sub-words' likeness counts for must not be counted for them.
  assert.ok(NAMES.some(name => Math.abs(meaning.curve[name] - CURVE[name]) > 0.5))
  const losses = { fitted: 0, unseen: 0 }
  for (const { question: asked, language: spoken, isRight, weight } of practice.asked) {
    const [first] = await byEncoder.search(asked, spoken, 1)
    const right = first && isRight(first.article)
    if (!first || right === undefined) continue
    for (const [name, curve] of [
      ['fitted', meaning.curve],
      ['unseen', CURVE],
    ] as const) {
      const p = confidenceOf(first.signs, curve)
      losses[name] -= weight * Math.log(Math.max(1e-9, right ? p : 1 - p))
    }
    assert.equal(first.confidence, confidenceOf(first.signs, meaning.curve))
  }
  assert.ok(losses.fitted < losses.unseen, JSON.stringify(losses))
})

test('[KNOW10] what an encoder gave of articles is kept by content, what it gave of a question is not, and a removal for good forgets all of it', async () => {
  await createLibrary(all.articles, (await opened).meaning)
  const before = vectors()
  assert.ok(before.length > 0)
  const again = await open()
  const library = await createLibrary(all.articles, again.meaning)
  await library.search('a secret that no article has: crab 4711', 'en', 1)
  await again.close()
  assert.deepEqual(vectors(), before)
  assert.deepEqual(again.meaning.curve, (await opened).meaning.curve)
  const more = await open()
  const [first] = all.articles
  await createLibrary([{ ...first!, title: 'Another title' }], more.meaning) // there are sixty
  await more.close()
  assert.ok(vectors().length > before.length)
  const store = openKnowledgeStore({ data, shops: [] })
  await store.forget('any')
  await store.close()
  assert.deepEqual(vectors(), [])
})

test('[KNOW10] a question that is given up before its turn is not encoded, and the next one is', async () => {
  const thread = await openEncoderThread(await findEncoder(data, folder, {}, NO_HUB), onFailure)
  const given = new AbortController()
  const first = thread.encode('first')
  const second = thread.encode('second', given.signal)
  const third = thread.encode('third')
  given.abort('the votes are in')
  await assert.rejects(second, reason => reason === 'the votes are in')
  assert.equal((await first).length, thread.size)
  assert.notDeepEqual(await third, await first)
  await thread.close()
})

test('[KNOW10] an encoder that fails is an abstention, one that is late casts nothing', async () => {
  const { hash } = await findEncoder(data, folder, {}, NO_HUB)
  const encodeOwn = async (text: string): Promise<Float32Array> => Float32Array.of(text.length, 1)
  let encode: (text: string) => Promise<Float32Array> = async () => {
    throw new Error('the thread broke')
  }
  const meaning = await fitEncoderMeaning(
    { hash, encodeOwn, encode: text => encode(text) },
    { ...practice, asked: practice.asked.slice(0, 10) },
  )
  const pool = createKnowledgeVoters(await createLibrary(all.articles, meaning))
  const ballots: Ballot[] = []
  const question = { text: 'how long do I steam a crab', original: '', language: 'en', locale: 'en' } as const
  const stop = new AbortController()
  const ask = () => pool.ask(question, ballot => ballots.push(ballot), stop.signal, {} as Moment) // which it does not look at
  await ask()
  assert.deepEqual(
    ballots.map(({ abstained, reason, votes }) => ({ abstained, reason, votes })),
    [{ abstained: true, reason: 'failed', votes: [] }],
  )
  const { promise: waiting, resolve } = Promise.withResolvers<Float32Array>()
  encode = () => waiting
  const asked = ask()
  stop.abort('over')
  resolve(Float32Array.of(1, 1))
  await asked
  assert.equal(ballots.length, 1)
})

test('[KNOW10] shops with one encoder share it; one that cannot be used is named, and its shop has sub-words', async () => {
  const shops = [
    { id: 'one', articleEncoder: 'minilm' },
    { id: 'two', articleEncoder: 'minilm' },
    { id: 'gone', articleEncoder: 'e5' },
    { id: 'plain' },
  ]
  const config = configFrom(JSON.stringify({ data, shops }), {})
  const broken: string[] = []
  const meanings = await openArticleMeanings(config, { broken: (shop, fault) => broken.push(`${shop} ${fault.code}`), onFailure })
  assert.deepEqual(broken, ['gone ENCODER_ABSENT'])
  assert.equal(meanings.of('one'), meanings.of('two'))
  assert.match(meanings.of('one').id, /^encoder-[0-9a-f]{64}$/)
  for (const shop of ['gone', 'plain']) assert.equal(meanings.of(shop), subwords)
  await meanings.close()
  rmSync(join(data, 'encodings'), { recursive: true })
})
