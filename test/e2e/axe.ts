// axe-core in a page or frame, as it stands there. Run through the debugger's door: a content security policy does not stop it.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Frame, Page } from 'playwright-core'

const SOURCE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface AxeNode {
  readonly html: string
  readonly failureSummary?: string
}
interface AxeResults {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly AxeNode[] }[]
  readonly passes: readonly unknown[]
}

/** Every rule of axe, its recommendations too: none may be broken. */
export async function assertAccessible(page: Page | Frame, what: string): Promise<void> {
  await page.evaluate(SOURCE)
  const { violations, passes } = await page.evaluate<AxeResults>('axe.run(document, { iframes: false })')
  const found = violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary ?? ''}`))
  assert.deepEqual(found, [], `${what}\n${found.join('\n')}`)
  assert.ok(passes.length > 10, `${what}: axe found nothing to look at`)
}
