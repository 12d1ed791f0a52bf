// `npm run bench:models`: our model and its peers on public sets, every one in the same run: how often each is right, and what it costs. Prints the
// tables of docs/accuracy.md; a set or a peer that is not here is left out with the reason.
import { writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { machine } from './machine.ts'
import { type DataSetName, readDataSet, SOURCES } from './models/data-sets.ts'
import { CONTENDERS, type ContenderName } from './models/peers.ts'
import { type Played, play } from './models/play.ts'
import { costTable, scopeTable, scoreTable } from './models/tables.ts'

const HELP = `npm run bench:models -- [options]
  --set a,b      of ${Object.keys(SOURCES).join(', ')}
  --model a,b    of ${Object.keys(CONTENDERS).join(', ')}
  --seed 1       of training and of the bootstrap
  --limit 900    seconds for one training or one round of answers, after which a contender is given up
  --json FILE    write the figures to FILE too
PARLEY_ENCODER=FOLDER plays parley-encoder and parley-blend on that sentence encoder; PARLEY_ENCODER_AS says, as JSON, what the folder does
not: {"pooling":"mean","prefix":"query: ","onnx":"onnx/model_quantized.onnx"}`
const { values } = parseArgs({
  options: {
    set: { type: 'string' },
    model: { type: 'string' },
    seed: { type: 'string', default: '1' },
    limit: { type: 'string', default: '900' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(HELP)
  process.exit(0)
}
const chosen = <Name extends string>(given: string | undefined, table: Readonly<Record<Name, unknown>>): readonly Name[] => {
  const names = Object.keys(table) as Name[] // an object literal's own keys
  const strange = given?.split(',').filter(name => !names.some(known => known === name)) ?? []
  if (strange.length > 0) throw new Error(`there is no ${strange.join(', ')}; there are ${names.join(', ')}`)
  return given === undefined ? names : names.filter(name => given.split(',').includes(name))
}
const sets = chosen<DataSetName>(values.set, SOURCES)
const models = chosen<ContenderName>(values.model, CONTENDERS)

export interface Result {
  readonly set: DataSetName
  readonly model: ContenderName
  /** Figures, or why there are none. */
  readonly played: Played | string
}

const started = performance.now()
const results: Result[] = []
const missing = new Map(models.map(model => [model, CONTENDERS[model].prepare()]))
for (const set of sets) {
  const data = readDataSet(SOURCES[set])
  for (const model of models) {
    const played =
      missing.get(model) ??
      (typeof data === 'string' ? data : await play(CONTENDERS[model], SOURCES[set], data, Number(values.seed), Number(values.limit)))
    results.push({ set, model, played })
    const spent = (performance.now() - started) / 1_000
    const left = (spent / results.length) * (sets.length * models.length - results.length)
    const said = typeof played === 'string' ? `not run: ${played}` : `${(played.accuracy.value * 100).toFixed(1)} %`
    process.stderr.write(
      `${results.length} of ${sets.length * models.length}: ${set} ${model} ${said}; about ${Math.ceil(left / 60)} min left\n`,
    )
    if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(figures(), null, 1)}\n`)
  }
}
const { machine: on, node, commit } = machine()
console.log(`${on}; Node ${node}; commit ${commit}; seed ${values.seed}; load average at the end ${(loadavg()[0] ?? 0).toFixed(1)}\n`)
console.log(`${scoreTable(results)}\n\n${scopeTable(results)}\n\n${costTable(results)}`)

function figures() {
  return { bench: 'models', ...machine(), seed: Number(values.seed), loadAverage: loadavg()[0], results }
}
