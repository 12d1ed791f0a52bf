// The widget on somebody else's page: another site, a strict policy, hostile styles and overwritten prototypes. In real Chromium against the real server.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { buildWeb } from '@parley/web/build.ts'
import type { Browser, BrowserContext, BrowserContextOptions, Frame, Page } from 'playwright-core'
import { assertAccessible } from './axe.ts'
import { launchBrowser, missingBrowser } from './browser.ts'
import { type RunningServer, startServer, temporaryFolder } from './running-server.ts'
import { scriptedShop } from './scripted-shop.ts'
import { bubbles, isConnected, messagesOf, picture, replies, say } from './visit.ts'

const skip = missingBrowser
const data = temporaryFolder()
let server: RunningServer
let browser: Browser
let shopSite: Server
let strangerSite: Server

/** What each page of the shop's own site has between head and script tag. `{tag}` is where the tag goes. */
const PAGES: Readonly<Record<string, string>> = {
  '/': '<h1>Fresh</h1><p id="first">Fish and fruit.</p><a href="#x">a link</a>{tag}',
  '/bare': '<h1>Fresh</h1><p id="first">Fish and fruit.</p><a href="#x">a link</a>',
  '/options': '<h1>Fresh</h1>{tag data-locale="zh-CN" data-color="#ffd400" data-position="left"}',
  '/hostile': `<style>
      * { display: none !important; all: unset !important; }
      div, section, button, iframe, span, parley-widget { display: none !important; opacity: 0 !important; position: static !important; width: 1px !important }
    </style>
    <script>
      const broken = () => { throw new Error('overwritten') }
      for (const name of ['map', 'forEach', 'filter', 'includes', 'join', 'push', 'slice', 'concat', 'some', 'find', 'indexOf', 'reduce', 'flatMap', 'toJSON'])
        Array.prototype[name] = broken
      for (const name of ['trim', 'replace', 'split', 'startsWith', 'includes', 'padStart', 'match']) String.prototype[name] = broken
      for (const name of ['append', 'prepend', 'remove', 'replaceChildren', 'before', 'after']) Element.prototype[name] = broken
      for (const name of ['assign', 'entries', 'keys', 'values', 'fromEntries']) Object[name] = broken
      for (const name of ['bind', 'call', 'apply']) Function.prototype[name] = broken
      JSON.stringify = JSON.parse = Array.from = window.fetch = window.Promise = window.Map = window.Set = window.CustomEvent = broken
      Object.prototype.surprise = 'inherited'
    </script><h1>Fresh</h1>{tag}`,
}
/** The strictest policy that docs/widget.md says is enough, and Trusted Types on top. */
const policyOf = (path: string): string =>
  path === '/hostile'
    ? ''
    : `default-src 'none'; script-src ${server.url}; frame-src ${server.url}; require-trusted-types-for 'script'; trusted-types 'none'`

async function site(): Promise<Server> {
  const made = createServer((request, response) => {
    const path = request.url ?? '/'
    const tag = (options: string): string => `<script src="${server.url}/parley.js" data-shop="demo"${options} async></script>`
    const body = (PAGES[path] ?? '').replace(/\{tag(.*?)\}/, (_, options: string) => tag(options))
    response.setHeader('content-type', 'text/html; charset=utf-8')
    if (policyOf(path)) response.setHeader('content-security-policy', policyOf(path))
    response.end(
      `<!doctype html><html lang="en"><head><title>Fresh</title><meta name="viewport" content="width=device-width, initial-scale=1"></head><body><main>${body}</main></body></html>`,
    )
  }).listen(0)
  await once(made, 'listening')
  return made
}
/** By name: the server is at 127.0.0.1, so that these are different sites to the browser. */
const originOf = (of: Server): string => `http://localhost:${(of.address() as AddressInfo).port}` // it listens on a port

before(async () => {
  if (skip) return
  await buildWeb()
  shopSite = await site()
  strangerSite = await site()
  const config = join(data.path, 'parley.yaml')
  writeFileSync(config, `shops:\n  - id: demo\n    name: Parley Fresh\n    plugins: [fresh-goods]\n    origins: [${originOf(shopSite)}]\n`)
  server = await startServer(data.path, { env: { PARLEY_CONFIG: config } })
  browser = await launchBrowser()
})
after(async () => {
  await browser?.close()
  await server?.stop('SIGKILL')
  for (const made of [shopSite, strangerSite]) {
    made?.closeAllConnections()
    made?.close()
  }
  data.remove()
})

interface Visited {
  readonly page: Page
  readonly context: BrowserContext
  readonly complaints: readonly string[]
}

async function go(
  path: string,
  options: BrowserContextOptions = {},
  prepare?: (context: BrowserContext) => Promise<unknown>,
): Promise<Visited> {
  const context = await browser.newContext({ locale: 'en', viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce', ...options })
  await prepare?.(context)
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', error => complaints.push(String(error)))
  page.on('console', message => /Content Security Policy|TrustedType/i.test(message.text()) && complaints.push(message.text()))
  await page.goto(`${originOf(shopSite)}${path}`)
  return { page, context, complaints }
}

/** The widget's page in its frame, connected. */
async function frameOf(page: Page): Promise<Frame> {
  const frame = await (await page.waitForSelector('iframe')).contentFrame()
  assert.ok(frame, 'the panel has no frame')
  await isConnected(frame)
  return frame
}

const focusIn = (frame: Frame): Promise<string> => frame.evaluate(() => (document.hasFocus() ? (document.activeElement?.id ?? '') : ''))

test('on a page of another site with a strict policy: open, write, be answered, close, and see what came meanwhile', {
  skip,
  timeout: 90_000,
}, async () => {
  const { page, context, complaints } = await go('/', {}, scriptedShop)
  const launcher = page.getByRole('button', { name: 'Chat with us' })
  await launcher.waitFor()
  assert.equal(await page.locator('iframe').count(), 0, 'nothing is loaded before it is wanted')
  await assertAccessible(page, 'the page with the launcher')
  await launcher.click()
  const frame = await frameOf(page)
  await frame.waitForFunction(() => document.activeElement?.id === 'text')
  assert.equal(await frame.getAttribute('html', 'lang'), 'en')
  assert.equal(await frame.isVisible('#language'), true, 'the page around names its language, not the customer’s')
  await assertAccessible(page, 'the page with the panel open')
  await say(frame, 'hello')
  await frame.waitForSelector('.row.customer:not([data-state="sending"])')
  await page.keyboard.press('Escape')
  await launcher.waitFor()
  assert.equal(await launcher.evaluate(button => (button.getRootNode() as ShadowRoot).activeElement === button), true) // in its shadow root
  assert.equal(await page.locator('iframe').isVisible(), false)
  assert.deepEqual(complaints, [])
  assert.deepEqual(await page.evaluate(() => Object.keys(window).filter(name => /parley/i.test(name))), ['Parley'])
  await context.close()
})

test('[WEB4] what comes while the panel is closed is counted and shown, what is forged is not; opening reads it', {
  skip,
  timeout: 60_000,
}, async () => {
  let shop: Awaited<ReturnType<typeof scriptedShop>> | undefined
  const { page, context } = await go('/', {}, async made => {
    shop = await scriptedShop(made)
  })
  assert.ok(shop)
  await page.getByRole('button', { name: 'Chat with us' }).click()
  await frameOf(page)
  shop.reply('first')
  await shop.heard(frame => frame.type === 'seen' && frame.state === 'read' && frame.seq === 1)
  await page.getByRole('button', { name: 'Close the chat' }).click()
  shop.person('Chen', 'Your refund is on its way.\nIt takes a day or two.')
  shop.reply('Anything else?')
  await page.getByRole('button', { name: 'Chat with us (2 new messages)' }).waitFor()
  assert.equal(await page.locator('.badge').textContent(), '2')
  assert.equal(await page.locator('.preview').textContent(), 'Anything else?')
  await picture(page, 'embed-unread')
  await assertAccessible(page, 'the page with a preview')
  await page.evaluate(() => window.postMessage({ parley: 'unread', count: 99, preview: 'forged' }, '*'))
  await page.locator('.preview').click()
  await shop.heard(frame => frame.type === 'seen' && frame.state === 'read' && frame.seq === 3)
  await page.getByRole('button', { name: 'Close the chat' }).click()
  await page.getByRole('button', { name: 'Chat with us', exact: true }).waitFor()
  assert.equal(await page.locator('.badge').isVisible(), false)
  assert.equal(await page.locator('.preview').count(), 0)
  await context.close()
})

test('by the keyboard alone: open, write, press a quick reply, close', { skip, timeout: 60_000 }, async () => {
  let shop: Awaited<ReturnType<typeof scriptedShop>> | undefined
  const { page, context } = await go('/', {}, async made => {
    shop = await scriptedShop(made)
  })
  assert.ok(shop)
  await page.getByRole('button', { name: 'Chat with us' }).waitFor()
  await page.keyboard.press('Tab') // the page's own link
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  const frame = await frameOf(page)
  await frame.waitForFunction(() => document.activeElement?.id === 'text')
  await page.keyboard.type('which order?')
  await page.keyboard.press('Enter')
  await frame.waitForSelector('.row.customer:not([data-state="sending"])')
  shop.reply('Which one?', [
    { label: 'The crabs', text: '2024-881' },
    { label: 'The milk', text: '2024-902' },
  ])
  await frame.waitForSelector('#quick-replies button')
  await page.keyboard.press('Shift+Tab')
  assert.equal(await frame.evaluate(() => document.activeElement?.textContent), 'The milk')
  await page.keyboard.press('Enter')
  await frame.waitForFunction(() => document.querySelectorAll('.row.customer:not([data-state="sending"])').length === 2)
  assert.deepEqual(await messagesOf(frame), ['which order? (read)', '2024-902 (delivered)'])
  assert.equal(await focusIn(frame), 'text')
  await page.keyboard.press('Escape')
  await page.waitForSelector('section:not(.open)', { state: 'attached' })
  await page.keyboard.press('Enter')
  await page.waitForSelector('section.open', { state: 'attached' })
  await frame.waitForFunction(() => document.hasFocus() && document.activeElement?.id === 'text')
  await context.close()
})

test('a hostile page: hidden elements, resets and overwritten prototypes do not reach the chat', { skip, timeout: 60_000 }, async () => {
  const { page, context, complaints } = await go('/hostile')
  const launcher = page.locator('parley-widget .launcher')
  await launcher.waitFor()
  const box = await launcher.boundingBox()
  assert.deepEqual(box && [Math.round(box.width), Math.round(box.height)], [60, 60])
  await launcher.click()
  const frame = await frameOf(page)
  await say(frame, 'hello')
  await replies(frame, 1)
  await page.keyboard.press('Escape')
  await page.locator('section:not(.open) .launcher').waitFor()
  assert.deepEqual(complaints, [])
  await context.close()
})

test('nothing on the page moves: not by the script, the button or the panel; and destroy leaves nothing behind', {
  skip,
  timeout: 60_000,
}, async () => {
  const { page, context } = await go('/bare')
  const outline = (): Promise<unknown> =>
    page.evaluate(() => [
      [...document.body.querySelectorAll('*')].map(element => JSON.stringify(element.getBoundingClientRect())),
      document.documentElement.scrollHeight,
      document.documentElement.scrollWidth,
    ])
  const before = await outline()
  // A policy with Trusted Types lets no script of the page make a script: the debugger may.
  await page.evaluate(() => {
    const shifts: number[] = []
    Object.assign(window, { shifts })
    new PerformanceObserver(list => shifts.push(list.getEntries().length)).observe({ type: 'layout-shift', buffered: true })
  })
  const script = `${server.url}/parley.js`
  await page.evaluate(address => {
    // As the tag would have it: the script asks which tag it came from.
    const tag = Object.defineProperty(document.createElement('script'), 'src', { value: address })
    Object.defineProperty(document, 'currentScript', { value: tag, configurable: true })
  }, script)
  await page.evaluate(await (await fetch(script)).text())
  await page.evaluate(() => window.Parley?.open())
  await frameOf(page)
  assert.deepEqual(await outline(), before)
  await page.evaluate(() => window.Parley?.close())
  assert.deepEqual(await outline(), before)
  assert.deepEqual(await page.evaluate('window.shifts'), [])
  await page.evaluate(() => window.Parley?.destroy())
  assert.equal(await page.locator('parley-widget').count(), 0)
  assert.equal(await page.evaluate(() => 'Parley' in window), false)
  await context.close()
})

test('[WEB4] a page that the shop does not list gets no widget in its frame', { skip, timeout: 60_000 }, async () => {
  const context = await browser.newContext({ locale: 'en' })
  const page = await context.newPage()
  const refused = page.waitForEvent('console', message => /frame-ancestors/.test(message.text()))
  await page.goto(originOf(strangerSite))
  await page.getByRole('button', { name: 'Chat with us' }).click()
  await refused
  await context.close()
})

test('where the browser keeps nothing for a frame of another site, the chat works as long as the page', {
  skip,
  timeout: 60_000,
}, async () => {
  const { page, context, complaints } = await go('/', {}, made =>
    made.addInitScript(() => {
      if (window !== window.top)
        Object.defineProperty(window, 'localStorage', {
          get() {
            throw new DOMException('denied', 'SecurityError')
          },
        })
    }),
  )
  await page.getByRole('button', { name: 'Chat with us' }).click()
  const frame = await frameOf(page)
  await say(frame, 'hello')
  await replies(frame, 1)
  assert.equal((await bubbles(frame)).length, 2)
  assert.deepEqual(complaints, [])
  await context.close()
})

for (const [width, height] of [
  [390, 844],
  [320, 568],
] as const) {
  test(`on a phone of ${width} pixels the panel is the whole screen, and its own button leads back`, {
    skip,
    timeout: 60_000,
  }, async () => {
    const { page, context } = await go('/', { viewport: { width, height }, hasTouch: true, isMobile: true })
    await page.getByRole('button', { name: 'Chat with us' }).tap()
    const frame = await frameOf(page)
    assert.deepEqual(await page.locator('iframe').boundingBox(), { x: 0, y: 0, width, height })
    assert.equal(await page.locator('.launcher').isVisible(), false)
    await frame.waitForFunction(() => document.activeElement?.id === 'shop-name') // no keyboard over what there is to read
    await picture(page, `embed-phone-${width}`)
    await frame.getByRole('button', { name: 'Close the chat' }).tap()
    await page.locator('.launcher').waitFor()
    await picture(page, `embed-phone-${width}-closed`)
    await context.close()
  })
}

test('where the widget does not load, the panel can be closed again, on a phone too', { skip, timeout: 60_000 }, async () => {
  const { page, context } = await go('/', { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }, made =>
    made.route(/embed=1/, route => route.abort()),
  )
  await page.getByRole('button', { name: 'Chat with us' }).tap()
  await page.getByRole('button', { name: 'Close the chat' }).tap()
  await page.getByRole('button', { name: 'Chat with us' }).waitFor()
  assert.equal(await page.locator('.panel').isVisible(), false)
  await context.close()
})

test('the tag’s options: language, side, and a colour that stays readable', { skip, timeout: 60_000 }, async () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    const { page, context } = await go('/options', { colorScheme })
    const launcher = page.getByRole('button', { name: '联系客服' })
    const box = await launcher.boundingBox()
    assert.ok(box && box.x === 20, JSON.stringify(box))
    await launcher.click()
    const frame = await frameOf(page)
    assert.equal(await frame.getAttribute('html', 'lang'), 'zh-CN')
    assert.equal(await frame.isVisible('#language'), false)
    await say(frame, '你好')
    await replies(frame, 1)
    await picture(page, `embed-options-${colorScheme}`)
    await assertAccessible(frame, `a yellow shop, ${colorScheme}`)
    await context.close()
  }
})

test('the storefront: who is signed in there has their own conversation on every device, and nobody after them finds it', {
  skip,
  timeout: 90_000,
}, async () => {
  const conversationIn = async (page: Page): Promise<unknown> =>
    JSON.parse(await page.evaluate(() => localStorage.getItem('parley.demo.@demo-lin.visitor') ?? '{}')).conversation
  const devices: unknown[] = []
  for (const _device of ['phone', 'laptop']) {
    const context = await browser.newContext({ locale: 'en', viewport: { width: 1280, height: 800 } })
    const page = await context.newPage()
    await page.goto(`${server.url}/demo`)
    await page.getByRole('button', { name: 'Be Ms Lin' }).click()
    await page.waitForSelector('[data-customer="demo-lin"][aria-pressed="true"]')
    await page.getByRole('button', { name: 'Chat with us' }).click()
    const frame = await frameOf(page)
    assert.equal(await frame.isVisible('#new-conversation'), false)
    assert.equal(await frame.evaluate(() => location.hash), '', 'the token does not stay in the address')
    devices.push(await conversationIn(page))
    if (devices.length === 1) await say(frame, 'hello')
    await replies(frame, 1)
    await page.keyboard.press('Escape')
    await page.locator('parley-widget section:not(.open)').waitFor({ state: 'attached' })
    await page.getByRole('button', { name: 'Be nobody' }).click()
    await page.waitForSelector('[data-customer=""][aria-pressed="true"]')
    await page.locator('.launcher').click()
    const nobody = await frameOf(page)
    assert.deepEqual(await bubbles(nobody), [])
    assert.equal(await conversationIn(page), undefined)
    await context.close()
  }
  assert.equal(devices[0], devices[1])
  assert.ok(devices[0])
})

test('a token that cannot be fetched when the chat is opened leaves a customer without a name, not without a chat', {
  skip,
  timeout: 60_000,
}, async () => {
  const context = await browser.newContext({ locale: 'en' })
  const page = await context.newPage()
  let asked = 0
  await page.route('**/v1/demo/identity', route => (asked++ === 0 ? route.continue() : route.abort()))
  await page.goto(`${server.url}/demo`)
  await page.getByRole('button', { name: 'Be Ms Lin' }).click()
  await page.waitForSelector('[data-customer="demo-lin"][aria-pressed="true"]')
  await page.getByRole('button', { name: 'Chat with us' }).click()
  const frame = await frameOf(page)
  assert.equal(asked, 2)
  assert.equal(await frame.isVisible('#new-conversation'), true)
  await say(frame, 'hello')
  await replies(frame, 1)
  await context.close()
})
