// The customer beside the conversation, in real Chromium at a real server whose shop has three systems. PARLEY_SHOTS=1 leaves pictures in test/output.
import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { buildWeb } from '@parley/web/build.ts'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { assertAccessible } from './axe.ts'
import { launchBrowser, missingBrowser } from './browser.ts'
import { type MeshHouse, openMeshHouse } from './mesh-house.ts'
import type { Visitor } from './running-server.ts'
import { picture } from './visit.ts'

const skip = missingBrowser
const options = { skip, timeout: 120_000 }
const closing: (() => unknown)[] = []
let house: MeshHouse
let browser: Browser
let shen: Visitor
let lin: Visitor
let stranger: Visitor

before(async () => {
  if (skip) return
  await buildWeb()
  house = await openMeshHouse({ after: (close?: unknown) => closing.unshift(close as () => unknown) } as never) // of a context only `after` is used
  browser = await launchBrowser()
  ;[shen, lin, stranger] = await Promise.all([house.wantsPerson('123'), house.wantsPerson('demo-lin'), house.wantsPerson('stranger')])
})
afterEach(async () => {
  await Promise.all(browser?.contexts().map(context => context.close()) ?? [])
  for (const service of ['orders', 'crm', 'warehouse'] as const) await house?.services.knob(service, { failure: 'none', latencyMs: 0 })
})
after(async () => {
  await browser?.close()
  for (const close of closing) await close()
})

interface Desk {
  readonly page: Page
  readonly complaints: readonly string[]
}

async function openDesk(visitor: Visitor, settings: BrowserContextOptions = {}, cookie = house.cookies[0]): Promise<Desk> {
  const context = await browser.newContext({ locale: 'en', viewport: { width: 1280, height: 800 }, ...settings })
  const [name = '', value = ''] = cookie.split('=')
  await context.addCookies([{ name, value, url: `${house.url}/v1/desk`, httpOnly: true, sameSite: 'Strict' }])
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', error => complaints.push(String(error)))
  page.on('console', message => /Content Security Policy|Trusted/i.test(message.text()) && complaints.push(message.text()))
  await page.goto(`${house.url}/desk#${visitor.conversation}`)
  return { page, complaints }
}

const isThere = (page: Page, state: 'attached' | 'visible' = 'visible'): Promise<unknown> =>
  page.waitForSelector('#customer-body .as-of', { state })
const reads = (page: Page, selector: string, words: string): Promise<unknown> =>
  page.waitForFunction(([found, wanted]) => document.querySelector(found ?? '')?.textContent?.includes(wanted ?? ''), [selector, words])
const orders = (page: Page): Promise<string[]> =>
  page.$$eval('#customer-body .order', cards => cards.map(card => (card as HTMLElement).innerText))

test('an agent who opens a conversation sees its customer, with orders, parcels and refunds, in readable words', options, async () => {
  const { page, complaints } = await openDesk(shen)
  await isThere(page)
  assert.equal(await page.innerText('.person'), '沈一帆')
  assert.match(await page.innerText('.part.who'), /City\s+Suzhou/)
  await picture(page, 'customer-panel')
  assert.equal((await orders(page)).length, 3, 'the newest, and a button for the others')
  await page.click('[data-key="whole customer.orders"]')
  const all = await orders(page)
  assert.equal(all.length, 4)
  const returning = all.find(text => text.includes('2024-123')) ?? ''
  for (const words of [
    'Returning',
    '¥917.00',
    'Light down jacket',
    'Wool scarf',
    '× 2',
    'SF Express',
    'SF1380024012301',
    'Approved',
    'Return received',
  ])
    assert.ok(returning.includes(words), `${words} in ${returning}`)
  assert.match(returning, /Expected on\s+Mar 5, 2025/)
  assert.match(await page.innerText('#customer-body'), /Compensation cases\s+None\./)
  assert.deepEqual(complaints, [])
})

test('what the sources say of the fields is read without a pointer, and stays open when the panel is asked anew', options, async () => {
  const { page } = await openDesk(shen)
  await isThere(page)
  await page.focus('.glossary summary')
  await page.keyboard.press('Enter')
  await page.waitForSelector('.glossary[open] dd')
  assert.match(await page.innerText('.glossary dl'), /Warehouse status\s+Where the goods are, as the warehouse sees it\./)
  await assertAccessible(page, 'the glossary is open')
  assert.equal(await page.evaluate(() => document.documentElement.scrollHeight - innerHeight), 0, 'the page itself does not scroll')
  await picture(page, 'customer-panel-glossary')
  await page.click('#customer-refresh')
  await page.waitForFunction(() => document.querySelector('#customer-body')?.ariaBusy === 'false')
  assert.equal(await page.$eval('.glossary', details => (details as HTMLDetailsElement).open), true)
})

test('a number is copied by one press and put into the reply by another', options, async () => {
  const { page } = await openDesk(shen)
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await isThere(page)
  const number = await page.innerText('.order .copy')
  await page.click('.order .copy')
  await reads(page, '#customer-notice', `Copied ${number}.`)
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), number)
  await page.click('.order .into-reply')
  await reads(page, '#customer-notice', 'Claim it to answer.')
  await page.click('#claim')
  await page.waitForSelector('#chat-owner[data-who="me"]')
  await page.fill('#text', 'Your order')
  await page.focus('.order .into-reply')
  await page.keyboard.press('Enter')
  await reads(page, '#customer-notice', `${number} is in the reply.`)
  assert.equal(await page.inputValue('#text'), `Your order ${number}`)
  await page.click('#to-queue')
  await page.click('#release-yes')
  await page.waitForSelector('#chat-owner[data-who="queue"]')
})

test('a page that has no clipboard of its own copies nevertheless', options, async () => {
  const { page } = await openDesk(shen)
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await isThere(page)
  await page.evaluate(() => Object.defineProperty(navigator, 'clipboard', { value: undefined, configurable: true }))
  await page.focus('.order .copy')
  const number = await page.innerText('.order .copy')
  await page.keyboard.press('Enter')
  await reads(page, '#customer-notice', `Copied ${number}.`)
  assert.equal(await page.evaluate(() => document.activeElement?.className), 'copy')
})

test('a field says what its source says of it', options, async () => {
  const { page } = await openDesk(shen)
  await isThere(page)
  assert.match((await page.getAttribute('.order .chip', 'title')) ?? '', /How far an order has come/)
  assert.match((await page.getAttribute('.order .copy', 'title')) ?? '', /As the customer knows it/)
})

test(
  'what a system does not give is missing with its name, what it gave before is marked with its age, and both mend',
  options,
  async () => {
    const { page } = await openDesk(lin)
    await isThere(page)
    await house.services.knob('warehouse', { failure: 'error' })
    await house.services.knob('crm', { failure: 'drop' })
    await page.click('#customer-refresh')
    await reads(page, '.trouble', 'The CRM does not answer right now.')
    await reads(page, '.trouble', 'The warehouse does not answer right now. What it said')
    await page.waitForSelector('.stale')
    assert.match(await page.innerText('.order .stale'), /^as of \d+ (second|minute)s? ago$/)
    await reads(page, '#customer-body', 'Refund: The CRM does not answer right now.')
    assert.match(await page.innerText('#customer-body'), /Compensation cases\s+The CRM does not answer right now\./)
    await picture(page, 'customer-panel-down')
    await assertAccessible(page, 'a system is down')
    await house.services.knob('warehouse', { failure: 'none' })
    await house.services.knob('crm', { failure: 'none' })
    await page.click('#customer-refresh')
    await page.waitForSelector('.trouble', { state: 'detached' })
    assert.equal(await page.locator('.stale').count(), 0)
  },
)

test('with no system at all it says so, in Chinese too', options, async () => {
  for (const service of ['orders', 'crm', 'warehouse'] as const) await house.services.knob(service, { failure: 'error' })
  const { page } = await openDesk(await house.wantsPerson('shopper-77'), { locale: 'zh-CN' })
  await isThere(page)
  await reads(page, '.trouble', '客户系统暂时没有响应。')
  assert.equal((await page.innerText('#customer-body')).split('客户系统暂时没有响应').length, 2, 'it is said once')
  await picture(page, 'customer-panel-zh-down')
})

test('it says that it is asking, and that nobody knows the customer', options, async () => {
  const { page } = await openDesk(shen)
  await isThere(page)
  await house.services.knob('crm', { latencyMs: 600 })
  await page.click(`.item[data-conversation="${stranger.conversation}"]`)
  await reads(page, '#customer-body', 'Asking the shop’s systems …')
  assert.equal(await page.getAttribute('#customer-body', 'aria-busy'), 'true')
  await reads(page, '#customer-body', 'The shop’s systems do not know this customer.')
  assert.equal(await page.getAttribute('#customer-body', 'aria-busy'), 'false')
  assert.equal(await page.locator('.person').count(), 0)
})

test('a server that does not answer is said, what is shown stays, and the button asks again', options, async () => {
  const { page } = await openDesk(shen)
  await isThere(page)
  await page.route('**/customer', route => route.abort())
  await page.click('#customer-refresh')
  await reads(page, '.trouble', 'The shop does not answer.')
  assert.equal(await page.innerText('.person'), '沈一帆')
  await page.unroute('**/customer')
  await page.click('#customer-refresh')
  await page.waitForSelector('.trouble', { state: 'detached' })
})

test('customer and hand-off take turns by a press and by a key; the choice is kept; a wide screen has both', options, async () => {
  const { page } = await openDesk(shen)
  await isThere(page)
  assert.equal(await page.isVisible('#card-body'), false)
  await page.click('#side-card')
  assert.deepEqual([await page.isVisible('#card-body'), await page.isVisible('#customer-body')], [true, false])
  assert.doesNotMatch(await page.innerText('#card-body'), /Orders of the customer/)
  await page.reload()
  await page.waitForSelector('#card-body .part')
  assert.equal(await page.getAttribute('#side-card', 'aria-pressed'), 'true')
  await page.focus('#chat-title')
  await page.keyboard.press('v')
  await isThere(page)
  await page.setViewportSize({ width: 1720, height: 900 })
  assert.deepEqual([await page.isVisible('#card-body'), await page.isVisible('#customer-body')], [true, true])
  await picture(page, 'customer-panel-wide')
})

test('a shop without a mesh has no panel', options, async () => {
  const { page } = await openDesk(shen, {}, house.cookies[2])
  await page.waitForSelector('#line[data-state="connected"]', { state: 'attached' })
  assert.equal(await page.locator('#side-choice:visible, #customer:visible, #show-customer:visible').count(), 0)
})

for (const colorScheme of ['light', 'dark'] as const)
  for (const locale of ['en', 'zh-CN'] as const)
    test(`axe finds nothing, and nothing scrolls sideways on a phone: ${locale}, ${colorScheme}`, options, async () => {
      const { page, complaints } = await openDesk(shen, { locale, colorScheme })
      await isThere(page)
      await assertAccessible(page, `${locale}, ${colorScheme}`)
      await picture(page, `customer-panel-${locale}-${colorScheme}`)
      await page.setViewportSize({ width: 390, height: 844 })
      assert.equal(await page.isVisible('#customer-body'), false, 'it folds: the conversation is in view')
      await page.click('#show-customer')
      await isThere(page)
      assert.equal(await page.evaluate(() => document.activeElement?.id), 'customer-title')
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390)
      await assertAccessible(page, `phone, ${locale}, ${colorScheme}`)
      await picture(page, `customer-panel-390-${locale}-${colorScheme}`)
      await page.click('#card-back')
      assert.equal(await page.isVisible('#log'), true)
      assert.deepEqual(complaints, [])
    })
