// The customer's page in real Chromium against the real server: what only a browser can show. PARLEY_SHOTS=1 leaves pictures in test/output.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { buildWeb } from '@parley/web/build.ts'
import type { Browser, BrowserContextOptions } from 'playwright-core'
import { launchBrowser, missingBrowser } from './browser.ts'
import { type RunningServer, startServer, temporaryFolder } from './running-server.ts'
import { scriptedShop } from './scripted-shop.ts'
import { bubbles, isConnected, messagesOf, picture, replies, say, type Visit, visitPage } from './visit.ts'

const skip = missingBrowser
const data = temporaryFolder()
let server: RunningServer
let browser: Browser

before(async () => {
  if (skip) return
  await buildWeb()
  server = await startServer(data.path)
  browser = await launchBrowser()
})
after(async () => {
  await browser?.close()
  await server?.stop('SIGKILL')
  data.remove()
})

const visit = (options?: BrowserContextOptions): Promise<Visit> => visitPage(browser, `${server.url}/`, options)

test('[RT1] [RT2] kill -9 and restart in the midst of a Chinese conversation: it goes on, with every message there once', {
  skip,
  timeout: 120_000,
}, async () => {
  const { page, context, complaints } = await visit()
  await say(page, '螃蟹死了怎么赔')
  await replies(page, 1)
  await say(page, '收到的大闸蟹有三只是死的')
  await replies(page, 2)
  const beforeKill = await bubbles(page)
  assert.deepEqual(
    beforeKill.filter((_, i) => i % 2 === 0),
    ['螃蟹死了怎么赔 (read)', '收到的大闸蟹有三只是死的 (read)'],
  )
  for (const reply of beforeKill.filter((_, i) => i % 2 === 1)) assert.match(reply, /^> .*\p{Script=Han}/u)
  await picture(page, 'chat')

  await server.stop('SIGKILL')
  await page.waitForSelector('#line:not([data-state="connected"])')
  await say(page, '还在吗')
  assert.deepEqual((await bubbles(page)).at(-1), '还在吗 (sending)')
  await picture(page, 'chat-offline')
  server = await startServer(data.path, { port: server.port })
  await isConnected(page)
  await replies(page, 3)
  const afterwards = await bubbles(page)
  assert.deepEqual(afterwards.slice(0, 5), [...beforeKill, '还在吗 (read)'])
  assert.equal(afterwards.length, 6)

  await page.reload()
  await replies(page, 3)
  assert.deepEqual(await bubbles(page), afterwards, 'a reload finds the same conversation')
  assert.deepEqual(complaints, [])
  await context.close()
})

test('[RT2] a message that was written while the server was away is sent by the next visit', { skip, timeout: 120_000 }, async () => {
  const { page, context } = await visit()
  await say(page, '退款什么时候到账')
  await replies(page, 1)
  const { port } = server
  await server.stop('SIGKILL')
  await page.waitForSelector('#line:not([data-state="connected"])')
  await say(page, '我的订单号是 A1024')
  await page.close()
  server = await startServer(data.path, { port })
  const next = await context.newPage()
  await next.goto(`${server.url}/`)
  await replies(next, 2)
  assert.deepEqual(await messagesOf(next), ['退款什么时候到账 (read)', '我的订单号是 A1024 (read)'])
  await context.close()
})

test('[WEB1] Enter while an input method is composing does not send; the next Enter does', { skip, timeout: 60_000 }, async () => {
  const { page, context } = await visit()
  await page.focus('#text')
  const keyboard = await context.newCDPSession(page)
  const enter = { key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 13 }
  await keyboard.send('Input.imeSetComposition', { text: 'pangxie', selectionStart: 7, selectionEnd: 7 })
  await keyboard.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', ...enter })
  await keyboard.send('Input.dispatchKeyEvent', { type: 'keyUp', ...enter })
  assert.deepEqual(await bubbles(page), [])
  assert.equal(await page.inputValue('#text'), 'pangxie')
  await keyboard.send('Input.insertText', { text: '螃蟹' })
  await page.keyboard.press('Shift+Enter')
  await page.keyboard.type('死了')
  await page.keyboard.press('Enter')
  await page.waitForSelector('.row.customer[data-state="read"]')
  assert.deepEqual(await messagesOf(page), ['螃蟹\n死了 (read)'])
  await context.close()
})

test('what a customer writes is text: no markup of theirs becomes the page', { skip, timeout: 60_000 }, async () => {
  const { page, context, complaints } = await visit()
  const hostile = `<img src=x onerror="document.title='taken'"><script>document.title='taken'</script>`
  await say(page, hostile)
  await replies(page, 1)
  assert.deepEqual(await messagesOf(page), [`${hostile} (read)`])
  assert.equal(await page.locator('#log img, #log script').count(), 0)
  assert.notEqual(await page.title(), 'taken')
  assert.deepEqual(complaints, [])
  await context.close()
})

test('an address in a reply is a link that opens apart; one that is no web address is not', { skip, timeout: 60_000 }, async () => {
  const context = await browser.newContext({ locale: 'en' })
  const page = await context.newPage()
  const text = 'See https://shop.example/track?id=7. Not javascript:alert(1)'
  await page.routeWebSocket(/\/v1\/socket$/, socket => {
    const upstream = socket.connectToServer()
    upstream.onMessage(frame =>
      socket.send(String(frame).replace(/("type":"reply".*?"text":)"(?:[^"\\]|\\.)*"/, (_, head) => head + JSON.stringify(text))),
    )
  })
  await page.goto(`${server.url}/`)
  await isConnected(page)
  await say(page, 'hello')
  await replies(page, 1)
  const links = await page.$$eval('#log a', found =>
    found.map(a => [a.getAttribute('href'), a.getAttribute('rel'), a.getAttribute('target')]),
  )
  assert.deepEqual(links, [['https://shop.example/track?id=7', 'noopener noreferrer', '_blank']])
  assert.equal((await bubbles(page)).at(-1), `> ${text}`)
  await context.close()
})

test('a refused message says so and can be sent again; a text beyond the limit is not sent at all', { skip, timeout: 60_000 }, async () => {
  const context = await browser.newContext({ locale: 'en', viewport: { width: 390, height: 844 } })
  const page = await context.newPage()
  let refusals = 1
  await page.routeWebSocket(/\/v1\/socket$/, socket => {
    const upstream = socket.connectToServer()
    socket.onMessage(frame => {
      const message = JSON.parse(String(frame)) as { type: string; ref: string } // the page's own frame
      if (message.type === 'say' && refusals-- > 0)
        socket.send(JSON.stringify({ type: 'fault', code: 'SOMETHING_NEW', message: 'no', ref: message.ref }))
      else upstream.send(frame)
    })
  })
  await page.goto(`${server.url}/`)
  await isConnected(page)
  await say(page, 'where is my parcel')
  await page.waitForSelector('.row[data-state="failed"]')
  assert.equal(await page.textContent('#notice'), 'A message could not be sent.')
  await picture(page, 'chat-failed')
  await page.click('.row[data-state="failed"] button')
  await replies(page, 1)
  assert.deepEqual(await messagesOf(page), ['where is my parcel (read)'])
  assert.equal(await page.textContent('#notice'), '')

  await say(page, '蟹'.repeat(4_001))
  assert.equal(await page.textContent('#counter'), '1 character too many')
  assert.equal(await page.isDisabled('#send'), true)
  assert.equal((await messagesOf(page)).length, 1)
  await say(page, '蟹'.repeat(4_000))
  await page.waitForFunction(() => document.querySelectorAll('.row.customer[data-state="read"]').length === 2)
  await context.close()
})

test('a message goes from sending over sent and delivered to read, in words and not by colour alone', {
  skip,
  timeout: 60_000,
}, async () => {
  const context = await browser.newContext({ locale: 'en', viewport: { width: 390, height: 844 } })
  const page = await context.newPage()
  const shop = await scriptedShop(page)
  await page.goto(`${server.url}/`)
  await isConnected(page)
  // With a person: what the bot has and has read, the page knows by itself.
  const marks = { with: 'agent', agent: 'Chen', shop: { delivered: 0, read: 0 } } as const
  shop.tell({ type: 'state', ...marks, customer: { delivered: 0, read: 0 } })
  const meta = page.locator('.row.customer .meta')
  await say(page, 'where is my parcel')
  await page.waitForSelector('.row.customer[data-state="sent"]')
  assert.match((await meta.textContent()) ?? '', /✓Sent/)
  shop.tell({ type: 'state', ...marks, customer: { delivered: 99, read: 0 } })
  await page.waitForSelector('.row.customer[data-state="delivered"]')
  assert.match((await meta.textContent()) ?? '', /✓✓Delivered/)
  shop.tell({ type: 'state', ...marks, customer: { delivered: 99, read: 99 } })
  await page.waitForSelector('.row.customer[data-state="read"]')
  assert.match((await meta.textContent()) ?? '', /✓✓Read/)
  await context.close()
})

test('[WEB3] the shop is told what was read: at once in sight, not in a page that is scrolled away from it', {
  skip,
  timeout: 60_000,
}, async () => {
  const context = await browser.newContext({ locale: 'en', viewport: { width: 390, height: 600 } })
  const page = await context.newPage()
  const shop = await scriptedShop(page)
  await page.goto(`${server.url}/`)
  await isConnected(page)
  for (let i = 0; i < 30; i++) shop.reply(`a reply of some length, number ${i}`)
  await shop.heard(frame => frame.type === 'seen' && frame.state === 'read' && frame.seq === 30)
  await page.locator('#scroller').evaluate(scroller => scroller.scrollTo(0, 0))
  await page.waitForFunction(() => document.querySelector('#scroller')?.scrollTop === 0)
  // The page hears of the scrolling with the next frame.
  await page.evaluate(() => new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve))))
  shop.reply('one more')
  await shop.heard(frame => frame.type === 'seen' && frame.state === 'delivered' && frame.seq === 31)
  await page.click('#to-newest')
  await shop.heard(frame => frame.type === 'seen' && frame.state === 'read' && frame.seq === 31)
  const reads = shop.frames.flatMap(frame => (frame.type === 'seen' && frame.state === 'read' ? [frame.seq] : []))
  assert.deepEqual(
    reads,
    [...reads].sort((a, b) => a - b),
    'only forward',
  )
  await context.close()
})

test('quick replies: pressing one says its text, they wrap on a phone, the keyboard reaches them, and then they are gone', {
  skip,
  timeout: 60_000,
}, async () => {
  const context = await browser.newContext({ locale: 'zh-CN', viewport: { width: 320, height: 568 } })
  const page = await context.newPage()
  const shop = await scriptedShop(page)
  await page.goto(`${server.url}/`)
  await isConnected(page)
  const orders = ['大闸蟹 8 只（2024-881）', '车厘子 2.5 公斤（2024-902）', '都不是']
  shop.reply(
    '请问是哪一单？',
    orders.map((label, i) => ({ label, text: ['2024-881', '2024-902', '都不是'][i] ?? '' })),
  )
  const buttons = page.locator('#quick-replies button')
  await buttons.first().waitFor()
  assert.deepEqual(await buttons.allTextContents(), orders)
  for (const button of await buttons.all()) {
    const box = await button.boundingBox()
    assert.ok(box && box.height >= 44 && box.width >= 44 && box.x >= 0 && box.x + box.width <= 320, JSON.stringify(box))
  }
  await picture(page, 'quick-replies-320-zh')
  await page.focus('#scroller')
  for (const _ of ['it helped', 'it did not', 'the first', 'the second']) await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await page.waitForSelector('.row.customer[data-state="delivered"]')
  assert.deepEqual(await messagesOf(page), ['2024-902 (delivered)'])
  assert.equal(await buttons.count(), 0)
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'text')
  await context.close()
})

test('in line, with a person, and back: the head says so, and the way to a person is there exactly while there is none', {
  skip,
  timeout: 60_000,
}, async () => {
  const context = await browser.newContext({ locale: 'en', viewport: { width: 390, height: 844 } })
  const page = await context.newPage()
  const shop = await scriptedShop(page)
  await page.goto(`${server.url}/`)
  await isConnected(page)
  assert.equal(await page.textContent('#line-text'), 'Assistant')
  await page.click('#person')
  await page.waitForSelector('.row.customer[data-state="delivered"]')
  assert.deepEqual(await messagesOf(page), ['I want to talk to a person (delivered)'])
  shop.reply('I am passing you to a colleague.')
  shop.custody({ with: 'queue', position: 3 })
  await page.waitForSelector('#line[data-with="queue"]')
  assert.equal(await page.textContent('#line-text'), 'Waiting for a person · place 3')
  assert.equal(await page.textContent('#whom'), 'Waiting for a person · place 3')
  assert.equal(await page.isVisible('#person'), false)
  shop.notice('Chen has joined.')
  shop.custody({ with: 'agent', agent: 'Chen Wei' })
  shop.tell({ type: 'typing', who: 'agent', name: 'Chen Wei' })
  await page.waitForSelector('#typing:not([hidden])')
  assert.equal(await page.textContent('#typing-text'), 'Chen Wei is typing …')
  shop.person('Chen Wei', 'Hello, I have your order here: https://fresh.example/o/881')
  await page.waitForSelector('.row.person')
  assert.equal(await page.isVisible('#typing'), false)
  assert.equal(await page.textContent('#line-text'), 'Chen Wei is here')
  assert.equal(await page.textContent('.person .speaker'), 'Chen Wei')
  assert.equal(await page.textContent('.person .initials'), 'CW')
  assert.equal(await page.getAttribute('.person a', 'href'), 'https://fresh.example/o/881')
  await say(page, 'thank you')
  await page.waitForSelector('.row.customer:last-child[data-state="sent"]')
  assert.equal(await page.isVisible('#typing'), false, 'no bot is expected to answer')
  await picture(page, 'person-390-en')
  shop.custody({ with: 'bot' })
  await page.waitForSelector('#person:not([hidden])')
  assert.equal(await page.isVisible('#whom'), false)
  await context.close()
})

test('[WEB2] what was taken back goes from the page', { skip, timeout: 60_000 }, async () => {
  const context = await browser.newContext({ locale: 'en' })
  const page = await context.newPage()
  const shop = await scriptedShop(page)
  await page.goto(`${server.url}/`)
  await isConnected(page)
  await say(page, 'first')
  await say(page, 'a mistake')
  await page.waitForFunction(() => document.querySelectorAll('.row.customer[data-state="delivered"]').length === 2)
  shop.recall(1, 'It is taken back.')
  await page.waitForSelector('.row.shop')
  assert.deepEqual(await bubbles(page), ['first (read)', '> It is taken back.'])
  await context.close()
})

test('[RB6] [RB7] the last message is taken back with a button, by the keyboard too, and goes from every tab', {
  skip,
  timeout: 60_000,
}, async () => {
  const { page, context, complaints } = await visit()
  await say(page, '你好')
  await replies(page, 1)
  await say(page, '怎么退货')
  await replies(page, 2)
  const second = await context.newPage()
  await second.goto(`${server.url}/`)
  await replies(second, 2)
  const buttons = page.locator('.recall:visible')
  assert.deepEqual(await buttons.allTextContents(), ['撤回'], 'on the last message alone')
  const box = await buttons.boundingBox()
  assert.ok(box && box.width >= 44 && box.height >= 44, 'large enough for a finger')
  const kept = (await bubbles(page)).slice(0, 2)
  await buttons.focus()
  await page.keyboard.press('Enter')
  for (const tab of [page, second]) {
    await tab.waitForFunction(() => document.querySelectorAll('.row').length === 2)
    assert.deepEqual(await bubbles(tab), kept)
  }
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'text', 'the keyboard goes on where one writes')
  await second.locator('.recall:visible').click()
  await page.waitForFunction(() => document.querySelectorAll('.row').length === 0)
  assert.equal(await buttons.count(), 0)
  assert.deepEqual(complaints, [])
  await context.close()
})

test('[THUMB1] a reply is rated with a finger or the keyboard, also while the server is away; it is there after a reload and in every tab', {
  skip,
  timeout: 90_000,
}, async () => {
  const { page, context, complaints } = await visit({ locale: 'en', hasTouch: true })
  await say(page, 'hello')
  await replies(page, 1)
  await say(page, 'how do I return an item?')
  await replies(page, 2)
  const pressed = (tab: typeof page): Promise<string[]> =>
    tab.locator('.thumb[aria-pressed="true"]').evaluateAll(found => found.map(each => each.ariaLabel ?? ''))
  await page.getByRole('button', { name: 'This did not help' }).last().tap()
  await page.getByRole('button', { name: 'This helped' }).first().focus()
  await page.keyboard.press('Enter')
  assert.deepEqual(await pressed(page), ['This helped', 'This did not help'])
  const second = await context.newPage()
  await second.goto(`${server.url}/`)
  await replies(second, 2)
  assert.deepEqual(await pressed(second), ['This helped', 'This did not help'])

  await server.stop('SIGKILL')
  await page.waitForSelector('#line:not([data-state="connected"])')
  await page.getByRole('button', { name: 'This did not help' }).last().tap()
  assert.deepEqual(await pressed(page), ['This helped'], 'pressed again it is taken back, and shows so at once')
  server = await startServer(data.path, { port: server.port })
  await second.waitForFunction(() => document.querySelectorAll('.thumb[aria-pressed="true"]').length === 1)
  await page.reload()
  await replies(page, 2)
  assert.deepEqual(await pressed(page), ['This helped'])
  for (const box of await page.locator('.thumb').evaluateAll(found => found.map(each => each.getBoundingClientRect())))
    assert.ok(box.width >= 44 && box.height >= 44, 'large enough for a finger')
  assert.deepEqual(complaints, [])
  await context.close()
})

test('beginning anew asks first, and then leaves an empty page and another conversation', { skip, timeout: 60_000 }, async () => {
  const { page, context } = await visit({ locale: 'en' })
  await say(page, 'hello')
  await replies(page, 1)
  await page.click('#new-conversation')
  await page.click('#confirm-no')
  assert.equal((await messagesOf(page)).length, 1)
  await page.click('#new-conversation')
  await page.click('#confirm-yes')
  await page.waitForSelector('#greeting:not([hidden])')
  await isConnected(page)
  await page.reload()
  await isConnected(page)
  assert.deepEqual(await bubbles(page), [])
  await context.close()
})

test('the language follows the browser and the switch, and the switch is remembered', { skip, timeout: 60_000 }, async () => {
  const { page, context } = await visit({ locale: 'en-GB' })
  assert.equal(await page.getAttribute('html', 'lang'), 'en')
  await page.click('#language')
  assert.equal(await page.getAttribute('html', 'lang'), 'zh-CN')
  assert.equal(await page.getAttribute('#text', 'placeholder'), '请输入消息')
  await page.reload()
  assert.equal(await page.getAttribute('html', 'lang'), 'zh-CN')
  await context.close()
})

test('everything is reached by the keyboard, big enough for a finger, and named', { skip, timeout: 60_000 }, async () => {
  const { page, context } = await visit({ locale: 'en' })
  await say(page, 'hello')
  await replies(page, 1)
  const log = page.getByRole('log')
  assert.equal(await log.getAttribute('aria-live'), 'polite')
  assert.equal(await log.getAttribute('aria-busy'), 'false')
  await page.locator('body').press('Tab')
  const reached = new Set<string>()
  for (let i = 0; i < 12; i++) {
    reached.add(await page.evaluate(() => document.activeElement?.id ?? ''))
    await page.keyboard.press('Tab')
  }
  for (const id of ['language', 'scroller', 'text', 'person', 'new-conversation']) assert.ok(reached.has(id), `${id} is not reached by Tab`)
  for (const button of await page.getByRole('button').all()) {
    const box = await button.boundingBox()
    const name = (await button.getAttribute('aria-label')) ?? (await button.textContent())
    assert.ok(name, 'a button has no name')
    assert.ok(box && box.height >= 44 && box.width >= 44, `${name} is ${box?.width} by ${box?.height}`)
  }
  await context.close()
})

test('nothing moves while a reply is on its way and comes', { skip, timeout: 60_000 }, async () => {
  const { page, context } = await visit()
  const composer = page.locator('#composer')
  const place = await composer.boundingBox()
  await say(page, '你好')
  const own = page.locator('.row.customer .bubble').first()
  const shown = await own.boundingBox()
  await replies(page, 1)
  assert.deepEqual(await own.boundingBox(), shown)
  assert.deepEqual(await composer.boundingBox(), place)
  await context.close()
})

for (const [name, viewport] of [
  ['phone', { width: 390, height: 844 }],
  ['small phone', { width: 320, height: 568 }],
  ['phone at 200 percent', { width: 195, height: 422 }],
  ['desktop', { width: 1280, height: 800 }],
] as const) {
  for (const [locale, colorScheme] of [
    ['zh-CN', 'light'],
    ['en', 'dark'],
  ] as const) {
    test(`fits a ${name}, ${colorScheme}, ${locale}: nothing sticks out at the sides`, { skip, timeout: 60_000 }, async () => {
      const { page, context } = await visit({ viewport, locale, colorScheme })
      await picture(page, `${name}-${colorScheme}-${locale}-empty`)
      await say(page, locale === 'en' ? `my parcel ${'x'.repeat(80)} https://carrier.example/${'y'.repeat(80)}` : '螃蟹死了怎么赔')
      await replies(page, 1)
      await picture(page, `${name}-${colorScheme}-${locale}`)
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
      assert.equal(overflow, 0)
      const widest = await page.$eval('#scroller', scroller => scroller.scrollWidth - scroller.clientWidth)
      assert.equal(widest, 0)
      await context.close()
    })
  }
}
