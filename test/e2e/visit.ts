// The customer's page as the browser tests visit and read it.
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContext, BrowserContextOptions, Frame, Page } from 'playwright-core'

const OUTPUT = fileURLToPath(new URL('../output/', import.meta.url))

export interface Visit {
  readonly page: Page
  readonly context: BrowserContext
  /** What went wrong on the page by itself: errors of the script, and what the content security policy stopped. */
  readonly complaints: readonly string[]
}

/** A page of its own browser profile, connected; a Chinese phone unless told otherwise. */
export async function visitPage(browser: Browser, address: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ locale: 'zh-CN', viewport: { width: 390, height: 844 }, ...options })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', error => complaints.push(String(error)))
  page.on('console', message => /Content Security Policy/i.test(message.text()) && complaints.push(message.text()))
  await page.goto(address)
  await isConnected(page)
  return { page, context, complaints }
}

export const isConnected = (page: Page | Frame): Promise<unknown> => page.waitForSelector('#line[data-state="connected"]')

export async function say(page: Page | Frame, text: string): Promise<void> {
  await page.fill('#text', text)
  await page.press('#text', 'Enter')
}

/** Every bubble: `> …` is the shop's, and a message says what has become of it. */
export const bubbles = (page: Page | Frame): Promise<string[]> =>
  page.$$eval('.row', rows =>
    rows.map(row => {
      const text = row.querySelector('.bubble')?.textContent ?? ''
      return row.classList.contains('shop') ? `> ${text}` : `${text} (${row.getAttribute('data-state')})`
    }),
  )

export const messagesOf = async (page: Page | Frame): Promise<string[]> => (await bubbles(page)).filter(line => !line.startsWith('> '))

/** Waits until the shop has given this many replies in all. */
export const replies = (page: Page | Frame, count: number): Promise<unknown> =>
  page.waitForFunction(wanted => document.querySelectorAll('.row.shop').length >= wanted, count)

/** PARLEY_SHOTS=1 leaves it in test/output. */
export async function picture(page: Page, name: string): Promise<void> {
  if (!process.env.PARLEY_SHOTS) return
  mkdirSync(OUTPUT, { recursive: true })
  await page.screenshot({ path: `${OUTPUT}${name}.png` })
}
