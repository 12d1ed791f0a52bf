// The developers' page at /graphql, in real Chromium at a real server whose shop has three systems. PARLEY_SHOTS=1 leaves pictures in test/output.
import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { buildWeb, PAGES } from '@parley/web/build.ts'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { LETTER } from '../mesh/joined-shop.ts'
import { assertAccessible } from './axe.ts'
import { launchBrowser, missingBrowser } from './browser.ts'
import { type MeshHouse, openMeshHouse } from './mesh-house.ts'
import { picture } from './visit.ts'

const skip = missingBrowser
const options = { skip, timeout: 120_000 }
const closing: (() => unknown)[] = []
let house: MeshHouse
let browser: Browser

before(async () => {
  await buildWeb()
  house = await openMeshHouse({ after: (close?: unknown) => closing.unshift(close as () => unknown) } as never) // of a context only `after` is used
  if (!skip) browser = await launchBrowser()
})
afterEach(async () => {
  await Promise.all(browser?.contexts().map(context => context.close()) ?? [])
  await house.services.knob('warehouse', { failure: 'none' })
})
after(async () => {
  await browser?.close()
  for (const close of closing) await close()
})

interface There {
  readonly page: Page
  readonly complaints: readonly string[]
  /** Addresses of everything that the page has asked for. */
  readonly asked: readonly string[]
}

async function visit(settings: BrowserContextOptions & { readonly as?: 'agent' } = {}): Promise<There> {
  const { as, ...more } = settings
  const context = await browser.newContext({ locale: 'en', viewport: { width: 1440, height: 900 }, ...more })
  const [name = '', value = ''] = house.cookies[0].split('=')
  if (as) await context.addCookies([{ name, value, url: `${house.url}/v1/desk`, httpOnly: true, sameSite: 'Strict' }])
  const page = await context.newPage()
  const complaints: string[] = []
  const asked: string[] = []
  page.on('pageerror', error => complaints.push(String(error)))
  page.on('console', message => /Content Security Policy|Trusted/i.test(message.text()) && complaints.push(message.text()))
  page.on('request', request => asked.push(request.url()))
  await page.goto(`${house.url}/graphql`)
  await page.waitForSelector(as ? '#graph:not([hidden])' : '#sign-in:not([hidden])')
  return { page, complaints, asked }
}

const reads = (page: Page, selector: string, words: string): Promise<unknown> =>
  page.waitForFunction(([found, wanted]) => document.querySelector(found ?? '')?.textContent?.includes(wanted ?? ''), [selector, words])

async function write(page: Page, host: string, text: string): Promise<void> {
  await page.locator(`${host} .cm-content`).click()
  await page.keyboard.press('ControlOrMeta+a')
  // Text that takes the place of a selection is given its colours by Chromium itself, as style attributes, which the policy stops.
  await page.keyboard.press('Delete')
  await page.keyboard.insertText(text)
}

async function useKey(page: Page, key = house.operatorKey): Promise<void> {
  await page.fill('#key', key)
  await page.press('#key', 'Enter')
}

const result = (page: Page): Promise<string> => page.locator('#result .cm-content').innerText()

test('[MESH30] an agent of the desk asks the documentation’s query, and sees what it took', options, async () => {
  const { page, complaints, asked } = await visit({ as: 'agent' })
  assert.equal(await page.innerText('#who'), 'Ann')
  await write(page, '#query', LETTER)
  await page.keyboard.press('Escape') // of what is proposed
  await page.keyboard.press('ControlOrMeta+Enter')
  await reads(page, '#status', '4 calls to the systems')
  assert.match(await result(page), /"warehouseStatus": "RETURN_RECEIVED"/)
  const rows = await page.locator('#trace tbody tr').allInnerTexts()
  assert.ok(
    rows.some(row => /warehouse\.findFulfilments each\s+2\s+1/.test(row)),
    rows.join('\n'),
  )
  await write(page, '#query', 'mutation { giveCoupon(customer: "123", percent: 5, key: "page") { code } }')
  await page.click('#run')
  await reads(page, '#status', '1 error')
  assert.match(await result(page), /an agent reads here/)
  assert.deepEqual(complaints, [])
  assert.deepEqual(
    asked.filter(url => !url.startsWith(house.url)),
    [],
    'nothing is asked of anybody else',
  )
})

test(
  '[MESH30] each field says what its source’s document says: in the documents, under the pointer, and while one writes',
  options,
  async () => {
    const { page } = await visit({ as: 'agent' })
    await page.click('#docs-body [data-key="type Customer"]')
    assert.match(await page.innerText('[data-field="Customer.city"]'), /Where the parcels go to\./)
    assert.match(await page.innerText('[data-field="Customer.orders"]'), /From orders\./)
    await page.fill('#docs-find', 'handed to a carrier')
    await page.click('[data-key="found Order.parcel"]')
    assert.match(await page.innerText('[data-field="Order.parcel"]'), /Null before it was handed to a carrier/)
    await picture(page, 'graph-docs')
    await write(page, '#query', '{ customer(id: "123") { city } }')
    await page.keyboard.press('Escape')
    await page.locator('#query .cm-line').getByText('city').hover()
    await page.waitForSelector('#query .cm-about')
    assert.match(await page.innerText('#query .cm-about'), /Customer\.city: String[\s\S]*Where the parcels go to\./)
    await write(page, '#query', '{ customer(id: "123") {  } }')
    for (let n = 0; n < 4; n++) await page.keyboard.press('ArrowLeft')
    await page.keyboard.type('na')
    await page.waitForSelector('#query .cm-tooltip-autocomplete')
    await reads(page, '#status', '')
    assert.match(await page.locator('#query .cm-tooltip-autocomplete [aria-selected]').innerText(), /name/)
    assert.match(await page.locator('#query .cm-completionInfo').innerText(), /As the customer writes it/)
    await page.locator('#query .cm-tooltip-autocomplete [aria-selected]').click()
    assert.match(await page.locator('#query .cm-content').innerText(), /\{ name/)
  },
)

test('[MESH30] a wrong field is told as it is written, before anything is asked', options, async () => {
  const { page } = await visit({ as: 'agent' })
  await write(page, '#query', '{ customer(id: "123") { nam } }')
  await page.waitForSelector('#query .cm-lintRange-error')
  await page.locator('#query .cm-lintRange-error').hover()
  await page.waitForSelector('#query .cm-diagnostic')
  assert.match(await page.locator('#query .cm-diagnostic').innerText(), /Cannot query field "nam"/)
})

test('[MESH30] asked as one customer nothing of another comes, and texts come in the language that is chosen', options, async () => {
  const { page } = await visit({ as: 'agent' })
  await write(page, '#query', '{ customer(id: "123") { city } }')
  await page.selectOption('#texts', 'zh-CN')
  await page.click('#run')
  await page.waitForFunction(() => document.querySelector('#status')?.textContent?.startsWith('200'))
  assert.match(await result(page), /苏州/)
  await page.fill('#customer', 'demo-lin')
  await page.click('#run')
  await page.waitForFunction(() => document.querySelector('#result')?.shadowRoot?.textContent?.includes('null'))
  assert.doesNotMatch(await result(page), /苏州/)
  await write(page, '#query', '{ customer { name } }')
  await page.click('#run')
  await page.waitForFunction(() => document.querySelector('#result')?.shadowRoot?.textContent?.includes('林悦'))
  await page.fill('#customer', 'no id')
  await page.click('#run')
  await page.waitForFunction(() => document.querySelector('#status')?.textContent?.startsWith('400'))
})

test('[MESH30] a system that is down is told beside what came', options, async () => {
  const { page } = await visit({ as: 'agent' })
  await house.services.knob('warehouse', { failure: 'error' })
  await write(page, '#query', '{ customer(id: "demo-kim") { orders(limit: 1) { number warehouseStatus } } }')
  await page.keyboard.press('Escape')
  await page.click('#run')
  await reads(page, '#status', '1 error')
  assert.match(await result(page), /SOURCE_BROKEN/)
  assert.match(await result(page), /"number": "/)
})

test(
  '[MESH30] the operator’s key lets one change; it is refused with a reason, kept by this tab alone, and never in an address',
  options,
  async () => {
    const { page, asked } = await visit()
    await useKey(page, '00')
    await reads(page, '#key-notice', 'The server does not take this key.')
    await useKey(page)
    await page.waitForSelector('#graph:not([hidden])')
    assert.equal(await page.innerText('#who'), 'Operator')
    await write(
      page,
      '#query',
      'mutation ($percent: Int!) { giveCoupon(customer: "123", percent: $percent, key: "page-2") { code percent } }',
    )
    await write(page, '#variables', '{ "percent": 7 }')
    await page.click('#run')
    await page.waitForFunction(() => document.querySelector('#result')?.shadowRoot?.textContent?.includes('CU-'))
    await page.reload()
    await page.waitForSelector('#graph:not([hidden])')
    const kept = await page.evaluate(() => [JSON.stringify(localStorage), document.cookie, location.href].join())
    assert.ok(!kept.includes(house.operatorKey) && asked.every(url => !url.includes(house.operatorKey)))
    await page.click('#history-open')
    await reads(page, '#history-list', 'giveCoupon')
    await page.click('#history-list .asked')
    assert.match(await page.locator('#variables .cm-content').innerText(), /"percent": 7/)
    await page.click('#sign-out')
    await page.waitForSelector('#sign-in:not([hidden])')
    assert.equal(await page.evaluate(() => JSON.stringify(sessionStorage)), '{}', 'nothing of it is left')
    await page.reload()
    await page.waitForSelector('#sign-in:not([hidden])')
  },
)

test('[MESH30] what is written can be tidied, and variables that are none are told', options, async () => {
  const { page } = await visit({ as: 'agent' })
  await write(page, '#query', '{customer(id:"123"){name}}')
  await page.click('#tidy')
  assert.match(await page.locator('#query .cm-content').innerText(), /^\{\n {2}customer\(id: "123"\) \{\n {4}name/)
  await write(page, '#variables', '[1')
  await page.click('#run')
  await reads(page, '#notice', 'The variables are no JSON object.')
})

for (const colorScheme of ['light', 'dark'] as const)
  test(`[MESH30] axe finds nothing, and nothing scrolls sideways on a phone: ${colorScheme}`, options, async () => {
    const { page, complaints } = await visit({ as: 'agent', colorScheme, locale: colorScheme === 'dark' ? 'zh-CN' : 'en' })
    await write(page, '#query', LETTER)
    await page.keyboard.press('Escape')
    await page.click('#run')
    await page.waitForSelector('#trace tbody tr')
    await page.click('#docs-body [data-key="type Customer"]')
    await assertAccessible(page, colorScheme)
    await picture(page, `graph-${colorScheme}`)
    await page.setViewportSize({ width: 390, height: 844 })
    for (const view of ['docs', 'editor', 'result']) {
      await page.click(`#views [data-view="${view}"]`)
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390, view)
      await assertAccessible(page, `phone, ${view}, ${colorScheme}`)
      await picture(page, `graph-390-${view}-${colorScheme}`)
    }
    await page.context().clearCookies() // the name has work to do in other tests
    await page.reload()
    await page.waitForSelector('#sign-in:not([hidden])')
    await assertAccessible(page, `signing in, ${colorScheme}`)
    await picture(page, `graph-sign-in-${colorScheme}`)
    assert.deepEqual(complaints, [])
  })

test('[MESH30] a browser gets the page, and whoever asks gets an answer', async () => {
  const get = (path: string, accept: string): Promise<Response> => fetch(`${house.url}${path}`, { headers: { accept } })
  const browsers = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
  const page = await get('/graphql', browsers)
  assert.match(page.headers.get('content-type') ?? '', /text\/html/)
  assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'self'.*frame-ancestors 'none'/)
  assert.doesNotMatch(page.headers.get('content-security-policy') ?? '', /unsafe/)
  assert.equal((await get('/graphql?query=%7B__typename%7D', browsers)).status, 401)
  assert.equal((await get('/graphql', 'application/json')).status, 401)
  const below = (headers: Record<string, string>): Promise<Response> =>
    fetch(`${house.url}/v1/desk/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: '{"query":"{ __typename }"}',
    })
  assert.equal((await below({})).status, 401)
  assert.equal((await below({ authorization: `Bearer ${house.operatorKey}` })).status, 401, 'a session alone opens it')
  assert.equal((await below({ cookie: house.cookies[0], origin: 'https://evil.example' })).status, 403)
  assert.equal((await below({ cookie: house.cookies[2], origin: house.url })).status, 404, 'its shop has no mesh')
  const told = await below({ cookie: house.cookies[0], origin: house.url })
  assert.deepEqual([told.status, await told.json()], [200, { data: { __typename: 'Query' } }])
})

test('[MESH30] the page weighs less than 240 kB, gzipped', async t => {
  const { sizes } = await buildWeb()
  const weight = sizes
    .filter(({ file }) => (PAGES.graph as readonly string[]).includes(file))
    .reduce((sum, { gzipped }) => sum + gzipped, 0)
  t.diagnostic(`${weight} bytes`)
  assert.ok(weight > 100_000 && weight < 240_000, `${weight} bytes`)
})
