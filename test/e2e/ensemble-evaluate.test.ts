// The real command judges the shipped ensemble on a small file, with the real voters.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Evaluation } from '@parley/ensembles/report-file.ts'
import { parley } from './parley-command.ts'
import { temporaryFolder } from './running-server.ts'

const TURNS = [
  { text: 'where is my parcel', action: 'TRACK_ORDER', source: 'mail' },
  { text: 'thank you so much', action: 'THANKS', source: 'mail' },
  { text: '发票怎么开', action: 'INVOICE_REQUEST' },
  { text: '我要找人工客服', action: 'HUMAN_AGENT' },
  // Labelled wrongly on purpose: it stands behind its cell.
  { text: 'please cancel my order', action: 'GREETING' },
  { text: 'qwzx vblorp', action: 'OUT_OF_SCOPE' },
  // The first one is played and not judged.
  {
    turns: [{ text: 'where is my order' }, { text: 'has it been sent yet', action: 'TRACK_ORDER' }, { text: 'thanks', action: 'THANKS' }],
    lang: 'en',
  },
]
const lines = (rows: readonly unknown[]): string => rows.map(row => `${JSON.stringify(row)}\n`).join('')

test('[EVAL6] [EVAL7] [EVAL8] an ensemble is judged with the real voters; a second run takes the kept votes; what is wrong with a file is named', {
  timeout: 240_000,
}, async t => {
  const data = temporaryFolder()
  t.after(data.remove)
  const config = join(data.path, 'parley.yaml')
  writeFileSync(config, JSON.stringify({ shops: [{ id: 'demo', plugins: ['fresh-goods'] }] }))
  const env = { PARLEY_CONFIG: config, PARLEY_DATA: join(data.path, 'data') }
  const file = join(data.path, 'turns.jsonl')
  const json = join(data.path, 'report.json')
  writeFileSync(file, lines(TURNS))
  const evaluate = (...args: readonly string[]) => parley(['ensemble', 'evaluate', file, '--json', json, ...args], { env })
  const told = (): Evaluation => JSON.parse(readFileSync(json, 'utf8')) as Evaluation // our own command's output

  const page = join(data.path, 'report.html')
  const first = await evaluate('--precision', '0.8', '--html', page)
  assert.equal(first.status, 0, first.stderr)
  const report = told()
  assert.deepEqual([report.turns, report.conversations, report.draws, report.incomplete], [8, 7, 1_000, 0])
  assert.ok(
    report.headlines.accuracy.value! >= 6 / 8,
    JSON.stringify(report.confusions.map(({ right, said, count }) => [right, said, count])),
  )
  assert.ok(report.headlines.accuracy.low! < report.headlines.accuracy.value!)
  const mislabelled = report.confusions.find(({ right }) => right === 'GREETING')
  assert.deepEqual([mislabelled?.said, mislabelled?.sentences[0]?.line], ['CANCEL_ORDER', 5])
  assert.ok(report.byRule.turns >= 1, 'the wish for a person')
  assert.deepEqual(
    report.rivals.slice(0, 2).map(({ name }) => name),
    ['majority vote', 'equal weights'],
  )
  for (const kind of ['alone', 'without'] as const)
    assert.deepEqual(
      report.rivals.filter(rival => rival.kind === kind).map(({ name }) => name),
      ['intent', 'keyword', 'plugin:fresh-goods', 'sentiment'],
    )
  assert.equal(report.bestAlone, 'intent')
  assert.ok(report.rivals.every(({ figures }) => figures.accuracy.value !== null))
  assert.match(first.stdout, /majority vote +\d/)
  assert.match(first.stdout, /no difference shown/)
  assert.match(first.stdout, /80\.0 % right: answer from a confidence of 0\.\d+ on/)
  assert.match(first.stdout, /1 × GREETING taken for CANCEL_ORDER\n +line 5, [\d.]+ %: please cancel my order/)
  assert.doesNotMatch(first.stdout, /undefined|NaN/)

  assert.match(
    readFileSync(page, 'utf8'),
    /"kind":"evaluate".*"file":"turns\.jsonl","sha256":"[0-9a-f]{64}".*"text":"please cancel my order"/,
  )

  const second = await evaluate('--precision', '0.8', '--cell', 'THANKS:THANKS', '--html', page, '--no-sentences')
  assert.match(readFileSync(page, 'utf8'), /"hasTexts":false/)
  assert.doesNotMatch(readFileSync(page, 'utf8'), /please cancel my order/)
  assert.equal(second.status, 0, second.stderr)
  assert.deepEqual(told(), report)
  assert.match(second.stdout, /^2 × THANKS taken for THANKS\n(?: +line [27], .*\n){2}$/)

  writeFileSync(file, `${lines(TURNS)}{"text": "hi"}\n{"text": "hi", "action": "DANCE"}\n`)
  const refused = await evaluate()
  assert.equal(refused.status, 1)
  assert.match(
    refused.stderr,
    /turns\.jsonl:8: error: action: .*\n.*turns\.jsonl:9: error: the shop has no action "DANCE"\nparley: .*:8: .*\(and 1 more\) \(TURNS_INVALID\)/,
  )
  // What is kept is what is judged: votes that somebody has changed there are those that count.
  const [name] = readdirSync(join(data.path, 'data', 'votes'))
  const kept = join(data.path, 'data', 'votes', name!)
  writeFileSync(kept, readFileSync(kept, 'utf8').replaceAll('"CANCEL_ORDER"', '"GREETING"'))
  const skipped = await evaluate('--skip-bad')
  assert.equal(skipped.status, 0, skipped.stderr)
  assert.match(skipped.stderr, /turns\.jsonl:9: left out: /)
  assert.equal(told().confusions.find(({ right }) => right === 'GREETING')?.said, 'GREETING')

  writeFileSync(file, lines(TURNS.slice(0, 1)))
  const lonely = await evaluate()
  assert.match(lonely.stderr, /fewer than two conversations.*TURNS_INVALID/)
  assert.equal((await parley(['ensemble', 'evaluate', join(data.path, 'none.jsonl')], { env })).status, 1)
  assert.equal((await evaluate('--precision', '2')).status, 2)
  assert.equal((await evaluate('--no-sentences')).status, 2)
  assert.equal((await evaluate('--ensemble', 'none')).status, 1)
})
