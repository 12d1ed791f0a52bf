import assert from 'node:assert/strict'
import { test } from 'node:test'
import { textOn } from '@parley/web/embed/luminance.ts'
import { contrastOf, readableAccent } from '@parley/web/widget/accent.ts'
import { settingsOf } from '@parley/web/widget/settings.ts'
import { createRandom } from '../random.ts'

const of = (rest: string) => settingsOf(`https://parley.example/${rest}`)

test('the address says which shop, which page is around, and who the customer is', () => {
  const embedded = of('?embed=1&shop=fresh&locale=zh-CN&origin=https%3A%2F%2Fwww.fresh.example&color=%230a7cff#identity=a.b-c.d_e')
  assert.deepEqual(embedded, { shop: 'fresh', host: 'https://www.fresh.example', locale: 'zh-CN', color: '#0a7cff', identity: 'a.b-c.d_e' })
  assert.deepEqual(of(''), { shop: 'demo', host: undefined, locale: undefined, color: undefined, identity: undefined })
})

test('what is no setting is none', () => {
  assert.equal(of('?origin=https://a.example').host, undefined)
  for (const origin of ['', 'null', '*', 'file:///x', 'javascript:alert(1)', 'about:blank'])
    assert.equal(of(`?embed=1&origin=${origin}`).host, undefined)
  for (const color of ['red', '%23fff', '%23gggggg', '%230a7cff;x']) assert.equal(of(`?color=${color}`).color, undefined)
  assert.equal(of('?locale=fr').locale, undefined)
})

test('text in any colour of a shop can be read, and on it too', () => {
  const random = createRandom(1)
  const colors = [
    '#000000',
    '#ffffff',
    '#ffff00',
    '#808080',
    ...Array.from(
      { length: 500 },
      () =>
        `#${Math.floor(random() * 2 ** 24)
          .toString(16)
          .padStart(6, '0')}`,
    ),
  ]
  for (const color of colors) {
    const [light, dark] = [readableAccent(color, 'light'), readableAccent(color, 'dark')]
    for (const ground of ['#fbfcfb', '#edf1ef', '#eef1ef']) assert.ok(contrastOf(light, ground) >= 4.5, `${color} as ${light} on ${ground}`)
    for (const ground of ['#151b19', '#222b28', '#0c100f']) assert.ok(contrastOf(dark, ground) >= 4.5, `${color} as ${dark} on ${ground}`)
    assert.ok(contrastOf('#ffffff', light) >= 4.5 && contrastOf('#000000', dark) >= 4.5, color)
    assert.ok(contrastOf(textOn(color), color) >= 4.5, color)
  }
})
