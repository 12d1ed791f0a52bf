import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Fault } from '@parley/core/faults.ts'
import type { Ballot } from '@parley/core/ports/voters.ts'
import type { Article } from '@parley/models/knowledge/article.ts'
import type { Question } from '@parley/plugin-sdk/vocabulary.ts'
import { articleChoices } from '@parley/server/article-choice.ts'
import { knowledgeDesk } from '@parley/server/knowledge-desk.ts'
import { putKnowledgeInForce } from '@parley/server/knowledge-in-force.ts'
import { articleActions } from '@parley/server/knowledge-store/article-actions.ts'
import { type KnowledgeStore, MOST_ARTICLES, SHIPPED } from '@parley/server/knowledge-store/knowledge-store.ts'
import { findKnowledgeStore, openKnowledgeStore } from '@parley/server/knowledge-store/open-knowledge-store.ts'
import { readArticleFiles } from '@parley/server/knowledge-store/read-article-files.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { faultCodeOf } from '../fault-code.ts'

const SHOPS = ['a', 'b'].map(id => ({ id, source: 'none' as const, pack: 'retail' }))
async function withStore(work: (store: KnowledgeStore, data: string) => Promise<void>): Promise<void> {
  const data = temporaryFolder()
  const store = openKnowledgeStore({ data: data.path, shops: SHOPS as never }) // of a shop it looks at these alone
  try {
    await work(store, data.path)
  } finally {
    await store.close()
    data.remove()
  }
}

const article = (id: string, text = `all about ${id}`): Article => ({
  id,
  title: id,
  action: 'PRODUCT_INFO',
  language: 'en',
  questions: [],
  passages: [{ heading: '', text }],
})
const idsIn = (store: KnowledgeStore, shop: string): readonly string[] => store.articlesOf(shop).map(({ id }) => id)

test('[KNOW6] articles are a shop’s own, are changed by id, and the state before can be put back', () =>
  withStore(async store => {
    assert.equal(store.shelfOf('a'), SHIPPED)
    assert.deepEqual(await store.add('a', [article('x'), article('y')]), { added: ['x', 'y'], changed: [], removed: [], same: 0 })
    const first = store.shelfOf('a')
    assert.deepEqual(await store.add('a', [article('x'), article('y', 'other words'), article('z')]), {
      added: ['z'],
      changed: ['y'],
      removed: [],
      same: 1,
    })
    assert.deepEqual(idsIn(store, 'b'), [])
    await store.remove('a', ['x'])
    assert.deepEqual(idsIn(store, 'a'), ['y', 'z'])
    assert.deepEqual((await store.add('a', [article('q')], true)).removed, ['y', 'z'])
    await store.rollback('a')
    await store.rollback('a')
    assert.deepEqual(idsIn(store, 'a'), ['x', 'y', 'z'])
    assert.equal(await store.rollback('a'), first)
    assert.equal(store.articlesOf('a')[1]?.passages[0]?.text, 'all about y')
    assert.equal(await store.rollback('a'), SHIPPED)
    assert.equal(await faultCodeOf(store.rollback('a')), 'NO_EARLIER_ARTICLES')
  }))

test('[KNOW6] what cannot be done changes nothing', () =>
  withStore(async store => {
    await store.add('a', [article('x')])
    const before = store.shelfOf('a')
    assert.equal(await faultCodeOf(store.remove('a', ['x', 'nobody'])), 'UNKNOWN_ARTICLE')
    const many = Array.from({ length: MOST_ARTICLES }, (_, i) => article(`n${i}`))
    assert.equal(await faultCodeOf(store.add('a', many)), 'TOO_MANY_ARTICLES')
    // The same once more is no change that could be taken back.
    await store.add('a', [article('x')])
    assert.equal(store.shelfOf('a'), before)
    assert.equal(await store.rollback('a'), SHIPPED)
  }))

test('[KNOW9] what is removed for good can be read and put back by nobody, and other shops keep what they have', () =>
  withStore(async (store, data) => {
    await store.add('a', [article('x', 'the secret of Anna Example'), article('y', 'shared by two')])
    await store.add('b', [article('y', 'shared by two')])
    await store.remove('a', ['x', 'y'])
    await store.forget('a')
    assert.equal(await faultCodeOf(store.rollback('a')), 'NO_EARLIER_ARTICLES')
    assert.deepEqual(idsIn(store, 'b'), ['y'])
    await store.close()
    const again = findKnowledgeStore({ data, shops: SHOPS as never }) // as above
    assert.deepEqual([again?.articlesOf('a').length, again?.articlesOf('b').length], [0, 1])
    await again?.close()
  }))

const asked: Question = { text: 'all about x', original: 'all about x', language: 'en', locale: 'en' }
async function ballotOf(pool: ReturnType<Awaited<ReturnType<typeof putKnowledgeInForce>>['poolOf']>): Promise<Ballot | undefined> {
  let given: Ballot | undefined
  await pool?.ask(asked, ballot => (given = ballot), new AbortController().signal)
  return given
}

test('[KNOW6] [KNOW7] a removed article is not answered from, another shop never has it, and a turn ends on the articles that it began with', () =>
  withStore(async store => {
    const read = () =>
      articleChoices(
        SHOPS,
        store,
        () => [],
        fault => assert.fail(fault),
      )
    await store.add('a', [article('x'), article('y')])
    const inForce = await putKnowledgeInForce(read())
    const begun = inForce.poolOf('a')
    assert.equal((await ballotOf(begun))?.quotes?.[0]?.article, 'x')
    assert.equal(inForce.poolOf('b'), undefined)
    await store.remove('a', ['x'])
    await inForce.change(read)
    const after = await ballotOf(inForce.poolOf('a'))
    assert.notEqual(after?.quotes?.[0]?.article, 'x')
    assert.notEqual(after?.version, begun?.voters[0]?.version)
    assert.equal((await ballotOf(begun))?.quotes?.[0]?.article, 'x')
    // What stands ready is taken again.
    const kept = inForce.poolOf('a')
    await inForce.change(read)
    assert.equal(inForce.poolOf('a'), kept)
    await assert.rejects(inForce.change(() => assert.fail('the store is damaged')))
    assert.equal(inForce.poolOf('a'), kept)
  }))

test('[KNOW5] files and folders: ids by place, what is no article let be, every problem with its file', () => {
  const scratch = temporaryFolder()
  try {
    const write = (name: string, content: string | Uint8Array): void => writeFileSync(join(scratch.path, name), content)
    mkdirSync(join(scratch.path, 'care'))
    write('care/Down jackets.md', '# Down\nWash it.')
    write('answers.csv', 'question,answer\nhow,so\n')
    write('picture.png', 'x')
    write('.hidden.md', '# x\ny')
    const rules = { actions: new Set(['PRODUCT_INFO']), hint: 'en' as const }
    const good = readArticleFiles([scratch.path], rules)
    assert.deepEqual(good.problems, [])
    assert.deepEqual(
      good.articles.map(({ id }) => id.replace(/[0-9a-f]{10}$/, '…')),
      ['answers/…', 'care/Down-jackets'],
    )
    write('latin1.md', Buffer.from('# x\ny\nna\xefve', 'latin1'))
    const [file, twin, odd] = ['latin1.md', 'care/Down jackets.md', 'picture.png'].map(name => join(scratch.path, name)) as [
      string,
      string,
      string,
    ] // three names
    const bad = readArticleFiles([file, scratch.path, join(scratch.path, 'care'), odd, join(scratch.path, 'nowhere')], rules)
    assert.deepEqual(
      bad.problems.map(problem => `${problem.file}: ${problem.reason}`),
      [
        `${join(scratch.path, 'nowhere')}: it is not there`,
        `${file}: line 3 is not UTF-8`,
        `${file}: line 3 is not UTF-8`,
        `${odd}: it is neither Markdown (.md) nor CSV (.csv)`,
      ],
    )
    assert.deepEqual(
      readArticleFiles([scratch.path, twin], rules).problems.map(({ reason }) => reason),
      ['line 3 is not UTF-8'],
    )
    assert.match(readArticleFiles([join(scratch.path, 'care'), twin], rules).problems[0]?.reason ?? '', /article "Down-jackets" stands in/)
  } finally {
    scratch.remove()
  }
})

test('[KNOW3] no article can be about what a person must take, or about the words of a conversation', () => {
  const actions = articleActions({ PRODUCT_INFO: {}, FOOD_SAFETY: {}, THANKS: {}, OUT_OF_SCOPE: {} }, ['FOOD_SAFETY'])
  assert.deepEqual([...actions], ['PRODUCT_INFO'])
})

test('[KNOW7] a shop whose records are damaged has no articles and says so; the others keep theirs', () =>
  withStore(async store => {
    await store.add('b', [article('x')])
    const damaged = {
      changedArticlesOf(shop: string) {
        if (shop === 'a') throw new Fault('STORE_DAMAGED', { file: 'data.mdb', reason: 'a record is not as it was written' })
        return store.changedArticlesOf(shop)
      },
    }
    const heard: string[] = []
    const choices = articleChoices(
      SHOPS,
      damaged,
      () => [],
      fault => heard.push(fault.code),
    )
    assert.deepEqual([heard, choices.get('a')?.length, choices.get('b')?.length], [['STORE_DAMAGED'], 0, 1])
  }))

test('[KNOW7] what the running server refuses is put back, also a first change', () =>
  withStore(async store => {
    const knowledge = await putKnowledgeInForce(new Map())
    const shop = { actions: { PRODUCT_INFO: {} }, situation: { alwaysPerson: [] } }
    const parts = { knowledge, shops: new Map([['a', shop]]) } as never // what it looks at of a shop
    let refuses = true
    const desk = knowledgeDesk({ shops: [{ id: 'a', locale: 'en' }] } as never, store, parts, async () => {
      if (refuses) throw new Fault('SHUTTING_DOWN', {})
    }) // as above
    const source = { file: 'x.md', place: 'x.md', bytes: Buffer.from('# X\nwords') }
    const how = { isAll: false, skipBad: false }
    assert.equal(await faultCodeOf(desk.add('a', [source], how)), 'SHUTTING_DOWN')
    assert.equal(store.shelfOf('a'), SHIPPED)
    refuses = false
    await desk.add('a', [source], how)
    const before = store.shelfOf('a')
    refuses = true
    assert.equal(await faultCodeOf(desk.remove('a', ['x'], true)), 'SHUTTING_DOWN')
    assert.equal(await faultCodeOf(desk.rollback('a')), 'SHUTTING_DOWN')
    assert.deepEqual([store.shelfOf('a'), idsIn(store, 'a')], [before, ['x']])
  }))

test('[KNOW7] a turn that is given up hears nothing', async () => {
  const inForce = await putKnowledgeInForce(new Map([['a', [article('x')]]]))
  const given = new AbortController()
  const asking = inForce.poolOf('a')?.ask(asked, () => assert.fail('it was given up'), given.signal)
  given.abort()
  await asking
  await inForce.poolOf('a')?.ask(asked, () => assert.fail('it was given up'), given.signal)
})
