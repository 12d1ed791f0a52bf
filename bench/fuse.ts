// How long it takes to fuse the votes of 50 voters over 40 actions (aim: under 50 µs). On a machine that others use too the least of the rounds says most.
//   node bench/fuse.ts
import type { Ballot } from '@parley/core/ports/voters.ts'
import { parseEnsemble } from '@parley/ensembles/ensemble-file.ts'
import { fuse } from '@parley/ensembles/fuse.ts'
import { createRandom } from '../test/random.ts'

const [VOTERS, ACTIONS, ROUNDS, A_ROUND] = [50, 40, 1_000, 20]
const random = createRandom(1)
const domain = Array.from({ length: ACTIONS }, (_, i) => `ACTION_${i}`)
const action = (): string => domain[Math.floor(random() * ACTIONS)]! // below its length
const turns = Array.from({ length: 20 }, (): readonly Ballot[] =>
  Array.from({ length: VOTERS }, (_, v) => ({
    voter: `voter-${v}`,
    version: '1',
    abstained: false,
    votes: [0.6, 0.2, 0.05].map(confidence => ({ action: action(), confidence })),
    signals: { mood: random() - 0.5 },
    ms: 1,
  })),
)

const entries = (rest: string): string =>
  Array.from({ length: VOTERS }, (_, v) => `  voter-${v}: { weight: { zh: 0.5, en: 0.5 }${rest} }`).join('\n')
const prior = `prior: { ${domain
  .slice(0, 30)
  .map((name, i) => `${name}: ${0.001 * (i + 1)}`)
  .join(', ')} }`
const line = '[[0.1, 0.02], [0.3, 0.2], [0.5, 0.4], [0.8, 0.7], [0.95, 0.9]]'
const FILES = {
  'weights alone': entries(''),
  'with temperatures and a prior': `${entries(', temperature: { zh: 1.4, en: 1.2 }')}\n${prior}`,
  'as tuned, with everything': `${entries(`, calibration: { zh: ${line}, en: [] }, rest: { ACTION_1: 0.5 }, actions: { ACTION_2: 1.5 }`)}\n${prior}\nsignals: { mood: { ACTION_3: -1 } }`,
}
for (const [name, voters] of Object.entries(FILES)) {
  const { file } = parseEnsemble(`name: bench\nversion: 1\nvoters:\n${voters}\n`, 'bench')
  const fuseSome = (): void => {
    for (let i = 0; i < A_ROUND; i++) fuse(file, turns[i % turns.length]!, 'zh', domain) // below its length
  }
  for (let i = 0; i < 100; i++) fuseSome()
  const times: number[] = []
  for (let i = 0; i < ROUNDS; i++) {
    const at = performance.now()
    fuseSome()
    times.push(((performance.now() - at) * 1_000) / A_ROUND)
  }
  times.sort((a, b) => a - b)
  const at = (share: number): string => times[Math.floor(share * times.length)]!.toFixed(1) // below its length
  console.log(`${name.padEnd(30)} least ${at(0)} µs, p50 ${at(0.5)} µs, p95 ${at(0.95)} µs`)
}
