// The halves of the Studio's pages that need no browser: addresses, the search over actions, the queue of labels, and the trial of moved weights.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { LabelGiven, LabelPage, LabelRow, Trial, TrialOrder } from '@parley/core/protocol/studio.ts'
import { findActions } from '@parley/web/studio/action-search.ts'
import { createLabelQueue } from '@parley/web/studio/label-queue.ts'
import { hashOf, routeOf } from '@parley/web/studio/route.ts'
import { Refused } from '@parley/web/studio/server.ts'
import { createTrials } from '@parley/web/studio/trial.ts'
import { WORDS } from '@parley/web/studio/words.ts'

test('an address says page, item and query, and what cannot be read is the first page', () => {
  const hash = hashOf({ page: 'compare', item: 'a/b', query: { a: 'retail@1-9a', b: undefined, on: 'log' } })
  const route = routeOf(hash)
  assert.deepEqual(
    [route.page, route.item, [...route.query]],
    [
      'compare',
      'a/b',
      [
        ['a', 'retail@1-9a'],
        ['on', 'log'],
      ],
    ],
  )
  for (const odd of ['', '#', '#/', '#/nowhere', '#/%E0%A4%A']) assert.equal(routeOf(odd).page, 'versions', odd)
})

test('index.html names words that both languages have', () => {
  const html = readFileSync(new URL('../../web/studio/index.html', import.meta.url), 'utf8')
  const named = [...html.matchAll(/data-(?:word|label)="(\w+)"/g)].map(match => match[1] ?? '')
  assert.ok(named.length > 8, 'the search is broken')
  for (const { shell } of Object.values(WORDS))
    for (const name of named) assert.equal(typeof (shell as Readonly<Record<string, unknown>>)[name], 'string', name)
})

test('actions are found by any part of a name in either language, those that begin with it first', () => {
  const of = (id: string, en: string, zh: string) => ({ id, label: { en, 'zh-CN': zh }, alwaysPerson: false, severity: 1 })
  const actions = [
    of('RETURN_REQUEST', 'sending back', '退货'),
    of('REFUND_STATUS', 'where a refund is', '退款进度'),
    of('INVOICE', 'a refund bill', '发票'),
  ]
  const found = (query: string): string[] => findActions(actions, query).map(({ id }) => id)
  assert.deepEqual(found('退'), ['RETURN_REQUEST', 'REFUND_STATUS'])
  assert.deepEqual(found('REFUND where'), ['REFUND_STATUS'])
  assert.deepEqual(found('refund'), ['REFUND_STATUS', 'INVOICE'])
  assert.deepEqual(found('return request'), ['RETURN_REQUEST'])
  assert.deepEqual(found('  '), [])
})

const row = (turn: number): LabelRow => ({
  conversation: 'c',
  turn,
  at: 0,
  text: `turn ${turn}`,
  lang: 'en',
  before: [],
  times: 1,
  why: [],
  said: 'THANKS',
  disposition: 'answer',
  reply: '',
  likely: [],
  votes: [],
  shares: [],
})

/** A server with so many turns in its queue, which can be told to refuse. */
function labelServer(count: number) {
  const given = new Map<number, string | null>()
  const all = Array.from({ length: count }, (_, i) => row(i + 1))
  const server = {
    given,
    isRefusing: false,
    fetches: 0,
    async get<T>(): Promise<T> {
      server.fetches++
      const left = all.filter(({ turn }) => !given.has(turn))
      const labelled = [...given.values()].filter(action => action !== null).length
      const page: LabelPage = {
        from: 0,
        total: left.length,
        labelled,
        skipped: given.size - labelled,
        readAt: 1,
        progress: null,
        rows: left.slice(0, 20),
      }
      return page as T
    },
    async post<T>(path: string, body: unknown): Promise<T> {
      if (server.isRefusing) throw new Refused(503, 'STORAGE_FULL', 'full', {})
      const { turn, action } = body as LabelGiven
      if (path === 'labels/undo') given.delete(turn)
      else given.set(turn, action)
      return undefined as T
    },
  }
  return server
}

test('a whole queue is gone through, with skips and undos, and every turn is asked once', async () => {
  const server = labelServer(53)
  const queue = createLabelQueue(server, () => {})
  await queue.load()
  const seen: number[] = []
  for (;;) {
    if (!queue.current) await queue.load()
    const { current } = queue
    if (!current) break
    seen.push(current.turn)
    queue.give(current.turn % 10 === 0 ? null : 'THANKS')
    if (current.turn === 7) {
      assert.equal(queue.undo(), true)
      assert.equal(queue.current?.turn, 7, 'what is taken back comes first again')
      queue.give('PRAISE')
    }
  }
  assert.deepEqual(
    seen,
    Array.from({ length: 53 }, (_, i) => i + 1),
  )
  assert.equal(server.given.get(7), 'PRAISE')
  assert.equal(server.given.get(10), null)
  assert.deepEqual(queue.counts, { left: 0, labelled: 48, skipped: 5 })
})

test('a label that the server does not take comes back to the front, and is said', async () => {
  const server = labelServer(8)
  let draws = 0
  const queue = createLabelQueue(server, () => draws++)
  await queue.load()
  server.isRefusing = true
  queue.give('THANKS')
  assert.equal(queue.current?.turn, 2, 'nobody waits for the server')
  await queue.load()
  assert.equal(queue.current?.turn, 1)
  assert.equal(queue.canUndo, false)
  assert.equal(server.given.size, 0)
  assert.equal(queue.counts.left, 8)
})

const READY = { state: 'ready', turns: 1, conversations: 1, figures: {}, differences: {}, changed: [], settings: null, ms: 1 } as const
const moveTo = (zh: number): Omit<TrialOrder, 'asked'> => ({
  ensemble: 'retail',
  set: 's',
  costs: null,
  weights: { intent: { zh, en: 1 } },
})

test('moves that come close are one question, and a stale answer is never shown', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const asked: { readonly order: TrialOrder; readonly answer: (trial: Trial) => void; readonly signal: AbortSignal | undefined }[] = []
  const shown: number[] = []
  const server = {
    post: <T>(_path: string, body: unknown, signal?: AbortSignal) =>
      new Promise<T>(resolve => asked.push({ order: body as TrialOrder, answer: trial => resolve(trial as T), signal })),
  }
  const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
  const trials = createTrials(
    server,
    trial => shown.push(trial.asked),
    error => assert.fail(String(error)),
  )
  for (const zh of [0.1, 0.2, 0.3]) trials.ask(moveTo(zh))
  t.mock.timers.tick(100)
  assert.deepEqual(
    asked.map(({ order }) => order.weights.intent?.zh),
    [0.3],
  )
  trials.ask(moveTo(0.9))
  assert.equal(asked[0]?.signal?.aborted, true)
  t.mock.timers.tick(100)
  const [first, second] = asked
  if (!first || !second) return assert.fail('two were to be asked')
  first.answer({ asked: first.order.asked, ...READY })
  await settled()
  assert.deepEqual(shown, [], 'it was asked before the last move')
  second.answer({ asked: second.order.asked, state: 'opening', step: 'asking the voters', share: 0.5, secondsLeft: null })
  await settled()
  t.mock.timers.tick(1_000)
  const third = asked[2]
  assert.equal(third?.order.weights.intent?.zh, 0.9, 'while the set opens it is asked again')
  third?.answer({ asked: third.order.asked, ...READY })
  await settled()
  assert.deepEqual(shown, [second.order.asked, second.order.asked])
})
