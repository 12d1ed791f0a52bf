// Transcripts: what a customer writes, and what must be decided. `PARLEY_REWRITE=1 npm test test/transcripts/transcripts.test.ts` writes what is
// decided now into the files; review the diff, and keep only changes that you understand.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { asCustomerId } from '@parley/core/ids.ts'
import type { RecordedDecision } from '@parley/core/pipeline/decision.ts'
import { workOut } from '@parley/core/pipeline/pipeline.ts'
import type { Shop } from '@parley/core/pipeline/shop.ts'
import { outsideConversation } from '@parley/core/pipeline/turn.ts'
import type { Locale } from '@parley/plugin-sdk/vocabulary.ts'
import { type Brain, createBrain } from '@parley/server/brain.ts'
import { readConfig } from '@parley/server/config.ts'
import { createLogger } from '@parley/server/logger.ts'

interface Block {
  readonly text: string
  /** ACTION disposition template; `-` for a template that does not matter. */
  readonly expected: string
  readonly line: number
}

const fileOf = (locale: Locale): string => fileURLToPath(new URL(`single-turns.${locale}.txt`, import.meta.url))

function parse(source: string): Block[] {
  const lines = source.split('\n')
  return lines.flatMap((line, i) => {
    if (!line.startsWith('customer ')) return []
    assert.equal(lines[i + 1], '----', `line ${i + 2} must be ----`)
    return [{ text: line.slice('customer '.length), expected: lines[i + 2] ?? '', line: i + 1 }]
  })
}

const outcomeOf = (decision: RecordedDecision, expected: string): string =>
  `${decision.action} ${decision.disposition} ${expected.endsWith(' -') ? '-' : decision.template}`

let brain: Brain
let shop: Shop
before(async () => {
  const config = readConfig({})
  // Deadlines are another test's matter: here every voter is heard, however busy the machine is.
  brain = await createBrain({ ...config, deadlines: { ...config.deadlines, voters: 10_000, plugin: 10_000 } }, createLogger('error'))
  await brain.plugins.ready
  shop = brain.shops.get('demo')! // the default configuration has it
})
after(() => brain.close())

/** Decides with every voter heard: a plugin's own limit may be missed on a busy machine, and that is another test's matter too. */
async function decide(text: string, locale: Locale): Promise<RecordedDecision> {
  const received = { ...outsideConversation, shop: shop.id, customer: asCustomerId('test'), turn: 1, upTo: 1, texts: [text], locale }
  for (let attempt = 1; ; attempt++) {
    const decision = await workOut(received, shop, brain.stages, new AbortController().signal)
    const unheard = decision.votes.filter(ballot => ballot.reason !== undefined && ballot.reason !== 'silent')
    if (unheard.length === 0) return decision
    assert.ok(attempt < 20, `${unheard.map(ballot => `${ballot.voter} ${ballot.reason}`).join(', ')} in every one of ${attempt} attempts`)
    // Late five times in a row, it is off for five seconds, and nobody tells when they are over: they are when it may be asked again.
    if (unheard.some(({ reason }) => reason === 'off')) await delay(500)
  }
}

for (const locale of ['zh-CN', 'en'] as const) {
  const source = readFileSync(fileOf(locale), 'utf8')
  const blocks = parse(source)
  test(`there are more than 30 transcripts in ${locale}`, () => assert.ok(blocks.length > 30))

  for (const { text, expected, line } of blocks) {
    test(`single-turns.${locale}.txt:${line} ${text}`, async () => {
      const decision = await decide(text, locale)
      const outcome = outcomeOf(decision, expected)
      if (process.env.PARLEY_REWRITE) {
        const lines = readFileSync(fileOf(locale), 'utf8').split('\n')
        lines[line + 1] = outcome
        writeFileSync(fileOf(locale), lines.join('\n'))
        return
      }
      assert.equal(outcome, expected, `${decision.reply}\n${JSON.stringify(decision.votes, null, 1)}`)
      assert.equal(decision.locale, locale)
      assert.ok(decision.reply.length > 0 && !/\{\{|undefined|null|\[object/.test(decision.reply), decision.reply)
      for (const { action, score } of decision.ranking) {
        assert.equal(
          decision.breakdown.filter(s => s.action === action).reduce((sum, s) => sum + s.share, 0),
          score,
        )
      }
    })
  }
}

test('the Python complaint analyser votes as its retailer wrote it, and its template alias is known', async () => {
  const decision = await decide('收到死螃蟹了', 'zh-CN')
  const ballot = decision.votes.find(v => v.voter === 'plugin:complaint-analyzer')
  assert.deepEqual(
    ballot?.votes.map(({ action, confidence, template }) => ({ action, confidence, template })),
    [{ action: 'COMPENSATE', confidence: 0.9, template: '生鲜赔付模板' }],
  )
  assert.equal(decision.template, 'compensate.fresh')
})

// The turns of the first sixteen actions, and those of the further ones, whose borders are closer and whose examples are younger.
const HELD_OUT = [
  { name: 'heldout', atLeast: 0.95 },
  { name: 'heldout-further', atLeast: 0.8 },
] as const

for (const { name, atLeast } of HELD_OUT) {
  for (const locale of ['zh-CN', 'en'] as const) {
    test(`${name}: at least ${100 * atLeast} of 100 turns written apart from the examples are understood, in ${locale}`, async t => {
      const file = new URL(`${name}.${locale}.tsv`, import.meta.url)
      const rows = readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map(line => line.split('\t') as [string, string]) // ACTION and text, as the file has it
      assert.ok(rows.length >= 100)
      let right = 0
      for (const [action, text] of rows) {
        const decision = await decide(text, locale)
        if (decision.action === action) right++
        else
          t.diagnostic(
            `${text}: ${decision.action} instead of ${action}, ${decision.disposition}, ${Math.round(decision.confidence * 100)} %`,
          )
      }
      t.diagnostic(`${right} of ${rows.length}`)
      assert.ok(right / rows.length >= atLeast, `${right} of ${rows.length}`)
    })
  }
}
