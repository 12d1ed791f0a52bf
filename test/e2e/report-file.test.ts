// The report as one HTML file, opened from the disk in real Chromium: it answers hover, finger and keys, asks nothing of anybody, and what customers wrote
// stands in it as text.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { ReportFile } from '@parley/ensembles/report-file.ts'
import { reportHtml, withoutTexts } from '@parley/server/report-file/report-html.ts'
import { buildWeb } from '@parley/web/build.ts'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { assertAccessible } from './axe.ts'
import { launchBrowser, missingBrowser } from './browser.ts'
import { comparisonFile, evaluationFile, HOSTILE, tuneFile } from './report-values.ts'
import { temporaryFolder } from './running-server.ts'
import { picture } from './visit.ts'

const skip = missingBrowser
const folder = temporaryFolder()
let browser: Browser
before(async () => {
  if (skip) return
  await buildWeb()
  browser = await launchBrowser()
})
after(async () => {
  await browser?.close()
  folder.remove()
})

interface Opened {
  readonly page: Page
  /** Everything that the page asked for but itself, errors of its script, and what its policy stopped. */
  readonly complaints: readonly string[]
}

let opened = 0
async function open(file: ReportFile, options: BrowserContextOptions = {}): Promise<Opened> {
  const path = join(folder.path, `report-${++opened}.html`)
  writeFileSync(path, reportHtml(file))
  const context = await browser.newContext({ locale: 'en', viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce', ...options })
  const page = await context.newPage()
  const complaints: string[] = []
  const address = pathToFileURL(path).href
  page.on('request', request => request.url() !== address && complaints.push(request.url()))
  page.on('pageerror', error => complaints.push(String(error)))
  page.on('console', message => complaints.push(message.text()))
  await page.goto(address)
  await page.waitForSelector('.plot-area svg')
  return { page, complaints }
}

const PLOT = (title: string): string => `.card:has(h2:text-is("${title}")) .plot-area`
const tipOf = (page: Page, plot: string): Promise<string> => page.locator(`${plot} .tip`).first().innerText()
const overflow = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)

test('[EVAL9] an evaluation: hover, keys and a press tell numbers and sentences; nothing is asked of anybody, and nothing of a customer runs', {
  skip,
  timeout: 240_000,
}, async () => {
  const file = evaluationFile()
  const { page, complaints } = await open(file)
  const { evaluation } = file
  assert.equal(await page.title(), 'What made@1-0123456789ab is worth')
  assert.match(
    await page.innerText('main'),
    /holds what customers wrote[\s\S]*SHA-256 of the file\s+(ab){32}[\s\S]*Of 3 turns a voter failed/,
  )

  const reliability = PLOT('As sure as it is right?')
  await page.locator(reliability).scrollIntoViewIfNeeded()
  const box = (await page.locator(reliability).boundingBox())!
  await page.mouse.move(box.x + box.width - 30, box.y + box.height / 2)
  const surest = evaluation.reliability.findLast(({ count }) => count > 0)!
  const percent = (value: number | null): string => `${(100 * value!).toFixed(1)} %`
  const { value, low, high } = surest.reached
  assert.deepEqual((await tipOf(page, reliability)).split('\n'), [
    `Confidence ${Math.round(100 * surest.from)} % to ${Math.round(100 * surest.to)} %`,
    `Right: ${percent(value)} (${percent(low)} to ${percent(high)})`,
    `Mean confidence: ${percent(surest.confidence)}`,
    `${surest.count} turns`,
  ])
  await page.mouse.move(5, 5)
  assert.equal(await page.locator(`${reliability} .tip`).isVisible(), false)

  // The same by keys, and what a screen reader is told.
  await page.focus(reliability)
  await page.keyboard.press('End')
  assert.match((await page.getAttribute(reliability, 'aria-valuetext'))!, new RegExp(`Right: .*, ${surest.count} turns$`))
  await page.keyboard.press('ArrowLeft')
  assert.doesNotMatch(await tipOf(page, reliability), new RegExp(`\\n${surest.count} turns$`))
  await page.keyboard.press('Escape')
  assert.equal(await page.locator(`${reliability} .tip`).isVisible(), false)

  // Differences that are not shown are said so.
  const rivals = '.card:has(h2:text-is("Beside others"))'
  assert.match(await page.innerText(rivals), /Equal weights\s+no difference shown/)
  await page.selectOption(`${rivals} select`, 'costPer1000')
  await page.locator(`${rivals} .axis`, { hasText: 'Cost per 1,000 turns: the ensemble less the other' }).first().waitFor()

  // The cell of the first hostile sentence: by keys to it, its sentences as text, and back.
  const cell = evaluation.confusions.find(({ sentences }) => sentences.some(({ text }) => text === HOSTILE[0]))!
  await page.uncheck('.only input')
  await page.locator('td[role="gridcell"][tabindex="0"]').focus()
  await page.keyboard.press('ArrowRight')
  const selector = `td[aria-label^="${cell.right === cell.said ? `${cell.right}, rightly` : `${cell.right} taken for ${cell.said}`}, "]`
  assert.match((await page.getAttribute(selector, 'aria-label'))!, new RegExp(`${cell.count} of \\d+ turns about it`))
  await page.focus(selector)
  await page.keyboard.press('Enter')
  assert.equal(await page.locator('dialog[open] li').count(), cell.count)
  assert.ok((await page.innerText('dialog[open]')).includes(HOSTILE[0]))
  await assertAccessible(page, 'sentences')
  await page.keyboard.press('Escape')
  assert.equal(await page.locator('dialog[open]').count(), 0)
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('role')), 'gridcell')

  // A press on a head sorts.
  const actions = '.card:has(h2:text-is("Actions"))'
  await page.click(`${actions} button:text-is("Recall")`)
  assert.equal(await page.getAttribute(`${actions} th:nth-child(4)`, 'aria-sort'), 'descending')
  const recalls = await page.locator(`${actions} tbody td:nth-child(4)`).allInnerTexts()
  const numbers = recalls.map(text => Number.parseFloat(text)).filter(number => !Number.isNaN(number))
  assert.deepEqual(
    numbers,
    numbers.toSorted((a, b) => b - a),
  )

  for (const details of await page.locator('details').all()) await details.locator('summary').click()
  await picture(page, 'report-evaluate')
  await assertAccessible(page, 'evaluate, light')
  assert.equal(await page.evaluate('window.taken'), undefined)
  assert.equal(await page.locator('img, iframe, script').count(), 0)
  assert.deepEqual(complaints, [])
  await page.context().close()
})

test('[EVAL9] on a phone, in the dark, in Chinese: a finger gets the numbers, and nothing makes the page wider than it is', {
  skip,
  timeout: 240_000,
}, async () => {
  const { page, complaints } = await open(evaluationFile(), {
    locale: 'zh-CN',
    colorScheme: 'dark',
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    isMobile: true,
  })
  assert.equal(await page.getAttribute('html', 'lang'), 'zh-CN')
  assert.equal(await overflow(page), 0)
  const curve = PLOT('只回答最有把握的')
  await page.locator(curve).scrollIntoViewIfNeeded()
  await page.tap(curve)
  assert.match(await tipOf(page, curve), /^作答率：.* %, \d+ 轮\n作答中的错误率：.* % \(.* 至 .*\)/)
  assert.equal(await overflow(page), 0)
  await assertAccessible(page, 'evaluate, phone, dark, zh')
  assert.notEqual(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(238, 241, 239)')
  await page.tap('header button')
  assert.equal(await page.getAttribute('html', 'lang'), 'en')
  assert.equal(await overflow(page), 0)
  assert.deepEqual(complaints, [])
  await page.context().close()
})

test('[EVAL9] a comparison: the gate, and every changed turn side by side, by group and by words', { skip, timeout: 240_000 }, async () => {
  const file = comparisonFile([{ what: 'broken', broken: 40, may: 5 }])
  const { changed, groups } = file.comparison
  const { page, complaints } = await open(file, { viewport: { width: 390, height: 844 } })
  assert.match(await page.innerText('main'), /The gate is shut\.\s+40 turns broke, and 5 may/)
  assert.equal(await overflow(page), 0)
  const fixed = groups.find(({ group }) => group === 'fixed')!
  await page.click(`button:text-is("Fixed ${fixed.turns}")`)
  assert.equal(await page.locator('.turns h3').count(), 1)
  assert.equal(await page.locator('.turns .turn').count(), Math.min(40, fixed.turns))
  while (await page.locator('.turns .more').isVisible()) await page.click('.turns .more')
  assert.equal(await page.locator('.turns .turn').count(), fixed.turns)
  assert.match(await page.locator('.turns .turn').first().innerText(), /About: ACTION_NUMBER_\d+\s+A[\s\S]*✗ Wrong\s+B[\s\S]*✓ Right/)
  await page.click(`button:text-is("All ${changed.length}")`)
  const hostile = changed.find(({ text }) => (HOSTILE as readonly string[]).includes(text))!
  await page.fill('.filter', hostile.text.slice(0, 12))
  assert.ok((await page.innerText('.turns')).includes(hostile.text.slice(0, 20)))
  await page.fill('.filter', 'nobody wrote this')
  assert.equal(await page.innerText('.turns'), 'No turn has these words.')
  await page.fill('.filter', '')
  await page.emulateMedia({ colorScheme: 'dark' })
  await assertAccessible(page, 'compare, dark')
  assert.equal(await page.evaluate('window.taken'), undefined)
  assert.deepEqual(complaints, [])
  await page.context().close()
})

test('[EVAL9] a tune: why nothing was written, and the candidates by any figure', { skip, timeout: 240_000 }, async () => {
  const file = tuneFile()
  const { page, complaints } = await open(file, { viewport: { width: 390, height: 844 } })
  assert.match(await page.innerText('main'), /Nothing is written:\s+there are 60 conversations; it takes 100\s/)
  const candidates = '.card:has(h2:text-is("Candidates"))'
  assert.match(await page.innerText(candidates), new RegExp(`Held against: ${file.tune.bestAlone.voter} alone`))
  await page.selectOption(`${candidates} select`, 'accuracy')
  await page.locator(`${candidates} .plot-area[role="slider"]`).first().focus()
  const { value } = file.tune.candidates.equal.figures.accuracy
  assert.match(
    await tipOf(page, `${candidates} .plot-area`),
    new RegExp(`^Equal weights.*\\nDifference: .*\\nAccuracy: ${(100 * value!).toFixed(1)} %`),
  )
  assert.equal(await overflow(page), 0)
  await assertAccessible(page, 'tune')
  assert.deepEqual(complaints, [])
  await page.context().close()
})

test('[EVAL9] without sentences nothing that a customer wrote is in the file, and lines still say where it stands', {
  skip,
  timeout: 240_000,
}, async () => {
  const [evaluation, comparison] = [evaluationFile(), comparisonFile([])]
  for (const file of [evaluation, comparison]) {
    const [full, bare] = [reportHtml(file), reportHtml(withoutTexts(file))]
    assert.match(full, /"sentence \d+"[\s\S]*onload=window/)
    assert.doesNotMatch(bare, /"sentence \d|onload=window/)
    // Nothing of a customer can end the element that the values stand in.
    assert.equal(full.split('<script').length - 1, 2)
    assert.equal(full.split('</script').length - 1, 2)
    assert.ok(!full.includes('<!--') && !full.includes('<img'))
  }
  const { page, complaints } = await open(withoutTexts(evaluation))
  assert.match(await page.innerText('main'), /holds nothing that customers wrote/)
  await page.locator('.count').first().click()
  assert.match(await page.innerText('dialog[open]'), /left out of this file\. They stand on these lines of the turns:\s+line \d+/)
  assert.deepEqual(complaints, [])
  await page.context().close()
})
