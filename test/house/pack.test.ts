import assert from 'node:assert/strict'
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Fault } from '@parley/core/faults.ts'
import { LOCALES } from '@parley/core/pack/pack.ts'
import { againOf } from '@parley/core/pack/required-templates.ts'
import type { OrderFact, RefundFact } from '@parley/core/ports/mesh.ts'
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

test('the retail pack has the actions that a shop cannot do without, and 80 examples of each a language', () => {
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
  for (const locale of LOCALES) {
    for (const action of Object.keys(pack.actions)) assert.ok(examplesOf(locale, action).length >= 80, `${locale} ${action}`)
    for (const file of readdirSync(join(folder, 'examples', locale))) assert.ok(pack.actions[file.replace('.txt', '')], file)
  }
})

test('no example stands twice in a language, nor under two actions in any', () => {
  const seen = new Map<string, { readonly action: string; readonly locale: string }>()
  for (const locale of LOCALES) {
    for (const action of Object.keys(pack.actions)) {
      for (const line of examplesOf(locale, action)) {
        const plain = line.normalize('NFKC').toLowerCase().trim()
        const before = seen.get(plain)
        assert.ok(
          !before || (before.locale !== locale && before.action === action),
          `${locale} ${line} (${action}) stands under ${before?.action} too`,
        )
        seen.set(plain, { action, locale })
      }
    }
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
}

const templates = createLiquidTemplates(pack)
for (const [title, view] of Object.entries(VIEWS)) {
  test(`every template reads well in both locales with ${title}: never a blank, never a placeholder`, () => {
    for (const name of Object.keys(pack.templates)) {
      for (const locale of LOCALES) {
        const text = templates.render(name, locale, view)
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
  for (const locale of LOCALES) {
    const said = ['unknown-order', 'too-many', 'too-late', 'another'].map(reason =>
      templates.render('compensate.refused', locale, { ...FULL, effect: { reason } }),
    )
    assert.equal(new Set(said).size, said.length)
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
