// The data team's pages in real Chromium against the real server: what only a browser can show. PARLEY_SHOTS=1 leaves pictures in test/output.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createAccounts } from '@parley/server/accounts/accounts.ts'
import { openLmdbAccounts } from '@parley/server/drivers/accounts.lmdb.ts'
import { buildWeb } from '@parley/web/build.ts'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { assertAccessible } from './axe.ts'
import { launchBrowser, missingBrowser } from './browser.ts'
import { fetchVisitor, joinConversation, type RunningServer, startServer, temporaryFolder } from './running-server.ts'
import { picture } from './visit.ts'

const skip = missingBrowser
// Reports and trials are worked out with the least priority: beside other tests they wait for the processor.
const options = { skip, timeout: 300_000 }
const PASSWORD = 'crab soup at nine'
const HOSTILE = '<img src=x onerror="window.owned = 1"><b>where is</b> my parcel'
const TALKS = [[HOSTILE], ['谢谢，这周第三只死蟹了', '发票怎么开'], ['I do not want a refund, where is my parcel?'], ['blorp vex quandle']]
const TURNS = [
  ['where is my parcel', 'TRACK_ORDER'],
  ['has my order been sent yet', 'TRACK_ORDER'],
  ['can I get an invoice for this', 'INVOICE_REQUEST'],
  ['thank you so much', 'THANKS'],
  ['发票怎么开', 'INVOICE_REQUEST'],
  ['我要找人工客服', 'HUMAN_AGENT'],
  ['two of the crabs are dead', 'COMPENSATE'],
  ['do you have a favourite colour', 'OUT_OF_SCOPE'],
  ['I want to send it back', 'RETURN_REQUEST'],
  [HOSTILE, 'TRACK_ORDER'],
] as const
const JSONL = TURNS.map(([text, action], i) => JSON.stringify({ text, action, ...(i === 0 && { pinned: true }) })).join('\n')

const folder = temporaryFolder()
let server: RunningServer
let browser: Browser
let context: BrowserContext
let page: Page
const complaints: string[] = []

before(async () => {
  if (skip) return
  const accounts = createAccounts(openLmdbAccounts(join(folder.path, 'accounts')))
  await accounts.add('demo', 'Lin Yu', PASSWORD, 'data')
  await accounts.add('demo', 'Anna', PASSWORD)
  await accounts.close()
  await buildWeb()
  ;[server, browser] = await Promise.all([startServer(folder.path), launchBrowser()])
  await Promise.all(TALKS.map(talk))
  context = await browser.newContext({ locale: 'en', viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' })
  page = await context.newPage()
  page.setDefaultTimeout(240_000)
  page.on('pageerror', error => complaints.push(String(error)))
  page.on('console', message => /Content Security Policy/i.test(message.text()) && complaints.push(message.text()))
})
after(async () => {
  await browser?.close()
  await server?.stop('SIGKILL')
  folder.remove()
})

async function talk(texts: readonly string[]): Promise<void> {
  const line = await joinConversation(server.url, await fetchVisitor(server.url))
  await line.next('state')
  for (const [i, text] of texts.entries()) {
    line.send({ type: 'say', ref: `m${i}`, text })
    await line.next('events', frame => frame.events.some(event => event.type === 'reply'))
  }
  line.socket.close()
}

async function signIn(name: string, password: string): Promise<void> {
  await page.fill('#sign-in-shop', 'demo')
  await page.fill('#sign-in-name', name)
  await page.fill('#sign-in-password', password)
  await page.click('#sign-in-button')
}
/** As somebody goes there, by the list at the side. */
const visit = async (name: string, ready: string): Promise<void> => {
  await page.click(`#pages [href="#/${name}"]`)
  await page.waitForSelector(ready)
}
const reads = (selector: string, text: string): Promise<unknown> =>
  page.waitForFunction(([found, wanted]) => document.querySelector(found ?? '')?.textContent?.includes(wanted ?? ''), [selector, text])
async function order(button: string, why: string): Promise<void> {
  await page.click(button)
  await page.fill('#order-why', why)
  await page.click('#order-yes')
  await page.waitForSelector('dialog.order', { state: 'detached' })
}

test(
  'signing in: refused with a reason, told of another page, then in; a reload keeps the place, and the language is kept',
  options,
  async () => {
    await page.goto(`${server.url}/studio#/compare`)
    await page.waitForSelector('#sign-in:not([hidden])')
    await picture(page, 'studio-sign-in')
    await signIn('Lin Yu', 'wrong')
    await reads('#sign-in-notice', 'Shop, name or password is wrong.')
    await signIn('Anna', PASSWORD)
    await reads('#sign-in-notice', 'may not see the Studio')
    await signIn('Lin Yu', PASSWORD)
    await page.waitForSelector('#compare-start, .empty')
    assert.equal(await page.textContent('#who'), 'Lin Yu')
    await page.reload()
    await reads('h2', 'Compare')
    await page.click('#language')
    await reads('h2', '比较')
    await page.reload()
    await reads('h2', '比较')
    assert.equal(await page.getAttribute('html', 'lang'), 'zh-CN')
    await page.click('#language')
    await page.goto(`${server.url}/studio`)
  },
)

test('a file is told line by line what is wrong with it, and what can be read is a set', options, async () => {
  await visit('reports', '.drop-zone')
  await page.waitForSelector('.empty-title')
  const file = (name: string, text: string) =>
    page.setInputFiles('#upload-file', { name, mimeType: 'application/jsonl', buffer: Buffer.from(text) })
  await file('broken.jsonl', '{"text": "x", "action": "FIND_IT"}\nnot json\n')
  await reads('.problems li:nth-child(1)', 'the shop has no action "FIND_IT"')
  await reads('.problems li:nth-child(2) .place', 'Line 2')
  await file('march.jsonl', `${JSONL}\n{"text": "x", "action": "FIND_IT"}\n`)
  await reads('.said-of-file', 'march.jsonl is kept without 1 line')
  await reads('.sets', '10 turns')
  await page.waitForSelector('#report-start')
  await picture(page, 'studio-reports')
})

test('a report is started, watched and read; a plot answers a hover; both files can be taken along', options, async () => {
  await page.click('#report-start')
  await page.waitForSelector('.headlines')
  await picture(page, 'studio-report')
  assert.match(page.url(), /#\/reports\/.+/)
  const plot = page.locator('.plot-area').first()
  await plot.scrollIntoViewIfNeeded()
  await plot.hover()
  await page.waitForSelector('.tip:not([hidden])')
  assert.notEqual((await page.textContent('.tip:not([hidden])'))?.trim(), '')
  for (const [kind, holds] of [
    ['html', '<!doctype html>'],
    ['result', '"headlines"'],
  ] as const) {
    const [download] = await Promise.all([page.waitForEvent('download'), page.click(`.actions a[href*="/${kind}"]`)])
    const stream = await download.createReadStream()
    let text = ''
    for await (const chunk of stream) text += chunk
    assert.ok(text.toLowerCase().includes(holds), kind)
  }
  const id = new URL(page.url()).hash
  await page.reload()
  await page.waitForSelector('.headlines')
  assert.equal(new URL(page.url()).hash, id)
})

test('weights are moved and the figures follow; what is saved with a name and a reason is a version', options, async () => {
  await visit('weights', '[data-measure="accuracy"]')
  assert.equal(await page.isDisabled('#weights-save'), true, 'nothing is moved')
  const accuracy = await page.textContent('[data-measure="accuracy"]')
  const before = Number(await page.getAttribute('.effect', 'data-asked'))
  await page.focus('#slide-intent-zh-en')
  await page.keyboard.press('Home') // 0: not heard
  await page.waitForFunction(last => Number(document.querySelector<HTMLElement>('.effect')?.dataset.asked) > last, before)
  await page.waitForSelector('.effect[data-state="still"]')
  assert.notEqual(await page.textContent('[data-measure="accuracy"]'), accuracy)
  assert.match((await page.textContent('[data-difference="accuracy"]')) ?? '', /^−/)
  assert.ok((await page.locator('.groups details').count()) > 0)
  await picture(page, 'studio')
  await page.fill('#number-clarify', '1')
  await page.press('#number-clarify', 'Tab')
  await reads('#settings-text', 'clarify: 1')
  await page.click('#weights-save')
  await page.click('#order-yes')
  await reads('#order-trouble', 'Say why')
  await page.fill('#order-name', 'deaf')
  await page.fill('#order-why', 'to see what intent is worth')
  await page.click('#order-yes')
  await reads('#notice', 'deaf@')
  await page.click('#weights-reset')
  await page.waitForFunction(() => document.querySelector<HTMLInputElement>('#number-clarify')?.value !== '1')
})

test('a version is promoted with a reason, which is in the history with the name, and rolled back', options, async () => {
  await visit('versions', '.version-row[data-version^="deaf@"]')
  const inForce = await page.textContent('.in-force .big')
  const deaf = (await page.getAttribute('.version-row[data-version^="deaf@"]', 'data-version')) ?? ''
  await page.click(`[data-key="promote list ${deaf}"]`)
  await page.click('#order-yes')
  await reads('#order-trouble', 'Say why')
  await picture(page, 'studio-promote')
  await page.fill('#order-why', 'on purpose <b>for a test</b>')
  await page.click('#order-yes')
  await reads('.in-force .big', deaf)
  assert.match((await page.textContent('tbody tr:nth-child(1)')) ?? '', /put in force.*Lin Yu.*on purpose <b>for a test<\/b>$/s)
  await order('[data-key="rollback"]', 'it was not')
  await reads('.in-force .big', inForce ?? '')
  await page.click(`[data-key="canary list ${deaf}"]`)
  await page.fill('#order-share', '25')
  await page.fill('#order-why', 'a quarter')
  await page.click('#order-yes')
  await reads('.standing', 'decides 25 % of the conversations')
  await order('[data-key="canary-off"]', 'enough')
  await order(`[data-key="shadow ${deaf}"]`, 'unseen')
  await reads('#shadow-title + .big', deaf)
  await page.click(`[data-key="file ${deaf}"]`)
  await reads('dialog.text pre', 'voters:')
  await page.keyboard.press('Escape')
})

test('two versions stand beside each other: what changed, the gate, and keys from turn to turn', options, async () => {
  await page.click('.version-row[data-version^="deaf@"] a[href*="/compare"]')
  await page.waitForSelector('#compare-start')
  assert.match(await page.inputValue('#compare-b'), /^deaf@/)
  await page.click('#compare-start')
  await page.waitForSelector('.turns .turn')
  await reads('.verdict', 'shut')
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  assert.equal(await page.evaluate(() => [...document.querySelectorAll('.turns .turn')].indexOf(document.activeElement as Element)), 1)
  const all = await page.locator('.turns .turn').count()
  await page.keyboard.press('f')
  await page.keyboard.type('parcel')
  await page.waitForFunction(count => document.querySelectorAll('.turns .turn').length < count, all)
  await picture(page, 'studio-compare')
})

test('the queue of labels is gone through by keyboard alone', options, async () => {
  await visit('label', '[data-key="choice 1"]')
  const left = async (): Promise<number> => Number.parseInt((await page.textContent('#label-left')) ?? '', 10)
  const turn = (): Promise<string | null> => page.textContent('.the-turn p')
  const all = await left()
  await picture(page, 'studio-label')
  assert.ok(all >= 4, `${all} left`)
  assert.match((await page.textContent('[data-key="shares"]')) ?? '', /prior −\d/)
  const [first, action] = [await turn(), await page.getAttribute('[data-key="choice 1"]', 'data-action')]
  await page.keyboard.press('1')
  await reads('#label-left', `${all - 1} left`)
  const second = await turn()
  assert.notEqual(second, first)
  await page.keyboard.press('u')
  await reads('.the-turn p', first ?? '')
  await page.keyboard.press('s')
  await reads('.the-turn p', second ?? '')
  await page.keyboard.press('/')
  await page.keyboard.type('退款进')
  await page.waitForSelector('#action-0')
  await page.keyboard.press('Enter')
  await reads('.label-said', 'where a refund is')
  await reads('#label-left', `${all - 2} left`)
  await page.keyboard.press('0')
  await reads('#label-left', `${all - 3} left`)
  await page.reload()
  await reads('#label-left', `${all - 3} left`)
  await reads('.label-count', '2 labelled by you, 1 skipped')
  assert.match(action ?? '', /^[A-Z_]+$/)
})

test('what a customer wrote is text and nothing else, wherever it is shown', options, async () => {
  assert.equal(await page.evaluate('window.owned'), undefined)
  assert.equal(await page.locator('img').count(), 0)
  assert.deepEqual(complaints, [])
})

test('a server that is lost is said, and what was shown mends itself when it is back', options, async () => {
  await visit('versions', '.version-row')
  await context.setOffline(true)
  await page.click('#pages [href="#/drift"]')
  await reads('#lost', 'does not answer')
  await page.click('#pages [href="#/versions"]')
  // What was known stays.
  await page.waitForFunction(() => document.querySelectorAll('.version-row').length > 1)
  await context.setOffline(false)
  await page.waitForFunction(() => document.querySelector('#lost')?.textContent === '')
  await page.waitForSelector('.trouble', { state: 'detached' })
})

const PAGES = {
  versions: '.version-row',
  reports: '.report-row',
  compare: '#compare-start',
  weights: '[data-measure]',
  label: '.key-list',
  drift: '.card',
}
for (const colorScheme of ['light', 'dark'] as const)
  test(`axe finds nothing on any page, and none scrolls sideways on a phone: ${colorScheme}`, options, async () => {
    await page.emulateMedia({ colorScheme })
    const report = await page.evaluate(() =>
      fetch('/v1/studio/reports').then(async answer => (await answer.json()).reports as { id: string }[]),
    )
    const addresses = [
      ...Object.entries(PAGES).map(([name, ready]) => [name, ready] as const),
      ...report.map(({ id }) => [`reports/${id}`, '.card'] as const),
    ]
    for (const [address, ready] of addresses) {
      await page.setViewportSize({ width: 1440, height: 900 })
      await page.evaluate(hash => {
        location.hash = hash
      }, `#/${address}`)
      await page.waitForSelector(ready)
      await assertAccessible(page, `${address}, ${colorScheme}`)
      await page.setViewportSize({ width: 390, height: 844 })
      await picture(page, `studio-390-${colorScheme}-${address.replace(/\W.*/, '-one')}`)
      // Plots are drawn anew when they hear of their new width.
      const width = () => page.evaluate(() => document.documentElement.scrollWidth)
      await page
        .waitForFunction(() => document.documentElement.scrollWidth === 390)
        .catch(async () => assert.fail(`${address} is ${await width()} pixels wide`))
    }
    assert.deepEqual(complaints, [])
  })

test('signing out leaves nothing of it on the page', options, async () => {
  await page.click('#sign-out')
  await page.waitForSelector('#sign-in:not([hidden])')
  assert.equal(await page.textContent('#page'), '')
})
