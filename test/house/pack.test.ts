import assert from 'node:assert/strict'
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Fault } from '@parley/core/faults.ts'
import { LOCALES } from '@parley/core/pack/pack.ts'
import { againOf } from '@parley/core/pack/required-templates.ts'
import type { OrderFact, OrderState, RefundFact } from '@parley/core/ports/mesh.ts'
import type { TemplateView } from '@parley/core/ports/templates.ts'
import { createLiquidTemplates } from '@parley/server/drivers/templates.liquid.ts'
import { readPack } from '@parley/server/pack-folder.ts'
import { PROJECT } from '@parley/server/project.ts'
import { temporaryFolder } from '../e2e/running-server.ts'

const folder = join(PROJECT.packs, 'retail')
const pack = readPack(folder)
const examplesOf = (locale: string, action: string): string[] =>
  readFileSync(join(folder, 'examples', locale, `${action}.txt`), 'utf8')
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'))

test('the retail pack has the actions that a shop cannot do without', () => {
  for (const action of [
    'COMPENSATE',
    'PRODUCT_INFO',
    'TRACK_ORDER',
    'LOST_PARCEL',
    'FOOD_SAFETY',
    'REFUND_STATUS',
    'RECALL_MESSAGE',
    'HUMAN_AGENT',
    'GREETING',
    'OUT_OF_SCOPE',
  ]) {
    assert.ok(pack.actions[action], action)
  }
})

test('no transcript stands in the examples word for word, but for the words of courtesy that everybody writes', () => {
  const examples = new Set(LOCALES.flatMap(locale => Object.keys(pack.actions).flatMap(action => examplesOf(locale, action))))
  const copied = LOCALES.flatMap(locale =>
    [
      ...readFileSync(new URL(`../transcripts/single-turns.${locale}.txt`, import.meta.url), 'utf8').matchAll(
        /^customer (.*)\n----\n([A-Z_]+)/gm,
      ),
    ].flatMap(([, text, action]) =>
      text !== undefined && examples.has(text) && !['GREETING', 'THANKS', 'GOODBYE', 'HUMAN_AGENT'].includes(action ?? '') ? [text] : [],
    ),
  )
  assert.deepEqual(copied, [])
})

/** What a view may have beside the facts, each there or not. */
const ORDER = {
  number: '2024-881',
  placedOn: '2025-10-28',
  status: 'on its way',
  state: 'shipped',
  items: [
    { name: 'hairy crab', quantity: 6 },
    { name: 'vase', quantity: 1 },
  ],
  total: '¥218.00',
  carrier: 'SF',
  trackingNumber: 'SF1234567890123',
  expectedOn: '2025-11-03',
} satisfies OrderFact
const REFUND = { order: '2024-881', amount: '¥54.00', status: 'approved', expectedOn: '2025-11-05' } satisfies RefundFact
const OPTIONS = [
  { action: 'A', label: 'one' },
  { action: 'B', label: 'two' },
]
const BARE: TemplateView = { shop: {}, facts: {}, missing: [], slots: {}, options: OPTIONS }
const FULL: TemplateView = {
  shop: { name: 'Meridian', phone: '400-100', hours: '9-21', emergencyPhone: '400-119' },
  facts: { order: ORDER, orders: [ORDER, { ...ORDER, number: '2024-702' }], refund: REFUND },
  missing: [],
  slots: { order: '2024-881', count: '3' },
  options: OPTIONS,
  queue: { position: 4 },
  effect: { case: 'CP-1007', amount: '¥54.00' },
  agent: { name: 'Lin' },
}
/** The template of articles is never asked for without one. */
const SOURCE = { title: 'Keeping wool', heading: 'Moths', text: 'Cedar keeps moths away.', link: 'https://shop.example/help/wool' }
const STATES = Object.keys({
  paid: 0,
  packed: 0,
  shipped: 0,
  'out-for-delivery': 0,
  delivered: 0,
  cancelled: 0,
  returned: 0,
} satisfies Record<OrderState, 0>) as OrderState[] // its own keys
const inState = (state: OrderState): TemplateView => ({
  ...FULL,
  facts: { order: { ...ORDER, state, status: state }, orders: [{ ...ORDER, state, status: state }], refund: REFUND },
})
const VIEWS: Readonly<Record<string, TemplateView>> = {
  'nothing known': BARE,
  'sources that do not answer': { ...BARE, missing: ['order', 'orders', 'refund'] },
  'a number given, no source': { ...BARE, slots: { order: '2024-881', count: '1' } },
  'a number given, sources that do not answer': { ...BARE, missing: ['order', 'orders', 'refund'], slots: { order: '2024-881' } },
  'sources that have nothing': { ...BARE, facts: { order: null, orders: [], refund: null } },
  'an order of which little is known': {
    ...FULL,
    facts: { order: { number: '2024-881', placedOn: '2025-10-28', status: 'on its way', state: 'shipped', items: [], total: '¥1.00' } },
  },
  'a refusal': { ...FULL, effect: { reason: 'too-many' } },
  'everything known': FULL,
  ...Object.fromEntries(STATES.map(state => [`an order that is ${state}`, inState(state)])),
}

const templates = createLiquidTemplates(pack)
for (const [title, view] of Object.entries(VIEWS)) {
  test(`every template reads well in both locales with ${title}: never a blank, never a placeholder`, () => {
    for (const name of Object.keys(pack.templates)) {
      for (const locale of LOCALES) {
        const text = templates.render(name, locale, { ...view, source: SOURCE })
        assert.ok(text.length > 8, `${locale} ${name}`)
        assert.doesNotMatch(
          text,
          /\{\{|\{%|undefined|null|\[object| {2}|,,|,。|，，|，。|。。|：。|\.\.|\. \.| [,.;:]|\(\)|（）|: *$/,
          `${locale} ${name}: ${text}`,
        )
        if (locale === 'en') assert.doesNotMatch(text, /[^0-9][.!?] [a-z]|: [A-Z][a-z]/, `${name}: ${text}`)
      }
    }
  })
}

test('a reply about an order says what is known of it, and never asks for the number it has', () => {
  for (const [action, { template, slots }] of Object.entries(pack.actions)) {
    if (!slots.includes('order')) continue
    for (const locale of LOCALES) {
      const said = templates.render(template, locale, FULL)
      assert.ok(said.includes('2024-881'), `${locale} ${action}: ${said}`)
      for (const view of [FULL, { ...BARE, slots: { order: '2024-881', count: '3' } }])
        assert.doesNotMatch(templates.render(template, locale, view), /order number|订单号/, `${locale} ${action}`)
    }
  }
})

/** Templates that a decision about an action can choose: its own, those of its phrases, those that votes name by an alias. */
const CHOSEN = [
  ...new Set([
    ...Object.values(pack.actions).map(({ template }) => template),
    ...Object.values(pack.aliases),
    ...LOCALES.flatMap(locale => Object.values(pack.phrases[locale]).flatMap(entries => entries.flatMap(({ template }) => template ?? []))),
  ]),
]

/** A point in a price ends nothing. */
const SENTENCE_END = /[!?。！？\n]|\.(?!\d)/

test('who asks again is answered in other words that know the same', () => {
  for (const name of CHOSEN) {
    for (const locale of LOCALES) {
      for (const [title, view] of Object.entries(VIEWS)) {
        const [first, again] = [templates.render(name, locale, view), templates.render(againOf(name), locale, view)]
        const sentences = first.split(SENTENCE_END).map(part => part.trim())
        assert.ok(
          again.split(SENTENCE_END).every(part => part.trim() === '' || !sentences.includes(part.trim())),
          `${locale} ${name}, ${title}: ${again}`,
        )
        for (const known of ['2024-881', 'SF1234567890123', '¥54.00', '400-100', '400-119', '2025-11-03'])
          if (first.includes(known)) assert.ok(again.includes(known), `${locale} ${name}, ${title}: ${known} is not in ${again}`)
      }
    }
  }
})

test('the questions for an order leave the orders to the quick replies: a page would show them twice', () => {
  for (const name of ['ask.order', 'ask.order.again', 'again-order', 'again-order.again']) {
    for (const locale of LOCALES) assert.ok(!templates.render(name, locale, FULL).includes('2024-702'), `${locale} ${name}`)
  }
})

test('whoever waits for a person is told the place in line where it is known, and none where it is not', () => {
  for (const name of ['handoff', 'human-agent', 'food-safety', 'delete-account', 'queued', 'still-queued', 'risk.serious']) {
    for (const locale of LOCALES) {
      const place = locale === 'en' ? /number 4 in line|at number 4/ : /第 4 位/
      assert.match(templates.render(name, locale, FULL), place, `${locale} ${name}`)
      assert.doesNotMatch(templates.render(name, locale, BARE), /\bline\b.*number \d|第 \d/, `${locale} ${name}`)
    }
  }
})

test('an effect that is refused says why, each reason in words of its own', () => {
  const readme = readFileSync(new URL('../../examples/demo-shop/README.md', import.meta.url), 'utf8')
  const [, table = ''] = /\| refused \|([\s\S]*?)\n\n/.exec(readme) ?? []
  const reasons = [...table.matchAll(/^\| `([a-z-]+)` \| /gm)].map(([, reason = '']) => reason)
  // A withdrawal that is refused goes to a person and has no words here.
  const opening = reasons.filter(reason => !['unknown-case', 'already-paid'].includes(reason))
  assert.equal(opening.length, 7)
  for (const locale of LOCALES) {
    const said = [...opening, 'another'].map(reason => templates.render('compensate.refused', locale, { ...FULL, effect: { reason } }))
    assert.equal(new Set(said).size, said.length)
  }
})

test('no reply asks for what nothing can be done with: a picture, a link, a place, a name', () => {
  const hollow =
    /发给我|发来|拍一张|截图发|您在哪个城市|您想送到哪里|告诉我商品|告诉我省市|send (?:me|us) (?:a|the|its|what|your house)|screenshot of the price now|send a (?:photo|picture)|name or link|which town|let me check|i'll check|我查一下|帮您看看/i
  // A number that the form waits for, and what is written anew after it was taken back.
  const awaited = new Set(['ask.order', 'recall-message', 'recalled'])
  for (const [title, view] of Object.entries(VIEWS))
    for (const name of Object.keys(pack.templates))
      for (const locale of LOCALES)
        if (!awaited.has(name)) assert.doesNotMatch(templates.render(name, locale, view), hollow, `${locale} ${name}, ${title}`)
})

test('what a claim is opened without is not asked for: photos are to be kept, by every word about it', () => {
  for (const name of Object.keys(pack.templates).filter(other => other.startsWith('compensate.')))
    for (const locale of LOCALES)
      for (const view of [BARE, FULL, inState('delivered')])
        for (const sentence of templates.render(name, locale, view).split(SENTENCE_END))
          if (/照片|photo/.test(sentence)) assert.match(sentence, /请(?:先)?留着|keep them|hold on to/, `${locale} ${name}: ${sentence}`)
})

test('a reply about an order goes by where the order is', () => {
  const say = (name: string, state: OrderState): string => LOCALES.map(locale => templates.render(name, locale, inState(state))).join('\n')
  for (const name of ['cancel-order', 'cancel-order.again', 'change-order', 'change-order.again']) {
    const way = /我的订单 → (?:取消|修改)订单|My orders → (?:Cancel|Change)/
    for (const state of STATES) {
      const isOpen = state === 'paid' || state === 'packed'
      assert.equal(way.test(say(name, state)), isOpen, `${name} ${state}`)
    }
  }
  for (const name of ['return-request', 'return-request.again', 'exchange-request', 'exchange-request.again']) {
    for (const state of STATES) {
      const isThere = state !== 'cancelled' && state !== 'returned'
      assert.equal(/我的订单 → |My orders → /.test(say(name, state)), isThere, `${name} ${state}`)
    }
    for (const state of ['paid', 'packed'] as const) assert.doesNotMatch(say(name, state), /申请售后|→ Return/, `${name} ${state}`)
  }
  for (const name of ['track-order', 'track-order.again', 'delivery-delay', 'delivery-delay.again'])
    for (const state of ['delivered', 'cancelled', 'returned'] as const)
      assert.doesNotMatch(say(name, state), /2025-11-03|配送|催|chase/, `${name} ${state}`)
})

test('who is asked again for a count is told how many pieces were bought', () => {
  assert.match(templates.render('ask.count.again', 'zh-CN', FULL), /一共 7 件/)
  assert.match(templates.render('ask.count.again', 'en', FULL), /are 7 pieces/)
  assert.doesNotMatch(templates.render('ask.count.again', 'en', BARE), /\d pieces/)
})

test('who asks again after food made them ill is told when to see a doctor, and the number, before the place in line', () => {
  const zh = templates.render('food-safety.again', 'zh-CN', FULL)
  const en = templates.render('food-safety.again', 'en', FULL)
  assert.ok(zh.indexOf('去医院') >= 0 && zh.indexOf('去医院') < zh.indexOf('120') && zh.indexOf('120') < zh.indexOf('第 4 位'), zh)
  assert.ok(en.indexOf('see a doctor') >= 0 && en.indexOf('emergency number') < en.indexOf('number 4 in line'), en)
})

test('a shop with a Latin name has blanks around it between Chinese words, and one with a Chinese name has none', () => {
  const say = (template: string, name: string) => templates.render(template, 'zh-CN', { ...BARE, shop: { name } })
  for (const [template, latin, chinese] of [
    ['greeting', '欢迎光临 Parley Fresh！', '欢迎光临鲜到家！'],
    ['out-of-scope', '我只懂 Parley Fresh 的事', '我只懂鲜到家的事'],
    ['out-of-scope.again', '。Parley Fresh 的订单', '。鲜到家的订单'],
  ] as const) {
    assert.ok(say(template, 'Parley Fresh').includes(latin), say(template, 'Parley Fresh'))
    assert.ok(say(template, '鲜到家').includes(chinese), say(template, '鲜到家'))
  }
})

test('a pack with something missing or wrong is refused with file and place', () => {
  const copy = temporaryFolder()
  try {
    const broken = (change: (path: string) => void): Fault => {
      rmSync(copy.path, { recursive: true, force: true })
      cpSync(folder, copy.path, { recursive: true })
      change(copy.path)
      try {
        readPack(copy.path)
      } catch (error) {
        if (error instanceof Fault) return error
        throw error
      }
      throw new Error('it was accepted')
    }
    const edit = (name: string, from: string, to: string) => (path: string) => {
      const file = join(path, name)
      const text = readFileSync(file, 'utf8')
      assert.ok(text.includes(from))
      writeFileSync(file, text.replace(from, to))
    }
    assert.match(broken(path => rmSync(join(path, 'templates/en/greeting.liquid'))).message, /templates\/en\/greeting\.liquid.*not there/)
    assert.match(
      broken(edit('catalogue.yaml', 'template: track-order', 'template: nowhere')).message,
      /catalogue\.yaml: actions\.TRACK_ORDER\.template: .*nowhere/,
    )
    assert.match(
      broken(edit('catalogue.yaml', 'slots: [order, count]', 'slots: [order, colour]')).message,
      /COMPENSATE\.slots\.1: .*colour/,
    )
    assert.match(broken(edit('catalogue.yaml', 'ask: ask.count', 'ask: nowhere')).message, /slots\.count\.ask: .*nowhere/)
    assert.match(broken(edit('catalogue.yaml', 'undone: compensate.undone', 'undone: nowhere')).message, /effect\.undone: .*nowhere/)
    assert.match(broken(edit('catalogue.yaml', 'severity: 8', 'severity: grave')).message, /actions\.FOOD_SAFETY\.severity/)
    assert.match(broken(edit('phrases/en.yaml', 'COMPENSATE:', 'COMPENSAT:')).message, /phrases\/en\.yaml: COMPENSAT/)
  } finally {
    copy.remove()
  }
  assert.ok(existsSync(folder))
})
