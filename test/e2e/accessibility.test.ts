// Every state of the widget before axe-core, in both languages, light and dark: no violation.
import { after, before, test } from 'node:test'
import { buildWeb } from '@parley/web/build.ts'
import type { Browser } from 'playwright-core'
import { assertAccessible } from './axe.ts'
import { launchBrowser, missingBrowser } from './browser.ts'
import { type RunningServer, startServer, temporaryFolder } from './running-server.ts'
import { scriptedShop } from './scripted-shop.ts'
import { isConnected, picture, say } from './visit.ts'

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

const WORDS = {
  'zh-CN': {
    question: '收到的大闸蟹有三只是死的',
    reply: '非常抱歉！请问是哪一单？',
    orders: ['大闸蟹 8 只（2024-881）', '车厘子 2.5 公斤', '都不是'],
    handoff: '好的，正在为您转接人工客服。详情见 https://fresh.example/help',
    joined: '陈伟已加入对话。',
    person: '陈伟',
    hello: '您好，我是陈伟。三只死蟹全额赔付，今天原路退回。',
  },
  en: {
    question: 'Three of my hairy crabs arrived dead',
    reply: 'We are very sorry! Which order is it about?',
    orders: ['Hairy crabs, box of 8 (2024-881)', 'Cherries, 2.5 kg', 'Neither'],
    handoff: 'I am passing you to a colleague. More at https://fresh.example/help',
    joined: 'Chen Wei has joined.',
    person: 'Chen Wei',
    hello: 'Hello, this is Chen Wei. We refund the three crabs in full, today.',
  },
} as const

for (const locale of ['zh-CN', 'en'] as const) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test(`axe finds nothing in any state: ${locale}, ${colorScheme}`, { skip, timeout: 120_000 }, async () => {
      const words = WORDS[locale]
      const context = await browser.newContext({ locale, colorScheme, viewport: { width: 390, height: 844 }, reducedMotion: 'reduce' })
      const page = await context.newPage()
      const shop = await scriptedShop(page, locale)
      await page.goto(`${server.url}/`)
      await isConnected(page)
      const check = async (state: string): Promise<void> => {
        await picture(page, `axe-${locale}-${colorScheme}-${state}`)
        await assertAccessible(page, `${state}, ${locale}, ${colorScheme}`)
      }
      await check('empty')
      await say(page, words.question)
      await page.waitForSelector('.row.customer:not([data-state="sending"])')
      shop.reply(
        words.reply,
        words.orders.map(label => ({ label, text: label })),
      )
      await page.waitForSelector('#quick-replies button')
      await check('quick-replies')
      await page.click('#quick-replies button')
      shop.reply(words.handoff)
      await page.waitForFunction(() => document.querySelectorAll('.row.shop').length === 2)
      await check('chat')
      shop.refuse('SOMETHING_NEW', 1)
      await say(page, words.question)
      await page.waitForSelector('.row[data-state="failed"]')
      await check('failed')
      await page.click('.row[data-state="failed"] button')
      shop.custody({ with: 'queue', position: 2 })
      await page.waitForSelector('#line[data-with="queue"]')
      await check('queue')
      shop.notice(words.joined)
      shop.custody({ with: 'agent', agent: words.person, customer: { delivered: 99, read: 2 } })
      shop.person(words.person, words.hello)
      await page.waitForSelector('.row.person')
      shop.tell({ type: 'typing', who: 'agent', name: words.person })
      await page.waitForSelector('#typing:not([hidden])')
      await check('agent')
      await page.click('#new-conversation')
      await check('confirm')
      await context.close()
    })

    test(`axe finds nothing on the storefront: ${locale}, ${colorScheme}`, { skip, timeout: 60_000 }, async () => {
      const context = await browser.newContext({ locale, colorScheme, viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' })
      const page = await context.newPage()
      await page.goto(`${server.url}/demo`)
      await page.locator('.launcher').waitFor()
      await assertAccessible(page, 'the storefront')
      await page.locator('.launcher').click()
      const frame = await (await page.waitForSelector('iframe')).contentFrame()
      if (!frame) throw new Error('the panel has no frame')
      await isConnected(frame)
      await picture(page, `demo-1280-${locale}-${colorScheme}`)
      await assertAccessible(page, 'the storefront with the panel open')
      await assertAccessible(frame, 'the widget in its frame')
      await context.close()
    })
  }
}
