// The agent's console in real Chromium: what only a browser can show. The house behind it is desk-house.ts. PARLEY_SHOTS=1 leaves pictures in
// test/output.
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { buildWeb } from '@parley/web/build.ts'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { CHEN, LIU, QIAN } from '../web/desk-people.ts'
import { lookWithAxe } from './axe.ts'
import { launchBrowser, missingBrowser } from './browser.ts'
import { type DeskHouse, openDeskHouse } from './desk-house.ts'

const OUTPUT = fileURLToPath(new URL('../output/', import.meta.url))
const skip = missingBrowser
const options = { skip, timeout: 60_000 }
let browser: Browser
let house: DeskHouse

before(async () => {
  if (skip) return
  await buildWeb()
  browser = await launchBrowser()
})
after(() => browser?.close())
beforeEach(async () => {
  if (!skip) house = await openDeskHouse()
})
afterEach(async () => {
  await Promise.all(browser?.contexts().map(context => context.close()) ?? [])
  await house?.close()
})

const DESK = { width: 1280, height: 800 }
const PHONE = { width: 390, height: 844 }

interface Visit {
  readonly page: Page
  readonly context: BrowserContext
  /** What went wrong on the page by itself: errors of the script, and what the content security policy stopped. */
  readonly complaints: readonly string[]
}

async function visit(settings: Parameters<Browser['newContext']>[0] = {}): Promise<Visit> {
  const context = await browser.newContext({ locale: 'en', viewport: DESK, ...settings })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', error => complaints.push(String(error)))
  page.on('console', message => /Content Security Policy|Trusted/i.test(message.text()) && complaints.push(message.text()))
  await page.goto(`${house.url}/desk`)
  await page.waitForSelector('#sign-in:not([hidden])')
  return { page, context, complaints }
}

async function signIn(page: Page, { name, password } = CHEN): Promise<void> {
  await page.fill('#sign-in-shop', house.shop)
  await page.fill('#sign-in-name', name)
  await page.fill('#sign-in-password', password)
  await page.press('#sign-in-password', 'Enter')
  await isConnected(page)
}

const isConnected = (page: Page): Promise<unknown> => page.waitForSelector('#line[data-state="connected"]', { state: 'attached' })

async function signedIn(agent = CHEN, settings: Parameters<Browser['newContext']>[0] = {}): Promise<Visit> {
  const there = await visit(settings)
  await signIn(there.page, agent)
  await there.page.waitForSelector('#waiting .item')
  return there
}

const row = (conversation: string): string => `.item[data-conversation="${conversation}"]`

async function open(page: Page, conversation: string): Promise<void> {
  await page.click(row(conversation))
  await page.waitForSelector('#log > *')
}

async function claim(page: Page, conversation: string): Promise<void> {
  await open(page, conversation)
  await page.click('#claim')
  await page.waitForSelector('#chat-owner[data-who="me"]')
}

async function say(page: Page, text: string): Promise<void> {
  await page.fill('#text', text)
  await page.press('#text', 'Enter')
}

/** The newest that this agent wrote is in this state. */
const isIn = (page: Page, state: string): Promise<unknown> => page.waitForSelector(`#log > .agent.mine:last-of-type[data-state="${state}"]`)

const listed = (page: Page, group: string): Promise<(string | undefined)[]> =>
  page.$$eval(`#${group} .item`, items => items.map(item => (item as HTMLElement).dataset.conversation))

/** Waits until this element has this text. */
const reads = (page: Page, selector: string, text: string): Promise<unknown> =>
  page.waitForFunction(([found, wanted]) => document.querySelector(found ?? '')?.textContent === wanted, [selector, text])

async function picture(page: Page, name: string): Promise<void> {
  if (!process.env.PARLEY_SHOTS) return
  mkdirSync(OUTPUT, { recursive: true })
  await page.screenshot({ path: `${OUTPUT}desk-${name}.png` })
}

/** Every fault that axe finds, with the element that has it. */
async function faultsOf(page: Page): Promise<string[]> {
  const { violations } = await lookWithAxe(page)
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} at ${target}: ${failureSummary}`))
}

test('signing in: refused with a reason, then in; the shop is remembered, the password is not', options, async () => {
  const { page, context, complaints } = await visit()
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'sign-in-shop')
  await page.fill('#sign-in-shop', house.shop)
  await page.fill('#sign-in-name', CHEN.name)
  await page.fill('#sign-in-password', 'wrong')
  await page.press('#sign-in-password', 'Enter')
  await reads(page, '#sign-in-notice', 'Shop, name or password is wrong.')
  await page.waitForFunction(() => document.activeElement?.id === 'sign-in-password')
  assert.equal(await page.inputValue('#sign-in-password'), '')
  await picture(page, 'sign-in')
  await page.fill('#sign-in-password', CHEN.password)
  await page.click('#sign-in-button')
  await isConnected(page)
  assert.equal(await page.textContent('#shop-name'), 'Parley Fresh')
  await page.click('#sign-out')
  await page.waitForSelector('#sign-in:not([hidden])')
  const again = await context.newPage()
  await again.goto(`${house.url}/desk`)
  await again.waitForFunction(() => document.activeElement?.id === 'sign-in-name')
  assert.equal(await again.inputValue('#sign-in-shop'), house.shop)
  assert.deepEqual(complaints, [])
})

test('too many attempts, and a shop that does not answer, are said plainly; what was typed stays', options, async () => {
  const { page } = await visit()
  const attempt = async (): Promise<void> => {
    await page.fill('#sign-in-shop', house.shop)
    await page.fill('#sign-in-name', CHEN.name)
    await page.fill('#sign-in-password', CHEN.password)
    await page.click('#sign-in-button')
  }
  await page.route('**/v1/desk/session', route => route.fulfill({ status: 429, headers: { 'retry-after': '30' }, body: '{}' }))
  await attempt()
  await reads(page, '#sign-in-notice', 'Too many attempts. Try again in 30 s.')
  await page.unroute('**/v1/desk/session')
  await page.route('**/v1/desk/session', route => route.abort())
  await attempt()
  await reads(page, '#sign-in-notice', 'The shop does not answer. Try again in a moment.')
  assert.equal(await page.inputValue('#sign-in-password'), CHEN.password)
})

test(
  'a shop that does not answer at first is waited for, and the page says so; an address that names nothing real does no harm',
  options,
  async () => {
    const { page, context } = await signedIn()
    await page.close()
    const late = await context.newPage()
    await late.route('**/v1/desk/session', route => route.abort())
    await late.goto(`${house.url}/desk#<no such thing>`)
    await reads(late, '#boot', 'The shop does not answer. Try again in a moment.')
    await late.unroute('**/v1/desk/session')
    await isConnected(late)
    await late.waitForSelector('#chat[data-open="false"]')
  },
)

test('the queue: most pressing first, the badge is the length of the list, and so is the number in the title', options, async () => {
  const { page } = await signedIn()
  assert.deepEqual(await listed(page, 'waiting'), ['crab', 'refund'])
  assert.equal(await page.textContent('#waiting-count'), '2')
  assert.match(await page.title(), /^\(2\) /)
  const words = await page.$eval(row('crab'), item => item.textContent)
  for (const word of ['Soon', 'Damaged goods', 'Not sure', 'Furious', '中文', '你们到底管不管'])
    assert.ok(words?.includes(word), `${word} in ${words}`)
  house.newWaiting('ill')
  await page.waitForSelector(row('ill'))
  assert.deepEqual(await listed(page, 'waiting'), ['ill', 'crab', 'refund'])
  assert.equal(await page.textContent('#waiting-count'), '3')
  await page.waitForFunction(() => document.title.startsWith('(3) '))
})

test('[HND7] a row that has waited longer than is promised says so, and no other does', options, async () => {
  const { page } = await signedIn()
  house.newWaiting('late', { overdue: true })
  await page.waitForSelector(`${row('late')} .overdue:not([hidden])`)
  assert.equal(await page.innerText(`${row('late')} .overdue`), 'Overdue')
  assert.deepEqual(await page.$$eval('.item .overdue:not([hidden])', marks => marks.length), 1)
})

test('the waiting time goes on by itself', options, async () => {
  const { page } = await signedIn()
  const before = await page.textContent(`${row('crab')} .time`)
  await page.waitForFunction(([selector, was]) => document.querySelector(`${selector} .time`)?.textContent !== was, [
    row('crab'),
    before,
  ] as const)
})

test('the card tells why, who voted what, what was tried, what is known, and the orders', options, async () => {
  const { page } = await signedIn()
  await open(page, 'crab')
  const card = await page.innerText('#card-body')
  for (const word of [
    'was not sure enough',
    '58 %',
    'keyword',
    '死了 … 赔',
    'came late',
    'asked back',
    '2024-881',
    'Mood falling',
    '× 8',
    '¥ 698.00',
    'How common it is',
    'A later one',
    'All shares together: +0.27',
  ])
    assert.ok(card.includes(word), `${word} in ${card}`)
  const mood = page.getByRole('img', { name: 'Mood, oldest turn first: Neutral, Unhappy, Unhappy, Furious' })
  assert.equal(await mood.count(), 1)
  await picture(page, 'card')
})

test('claims, chats, sees delivered and read, and returns it with a note', options, async () => {
  const { page, complaints } = await signedIn()
  await open(page, 'crab')
  assert.equal(await page.getAttribute('#text', 'placeholder'), 'Claim it to answer.')
  assert.equal(await page.$eval('#text', text => (text as HTMLTextAreaElement).readOnly), true)
  await claim(page, 'crab')
  assert.deepEqual([await listed(page, 'waiting'), await listed(page, 'mine')], [['refund'], ['crab']])
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'text', 'the focus goes on to where the work goes on')
  await say(page, '您好，我是小陈。三只都退您全款，可以吗？')
  await isIn(page, 'sent')
  house.customerReads('crab')
  await isIn(page, 'read')
  house.customerTypes('crab')
  await reads(page, '#typing', 'The customer is typing …')
  house.customerSays('crab', '好的，谢谢')
  await page.waitForSelector('#log > .customer:last-child')
  await reads(page, '#typing', '')
  await picture(page, 'chat')
  await page.click('#to-bot')
  await page.fill('#note', '已全额退款')
  await picture(page, 'return')
  await page.click('#release-yes')
  await reads(page, '#notice', 'Returned to the assistant.')
  assert.match((await page.textContent('#log > .mark-line:last-child')) ?? '', /Chen returned it to the assistant.*Note: 已全额退款/)
  assert.deepEqual(await listed(page, 'mine'), [])
  assert.deepEqual(complaints, [])
})

/** From now on this page's claims wait at the door; `letGo` lets them out. */
async function holdClaims(page: Page): Promise<{ letGo(): Promise<void> }> {
  await page.evaluate(() => {
    const send = WebSocket.prototype.send
    const held: (() => void)[] = []
    WebSocket.prototype.send = function (data) {
      if (String(data).includes('"claim"')) held.push(() => send.call(this, data))
      else send.call(this, data)
    }
    Object.assign(window, { letGo: () => held.splice(0).forEach(go => go()) })
  })
  return { letGo: () => page.evaluate(() => (window as unknown as { letGo(): void }).letGo()) } // put there just above
}

test('losing a race says who has it, and offers no way to take it over', options, async () => {
  const pages = [(await signedIn(CHEN)).page, (await signedIn(LIU)).page] as const
  const held = await Promise.all(pages.map(holdClaims))
  for (const page of pages) {
    await open(page, 'crab')
    await page.click('#claim')
    await page.waitForSelector('#claim[aria-disabled="true"]')
  }
  for (const { letGo } of held) await letGo()
  const [winner, loser] = pages
  await winner.waitForSelector('#chat-owner[data-who="me"]')
  await reads(loser, '#notice', 'Chen has taken it.')
  await reads(loser, '#chat-owner', 'With Chen')
  assert.equal(await loser.locator('#actions button:visible').count(), 0)
  assert.equal(await loser.locator('dialog[open]').count(), 0)
  assert.deepEqual(await listed(loser, 'colleagues'), ['crab'])
  await picture(loser, 'taken')
})

test('[WEB1] Enter while an input method is composing does not send; the next Enter does', options, async () => {
  const { page, context } = await signedIn()
  await claim(page, 'crab')
  const keyboard = await context.newCDPSession(page)
  const enter = { key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 13 }
  await keyboard.send('Input.imeSetComposition', { text: 'ninhao', selectionStart: 6, selectionEnd: 6 })
  await keyboard.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', ...enter })
  await keyboard.send('Input.dispatchKeyEvent', { type: 'keyUp', ...enter })
  assert.equal(await page.locator('#log > .agent').count(), 0)
  await keyboard.send('Input.insertText', { text: '您好' })
  await page.keyboard.press('Enter')
  await isIn(page, 'sent')
  assert.equal(await page.textContent('#log > .agent .bubble'), '您好')
})

test('a text belongs to its conversation, and waits there', options, async () => {
  const { page } = await signedIn()
  await claim(page, 'crab')
  await page.fill('#text', 'for the crab')
  await claim(page, 'refund')
  assert.equal(await page.inputValue('#text'), '')
  await open(page, 'crab')
  assert.equal(await page.inputValue('#text'), 'for the crab')
})

test('the sound is off until it is turned on, and stays as it was set', options, async () => {
  const { page } = await signedIn()
  assert.equal(await page.getAttribute('#sound', 'aria-pressed'), 'false')
  await page.click('#sound')
  assert.equal(await page.getAttribute('#sound', 'aria-pressed'), 'true')
  await page.reload()
  await isConnected(page)
  await page.waitForSelector('#sound[aria-pressed="true"]')
})

test('a hidden tab is told of whoever waits, by a notification that quotes nobody', options, async () => {
  const { page, context } = await signedIn()
  await context.grantPermissions(['notifications'])
  await page.evaluate(() => {
    const told: string[] = []
    class Told {
      static permission = 'granted'
      constructor(title: string) {
        told.push(title)
      }
    }
    Object.assign(window, { told, Notification: Told })
    Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' })
    document.dispatchEvent(new Event('visibilitychange'))
  })
  await page.click('#notifications')
  await page.waitForSelector('#notifications[aria-pressed="true"]')
  house.newWaiting('ill')
  await page.waitForFunction(() => (window as unknown as { told: string[] }).told.length > 0) // put there just above
  assert.deepEqual(await page.evaluate(() => (window as unknown as { told: string[] }).told), ['A customer is waiting'])
})

test('[RT1] while the line is away nothing is sent and what is being written stays; then it catches up', options, async () => {
  const { page } = await signedIn()
  await claim(page, 'crab')
  await page.fill('#text', 'half a sen')
  house.keepLinesAway(true)
  await page.waitForSelector('#send:disabled')
  await page.press('#text', 'Enter')
  assert.equal(await page.inputValue('#text'), 'half a sen')
  house.customerSays('crab', 'still there?')
  house.keepLinesAway(false)
  await isConnected(page)
  await page.waitForSelector('#log > .customer:last-child')
  await page.waitForSelector('#send:enabled')
  await page.press('#text', 'Enter')
  await isIn(page, 'sent')
})

test('what the customer takes back goes, and leaves a line for the agent', options, async () => {
  const { page } = await signedIn()
  await claim(page, 'crab')
  house.customerSays('crab', 'wrong chat')
  await page.waitForSelector('#log > .customer:last-child')
  house.recallLast('crab')
  await page.waitForSelector('.mark-line[data-about="recalled"]')
  assert.ok(!(await page.textContent('#log'))?.includes('wrong chat'))
})

test(
  '[RB5] [RB7] takes the conversation back to a message, by the keyboard, after a look at what goes and what is undone',
  options,
  async () => {
    const { page, complaints } = await signedIn()
    await open(page, 'crab')
    assert.equal(await page.locator('.take-back:visible').count(), 0, 'not before it is claimed')
    await claim(page, 'crab')
    await say(page, 'the wrong customer')
    await isIn(page, 'sent')
    const first = page.locator('#log > .row').first()
    const button = first.getByRole('button', { name: 'Take back to here' })
    await button.focus()
    await page.keyboard.press('Enter')
    await page.waitForSelector('#rollback[open]')
    const goes = await page.locator('#rollback-goes li').allTextContents()
    assert.equal(goes.length, (await page.locator('#log > .row').count()) - 1)
    assert.equal(goes.at(-1), 'Chen the wrong customer')
    assert.equal(await page.textContent('#rollback-effects'), 'Will be undone: Open case (CP-1)')
    await picture(page, 'take-back')
    await page.keyboard.press('Escape')
    await page.waitForSelector('#rollback:not([open])', { state: 'attached' })
    await button.click()
    await page.waitForSelector('#rollback[open]')
    house.customerSays('crab', 'who are you?')
    await page.waitForFunction(() => document.querySelector('#rollback-goes')?.textContent?.includes('who are you?'))
    await page.fill('#rollback-reason', 'a mix-up')
    await page.click('#rollback-yes')
    await page.waitForSelector('.mark-line[data-about="rollback"]')
    assert.match((await page.textContent('.mark-line[data-about="rollback"]')) ?? '', /Chen took the conversation back.*Note: a mix-up/)
    assert.equal(await page.locator('#log > .row').count(), 1)
    assert.equal(await page.locator('#rollback').isVisible(), false)
    assert.equal(await page.locator('.take-back:visible').count(), 0, 'there is nothing left behind it')
    await page.waitForFunction(() => document.activeElement?.id === 'text')
    assert.deepEqual(complaints, [])
  },
)

test('[THUMB1] a thumb of the customer stands at its reply, and goes when it is taken back', options, async () => {
  const { page } = await signedIn()
  await open(page, 'crab')
  assert.equal(await page.locator('.thumb:visible').count(), 0)
  house.rateLast('crab', 'down')
  await page.locator('#log > .bot').nth(1).getByText('Did not help').waitFor()
  house.rateLast('crab', null)
  await page.waitForFunction(() => [...document.querySelectorAll<HTMLElement>('.thumb')].every(thumb => thumb.hidden))
})

test(
  '[LAB6] says what a turn was about, by the keyboard, found in either language; a colleague sees it, and it can be taken back',
  options,
  async () => {
    const { page, complaints } = await signedIn()
    await open(page, 'crab')
    house.rateLast('crab', 'down')
    const reply = page.locator('#log > .bot').nth(1)
    await reply.getByRole('button', { name: 'Say what it was about' }).focus()
    await page.keyboard.press('Enter')
    await page.waitForSelector('#about[open] [role="option"]')
    assert.equal(await page.textContent('#about-said'), '2024-881，死了三只')
    await page.keyboard.type('ret')
    assert.deepEqual(await page.locator('#about-actions > * > :first-child').allTextContents(), ['A return'])
    await page.fill('#about-find', '退')
    assert.deepEqual(await page.locator('#about-actions > * > :first-child').allTextContents(), ['Refund status', 'A return'])
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown') // round to the first
    assert.equal(await page.locator('#about-actions [aria-selected="true"] > :first-child').textContent(), 'Refund status')
    assert.deepEqual(await faultsOf(page), [])
    await picture(page, 'about')
    await page.keyboard.press('Enter')
    await reply.getByText('You: it was about “Refund status”').waitFor()
    assert.equal(await page.locator('#about').isVisible(), false)
    await picture(page, 'said-about')

    const { page: other } = await signedIn(LIU)
    await open(other, 'crab')
    await other.locator('#log > .bot').nth(1).getByText('Chen: it was about “Refund status”').waitFor()
    await reply.getByRole('button', { name: 'Say what it was about' }).click()
    await page.waitForSelector('#about[open]')
    await page.click('#about-withdraw')
    await page.waitForFunction(() => document.querySelectorAll('.said-about li').length === 0)
    assert.deepEqual(complaints, [])
  },
)

test('what a customer writes is text: no markup of theirs becomes the page', options, async () => {
  const { page, complaints } = await signedIn()
  await open(page, 'crab')
  const hostile = `<img src=x onerror="document.title='taken'"><script>document.title='taken'</script>`
  house.customerSays('crab', hostile)
  await page.waitForSelector('#log > .customer:last-child')
  assert.equal(await page.textContent('#log > .customer:last-child .bubble'), hostile)
  assert.equal(await page.locator('#log img, #log script').count(), 0)
  assert.deepEqual(complaints, [])
})

test('a session that ends asks to sign in again, and the conversation is there afterwards', options, async () => {
  const { page } = await signedIn()
  await claim(page, 'crab')
  house.endSessions()
  await page.waitForSelector('#sign-in:not([hidden])')
  await signIn(page)
  await page.waitForSelector('#chat-owner[data-who="me"]')
  await page.reload()
  await page.waitForSelector('#chat-owner[data-who="me"]')
})

test('by the keyboard alone: through the list, open, claim, write, leave, help', options, async () => {
  const { page } = await signedIn()
  const focused = (): Promise<string | undefined> =>
    page.evaluate(() => (document.activeElement as HTMLElement).dataset.conversation ?? document.activeElement?.id)
  await page.keyboard.press('j')
  assert.equal(await focused(), 'crab')
  await page.keyboard.press('j')
  assert.equal(await focused(), 'refund')
  await page.keyboard.press('ArrowUp')
  assert.equal(await focused(), 'crab')
  const outline = await page.$eval(row('crab'), item => getComputedStyle(item).outlineStyle)
  assert.equal(outline, 'solid', 'the focus is seen')
  await page.keyboard.press('Enter')
  await page.waitForSelector('#log > *')
  await page.keyboard.press('c')
  await page.waitForSelector('#chat-owner[data-who="me"]')
  assert.equal(await focused(), 'crab', 'the row keeps the focus though it has moved to another list')
  await page.keyboard.press('r')
  assert.equal(await focused(), 'text')
  await page.keyboard.type('jcr?')
  assert.equal(await page.inputValue('#text'), 'jcr?', 'letters are letters where one writes')
  await page.keyboard.press('Shift+Enter')
  await page.keyboard.type('second line')
  await page.keyboard.press('Enter')
  await isIn(page, 'sent')
  await page.keyboard.press('Escape')
  assert.equal(await focused(), 'crab')
  await page.keyboard.press('?')
  await page.waitForSelector('#help-overlay[open]')
  await picture(page, 'help')
  await page.click('#single-keys')
  await page.keyboard.press('Escape')
  await page.waitForSelector('#help-overlay:not([open])', { state: 'attached' })
  await page.focus(row('crab'))
  await page.keyboard.press('j')
  assert.equal(await focused(), 'crab', 'single keys are off')
  await page.keyboard.press('Escape')
  await page.waitForSelector('#chat[data-open="false"]')
})

test('everything is reached by Tab and has a name', options, async () => {
  const { page } = await signedIn()
  await claim(page, 'crab')
  await page.fill('#text', 'so that the button is there')
  await page.locator('body').press('Tab')
  const reached = new Set<string>()
  for (let i = 0; i < 40; i++) {
    reached.add(
      await page.evaluate(() => (document.activeElement as HTMLElement | null)?.dataset?.conversation ?? document.activeElement?.id ?? ''),
    )
    await page.keyboard.press('Tab')
  }
  const wanted = [
    'sound',
    'notifications',
    'help',
    'language',
    'sign-out',
    'crab',
    'refund',
    'to-bot',
    'to-queue',
    'end',
    'scroller',
    'text',
    'send',
    'card-body',
  ]
  for (const id of wanted) assert.ok(reached.has(id), `${id} is not reached by Tab`)
  const log = page.getByRole('log')
  assert.equal(await log.getAttribute('aria-live'), 'polite')
  for (const landmark of ['banner', 'navigation', 'main'] as const) assert.equal(await page.getByRole(landmark).count(), 1, landmark)
})

test('on a phone: the queue, then the conversation, then why, and back again', options, async () => {
  const { page } = await signedIn(CHEN, { viewport: PHONE, hasTouch: true })
  await picture(page, 'phone-queue')
  await open(page, 'crab')
  assert.equal(await page.locator('#queue').isVisible(), false)
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'chat-title')
  await page.click('#claim')
  await page.waitForSelector('#chat-owner[data-who="me"]')
  await say(page, '您好')
  await isIn(page, 'sent')
  await picture(page, 'phone-chat')
  await page.click('#show-card')
  assert.equal(await page.locator('#chat').isVisible(), false)
  await picture(page, 'phone-card')
  await page.click('#card-back')
  await page.click('#back')
  assert.equal(await page.locator('#queue').isVisible(), true)
  assert.equal(await page.evaluate(() => (document.activeElement as HTMLElement).dataset.conversation), 'crab')
  await open(page, 'refund')
  await page.goBack()
  await page.waitForSelector('#queue', { state: 'visible' })
})

for (const [name, settings] of [
  ['desk', { viewport: DESK, locale: 'en' }],
  ['phone', { viewport: PHONE, locale: 'zh-CN', colorScheme: 'dark' }],
] as const)
  test(`a supervisor sees which plugins are off, and that they are back: ${name}`, options, async () => {
    const { page } = await signedIn(QIAN, settings)
    const strip = page.locator('#plugins-off')
    assert.equal(await strip.isVisible(), false)
    house.pluginsOff([
      { plugin: 'complaint-analyzer', why: 'host-deaths' },
      { plugin: 'greets', why: 'timeouts' },
    ])
    await strip.filter({ hasText: 'complaint-analyzer' }).waitFor()
    assert.match((await strip.textContent()) ?? '', name === 'desk' ? /kept crashing.*greets.*too late/ : /反复崩溃.*greets.*超时/)
    await picture(page, `plugins-off-${name}`)
    assert.deepEqual(await faultsOf(page), [])
    house.cutLines()
    await strip.waitFor({ state: 'hidden' })
    await isConnected(page)
  })

// No colour changes how wide a text is: each width has both languages and both schemes.
for (const [name, viewport] of [
  ['desk', DESK],
  ['tablet', { width: 900, height: 700 }],
  ['phone', PHONE],
] as const)
  for (const [locale, colorScheme] of [
    ['en', 'light'],
    ['zh-CN', 'dark'],
  ] as const)
    test(`axe finds nothing, and nothing sticks out: ${name}, ${locale}, ${colorScheme}`, { skip, timeout: 120_000 }, async () => {
      const { page } = await visit({ viewport, locale, colorScheme })
      const faults: string[] = []
      async function look(what: string): Promise<void> {
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
        if (overflow !== 0) faults.push(`${what}: sticks out by ${overflow} px`)
        faults.push(...(await faultsOf(page)).map(fault => `${what}: ${fault}`))
        await picture(page, `${name}-${locale}-${colorScheme}-${what}`)
      }
      await look('sign-in')
      await signIn(page)
      await page.waitForSelector('#waiting .item')
      await look('queue')
      await claim(page, 'crab')
      await say(page, '您好，我是小陈。三只都退您全款，可以吗？')
      await isIn(page, 'sent')
      await look('chat')
      if (name !== 'desk') {
        await page.click('#show-card')
        await look('card')
        await page.click('#card-back')
      }
      await page.locator('.take-back').first().click()
      await page.waitForSelector('#rollback[open]')
      await look('rollback')
      await page.click('#rollback-no')
      await page.click('#to-bot')
      await look('release')
      assert.deepEqual(faults, [])
    })
