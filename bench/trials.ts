// How long a slider of the Studio waits for its answer, on 2,000 turns whose votes are there (aim: under a second).
//   node bench/trials.ts [trials]
import { readFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '@parley/server/config.ts'
import { resolveEnsemble } from '@parley/server/ensemble-store/resolve-ensemble.ts'
import { openTrials } from '@parley/server/studio/trials.ts'
import { temporaryFolder } from '../test/e2e/running-server.ts'
import { createRandom } from '../test/random.ts'

const [TURNS, WARM] = [2_000, 5]
const count = Number(process.argv[2] ?? 100)
const random = createRandom(1)
const folder = temporaryFolder()
const config = readConfig({ ...process.env, PARLEY_DATA: join(folder.path, 'data') })
const settings = config.shops[0]! // the demo shop
const rows = ['en', 'zh-CN'].flatMap(locale =>
  readFileSync(new URL(`../test/turns/retail.${locale}.jsonl`, import.meta.url), 'utf8')
    .trim()
    .split('\n'),
)
// What the set lacks is there twice.
const text = Array.from({ length: TURNS }, (_, i) => rows[i % rows.length]!).join('\n')
const trials = openTrials({
  config,
  shop: settings.id,
  resolve: named => resolveEnsemble(named, settings),
  setView: id => ({ id, name: id, kind: 'uploaded', turns: TURNS, conversations: TURNS, bad: 0, at: 0, who: '' }),
  rowsOf: async () => text,
  voters: () => 'the same',
  now: Date.now,
  broke: error => console.error(error),
})
const weight = () => ({ zh: random(), en: random() })
const ask = () =>
  trials.try(
    {
      set: 'bench',
      ensemble: 'in-force',
      weights: { keyword: weight(), intent: weight(), sentiment: weight() },
      costs: { wrongAnswer: 5 + 10 * random(), clarify: 1 + 4 * random(), handoff: 4 + 6 * random() },
      asked: 1,
    },
    'bench',
  )
const began = performance.now()
while ((await ask()).state === 'opening') await new Promise(resolve => setTimeout(resolve, 200))
console.log(`opened, with the asking of the voters, in ${((performance.now() - began) / 1_000).toFixed(1)} s`)
const [waited, worked]: [number[], number[]] = [[], []]
let turns = 0
for (let i = 0; i < WARM + count; i++) {
  const from = performance.now()
  const trial = await ask()
  if (trial.state !== 'ready') throw new Error('it was ready before')
  turns = trial.turns
  if (i < WARM) continue
  waited.push(performance.now() - from)
  worked.push(trial.ms)
}
const at = (values: number[], share: number): string =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))]!.toFixed(0)
console.log(`${count} trials of other weights and costs on ${turns} judged turns; load of the machine ${loadavg()[0]!.toFixed(1)}`)
console.log(`  waited     p50 ${at(waited, 0.5)} ms, p99 ${at(waited, 0.99)} ms`)
console.log(`  processor  p50 ${at(worked, 0.5)} ms, p99 ${at(worked, 0.99)} ms`)
await trials.close()
folder.remove()
