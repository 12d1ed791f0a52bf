// The whole house in real Chromium with the real server: a customer on a phone and agents at their desks, from the question to a person and back. What
// each page does by itself is tested beside it (widget.test.ts, desk.test.ts); here they meet. PARLEY_SHOTS=1 leaves pictures in test/output.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { buildWeb } from '@parley/web/build.ts'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { launchBrowser, missingBrowser } from './browser.ts'
import { NODE_FLAGS, type RunningServer, startServer, temporaryFolder } from './running-server.ts'

const OUTPUT = fileURLToPath(new URL('../output/', import.meta.url))
const MAIN = fileURLToPath(new URL('../../server/main.ts', import.meta.url))
const PASSWORD = 'crab soup at nine'
const skip = missingBrowser
const options = { skip, timeout: 120_000 }
const data = temporaryFolder()
let server: RunningServer
let browser: Browser

async function addAgent(name: string): Promise<void> {
  const child = spawn(process.execPath, [...NODE_FLAGS, MAIN, 'agent', 'add', name, '--shop', 'demo', '--password-stdin'], {
    env: { ...process.env, PARLEY_DATA: data.path },
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  child.stdin.end(`${PASSWORD}\n`)
  const code = await new Promise(resolve => child.once('close', resolve))
  assert.equal(code, 0)
}

before(async () => {
  if (skip) return
  await buildWeb()
  await Promise.all([addAgent('小陈'), addAgent('Li')])
  server = await startServer(data.path)
  browser = await launchBrowser()
})
after(async () => {
  await browser?.close()
  await server?.stop('SIGKILL')
  data.remove()
})

interface Visit {
  readonly page: Page
  readonly context: BrowserContext
  /** What went wrong on the page by itself: errors of the script, and what the content security policy stopped. */
  readonly complaints: readonly string[]
}

async function open(path: string, settings: Parameters<Browser['newContext']>[0]): Promise<Visit> {
  const context = await browser.newContext({ locale: 'zh-CN', ...settings })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', error => complaints.push(String(error)))
  page.on('console', message => /Content Security Policy|Trusted/i.test(message.text()) && complaints.push(message.text()))
  await page.goto(`${server.url}${path}`)
  return { page, context, complaints }
}

async function customer(): Promise<Visit> {
  const visit = await open('/', { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true })
  await visit.page.waitForSelector('#line[data-state="connected"]')
  return visit
}

async function agent(name: string): Promise<Visit> {
  const visit = await open('/desk', { viewport: { width: 1280, height: 800 } })
  await visit.page.waitForSelector('#sign-in:not([hidden])')
  await visit.page.fill('#sign-in-shop', 'demo')
  await visit.page.fill('#sign-in-name', name)
  await visit.page.fill('#sign-in-password', PASSWORD)
  await visit.page.press('#sign-in-password', 'Enter')
  await visit.page.waitForSelector('#line[data-state="connected"]', { state: 'attached' })
  return visit
}

async function say(page: Page, text: string): Promise<void> {
  await page.fill('#text', text)
  await page.press('#text', 'Enter')
}
/** Waits for a bubble of this kind with these words. */
const shows = (page: Page, kind: string, words: string): Promise<unknown> =>
  page.waitForFunction(
    ([selector, text]) => [...document.querySelectorAll(selector ?? '')].some(bubble => bubble.textContent?.includes(text ?? '')),
    [`#log .${kind}`, words],
  )
const count = (page: Page, kind: string): Promise<number> => page.locator(`#log .row.${kind}`).count()

async function picture(page: Page, name: string): Promise<void> {
  if (!process.env.PARLEY_SHOTS) return
  mkdirSync(OUTPUT, { recursive: true })
  await page.screenshot({ path: `${OUTPUT}house-${name}.png` })
}

test('[HND1] [HND3] [HND5] [RT10] a customer on a phone, from the question to a person and back to the bot', options, async () => {
  const { page: phone, context, complaints } = await customer()
  const { page: desk, context: office, complaints: deskComplaints } = await agent('小陈')
  await say(phone, '螃蟹死了怎么赔')
  await phone.waitForSelector('#quick-replies button')
  await picture(phone, 'asked')
  const bot = await count(phone, 'shop')
  await phone.click('#person')
  await shows(phone, 'shop', '第 1 位')
  await phone.waitForSelector('.row.customer[data-state="read"]')

  await desk.waitForSelector('#waiting .item')
  await desk.click('#waiting .item')
  await desk.waitForSelector('#log > *')
  await shows(desk, 'customer', '螃蟹死了怎么赔')
  // It stands behind the customer, once the shop's systems have answered.
  await desk.waitForSelector('#card-body >> text=要求', { state: 'attached' })
  await picture(desk, 'waiting')
  await desk.click('#claim')
  await desk.waitForSelector('#chat-owner[data-who="me"]')
  await shows(phone, 'notice', '小陈')
  await desk.fill('#text', '您好，我是小陈')
  await desk.press('#text', 'Enter')
  await shows(phone, 'person', '您好，我是小陈')
  await desk.waitForSelector('#log > .agent.mine[data-state="read"]')

  await say(phone, '收到的螃蟹有三只是死的')
  await shows(desk, 'customer', '三只是死的')
  await phone.waitForSelector('.row.customer:last-of-type[data-state="read"]')
  assert.equal(await count(phone, 'shop'), bot + 1, 'the bot is silent')
  // The page tells of typing once in three seconds: the customer goes on until the desk shows it.
  const isShown = desk.waitForFunction(() => document.querySelector('#typing')?.textContent !== '').then(() => true)
  for (let typed: unknown; typed !== true; ) {
    await phone.press('#text', 'x')
    typed = await Promise.race([isShown, phone.evaluate(() => new Promise(resolve => requestAnimationFrame(() => resolve(undefined))))])
  }
  await picture(phone, 'person')
  await picture(desk, 'mine')

  await desk.click('#to-bot')
  await desk.waitForSelector('#release[open]')
  await desk.fill('#note', '已登记赔付')
  await desk.click('#release-yes')
  await desk.waitForSelector('#chat-owner[data-who="bot"]')
  await phone.fill('#text', '')
  await say(phone, '谢谢')
  await phone.waitForFunction(before => document.querySelectorAll('#log .row.shop').length > before, bot + 1)
  assert.ok(!(await phone.textContent('#log'))?.includes('已登记赔付'), 'the note is for colleagues')
  await picture(phone, 'returned')
  await phone.reload()
  await shows(phone, 'person', '您好，我是小陈')
  assert.deepEqual([...complaints, ...deskComplaints], [])
  await Promise.all([context.close(), office.close()])
})

test('[HND2] two agents reach for the same customer: one has it, the other reads who', options, async () => {
  const { page: phone, context } = await customer()
  const [chen, li] = [await agent('小陈'), await agent('Li')]
  await say(phone, '转人工')
  for (const { page } of [chen, li]) {
    await page.waitForSelector('#waiting .item')
    await page.click('#waiting .item')
    await page.waitForSelector('#claim:not([hidden])')
  }
  // At once: a click by hand would wait for a button that the other's claim has just taken away.
  await Promise.all([chen, li].map(({ page }) => page.$eval('#claim', button => (button as HTMLButtonElement).click())))
  await Promise.all([chen, li].map(({ page }) => page.waitForSelector('#chat-owner[data-who="me"], #chat-owner[data-who="colleague"]')))
  const owners = await Promise.all([chen, li].map(({ page }) => page.getAttribute('#chat-owner', 'data-who')))
  assert.deepEqual([...owners].sort(), ['colleague', 'me'])
  const [winner, loser] = owners[0] === 'me' ? ([chen, li] as const) : ([li, chen] as const)
  const name = winner === chen ? '小陈' : 'Li'
  assert.ok((await loser.page.textContent('#chat'))?.includes(name), 'the loser reads who has it')
  await picture(loser.page, 'race-lost')
  await shows(phone, 'notice', name)
  assert.equal(await count(phone, 'notice'), 1)
  await Promise.all([context, chen.context, li.context].map(each => each.close()))
})

test('by the keyboard alone: a customer asks, an agent answers and gives it back', options, async () => {
  const { page: phone, context } = await open('/', { viewport: { width: 1280, height: 800 } })
  await phone.waitForSelector('#line[data-state="connected"]')
  const { page: desk, context: office } = await agent('Li')
  const tabTo = async (page: Page, id: string): Promise<void> => {
    for (let i = 0; i < 40; i++) {
      if ((await page.evaluate(() => document.activeElement?.id)) === id) return
      await page.keyboard.press('Tab')
    }
    assert.fail(`${id} is not reached by Tab`)
  }
  await tabTo(phone, 'text')
  await phone.keyboard.type('你好')
  await phone.keyboard.press('Enter')
  await phone.waitForSelector('.row.shop')
  await tabTo(phone, 'person')
  await phone.keyboard.press('Enter')
  await shows(phone, 'shop', '位')
  await desk.waitForSelector('#waiting .item')
  await desk.keyboard.press('j')
  await desk.keyboard.press('Enter')
  await desk.waitForSelector('#log > *')
  await desk.keyboard.press('c')
  await desk.waitForSelector('#chat-owner[data-who="me"]')
  await desk.keyboard.press('r')
  await desk.keyboard.type('Hello from Li')
  await desk.keyboard.press('Enter')
  await shows(phone, 'person', 'Hello from Li')
  await tabTo(desk, 'to-bot')
  await desk.keyboard.press('Enter')
  await desk.waitForSelector('#release[open]')
  await tabTo(desk, 'release-yes')
  await desk.keyboard.press('Enter')
  await desk.waitForSelector('#chat-owner[data-who="bot"]')
  await Promise.all([context.close(), office.close()])
})

test('[DLG7] what is taken back goes from every screen: the other tab, and the desk', options, async () => {
  const { page: phone, context } = await customer()
  const { page: desk, context: office } = await agent('小陈')
  await say(phone, '转人工')
  await shows(phone, 'shop', '位')
  await say(phone, '你们几点下班')
  await phone.waitForFunction(() => document.querySelectorAll('#log .row.shop').length === 2)
  const tab = await context.newPage()
  await tab.goto(`${server.url}/`)
  await shows(tab, 'customer', '几点下班')
  await desk.waitForSelector('#waiting .item')
  await desk.click('#waiting .item')
  await shows(desk, 'customer', '几点下班')
  await say(phone, '上一条发错了')
  for (const page of [phone, tab, desk])
    await page.waitForFunction(() => !document.querySelector('#log')?.textContent?.includes('几点下班'))
  await picture(desk, 'taken-back')
  await picture(phone, 'taken-back')
  await Promise.all([context.close(), office.close()])
})

test(
  '[ERA4] [ERA7] a customer asks to be forgotten: the agent reads what goes, types the word, and both pages let go of it',
  options,
  async () => {
    const { page: phone, context, complaints } = await customer()
    const { page: desk, context: office, complaints: deskComplaints } = await agent('小陈')
    await say(phone, '我要注销账户，删除我的所有个人数据')
    await shows(phone, 'shop', '位')
    await desk.click('#waiting .item:has-text("注销账户")') // others may wait too
    await shows(desk, 'customer', '注销账户')
    assert.ok(await desk.isHidden('#to-erase'), 'not before it is theirs')
    await desk.click('#claim')
    await desk.click('#to-erase')
    await desk.waitForSelector('#erase[open]')
    await picture(desk, 'erase')
    await desk.setViewportSize({ width: 390, height: 844 })
    await picture(desk, 'erase-narrow')
    await desk.setViewportSize({ width: 1280, height: 800 })
    assert.equal(await desk.getAttribute('#erase-yes', 'aria-disabled'), 'true')
    await desk.fill('#erase-word', '删')
    await desk.press('#erase-word', 'Enter')
    assert.ok(await desk.isVisible('#erase'), 'not without the word')
    await desk.fill('#erase-word', '删除')
    await picture(desk, 'erase-typed')
    await desk.click('#erase-yes')
    await desk.waitForFunction(() => document.querySelector('#notice')?.textContent === '这个对话已被删除。')
    for (const page of [phone, desk]) await page.waitForFunction(() => !document.body.textContent?.includes('注销账户，删除'))
    await desk.waitForFunction(() => !document.querySelector('#queue')?.textContent?.includes('注销账户'))
    await picture(desk, 'erased-desk')
    await phone.waitForSelector('#line[data-state="connected"]')
    await say(phone, '你好')
    await phone.waitForSelector('.row.shop')
    await picture(phone, 'erased')
    assert.deepEqual(await phone.locator('#log .row.customer').count(), 1)
    assert.deepEqual([...complaints, ...deskComplaints], [])
    await Promise.all([context.close(), office.close()])
  },
)
