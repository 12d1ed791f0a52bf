// What a customer's phone has to fetch.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildWeb, PAGES } from '@parley/web/build.ts'

const gzipped = async (files: readonly string[]): Promise<number> =>
  (await buildWeb()).sizes.filter(({ file }) => files.includes(file)).reduce((sum, size) => sum + size.gzipped, 0)

test('the widget is under 30 kB gzipped, and the script on a shop’s page under 5 kB', async t => {
  const widget = await gzipped(PAGES.widget)
  const loader = await gzipped(PAGES.loader)
  t.diagnostic(`widget ${widget} bytes, parley.js ${loader} bytes`)
  assert.ok(widget > 5_000 && widget < 30_000, `the widget has ${widget} bytes`)
  assert.ok(loader > 1_000 && loader < 5_000, `parley.js has ${loader} bytes`)
})
