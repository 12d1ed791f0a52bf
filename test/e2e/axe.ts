// axe-core in a page or frame, as it stands there. Run through the debugger's door: a content security policy does not stop it.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Frame, Page } from 'playwright-core'

const SOURCE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface AxeNode {
  readonly html: string
  readonly target: readonly unknown[]
  readonly failureSummary?: string
}
interface AxeResults {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly AxeNode[] }[]
  readonly passes: readonly unknown[]
}

/**
 * What every rule of axe finds. The script is half a megabyte and stays in the page. Of what passes one element a rule is told: to tell them all takes longer
 * than to look at them.
 */
export async function lookWithAxe(page: Page | Frame): Promise<AxeResults> {
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(SOURCE)
  return page.evaluate<AxeResults>('axe.run(document, { iframes: false, resultTypes: ["violations"] })')
}

/** Every rule of axe, its recommendations too: none may be broken. */
export async function assertAccessible(page: Page | Frame, what: string): Promise<void> {
  const { violations, passes } = await lookWithAxe(page)
  const found = violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary ?? ''}`))
  assert.deepEqual(found, [], `${what}\n${found.join('\n')}`)
  assert.ok(passes.length > 10, `${what}: axe found nothing to look at`)
}
