import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLiquidTemplates } from '@parley/server/drivers/templates.liquid.ts'

const templatesOf = (text: string) => createLiquidTemplates({ templates: { one: { en: text, 'zh-CN': text } }, aliases: {} })

test('[TURN6] a process that stands still in the midst of a reply renders it all the same; one that takes too long again is given up', t => {
  let aheadMs = 0
  const now = performance.now.bind(performance)
  t.mock.method(performance, 'now', () => now() + aheadMs)
  let halts = 1
  const view = {
    facts: {
      get order() {
        if (halts-- > 0) aheadMs += 60_000
        return 'an order'
      },
    },
  }
  const templates = templatesOf('{{ facts.order }}, and more {{ facts.order }}')
  assert.equal(templates.render('one', 'en', view as never), 'an order, and more an order') // of a view what is used here
  halts = 100
  assert.throws(() => templates.render('one', 'en', view as never), /render limit exceeded/) // as above
})
