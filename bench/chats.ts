// What the bot as it is shipped makes of turns that customers of other shops wrote, each taken by itself: how often what comes first is right, and what it
// did with those where it is not. Out-of-scope recall is over what a set calls out of scope. Each voter's own first choice stands beside the whole.
//   npm run bench:chats        PARLEY_DATASETS names the folder with the sets; a set that is not there is said to be so
//   --train FILE               plays the training splits instead and writes each turn with its answer to FILE, one a line: what the test splits hold
//                              is only counted
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { shown } from '@parley/models/train/card.ts'
import { shareOf } from '@parley/models/train/intervals.ts'
import { readTurns, SETS } from './chats/others-turns.ts'
import { machine } from './machine.ts'
import { startWholeBot } from './whole-bot.ts'

/** The commonest confusions that are told. */
const MOST_TOLD = 12
const OUT = 'OUT_OF_SCOPE'

const { values } = parseArgs({ options: { train: { type: 'string' } } })
const bot = await startWholeBot()

const trainingSets = SETS.flatMap(({ training, ...set }) =>
  training === undefined ? [] : [{ ...set, split: training, title: set.title.replace(/\w+ split/, `${training} split`) }],
)

const shareIn = <T>(rows: readonly T[], is: (row: T) => boolean): string => shown(shareOf(rows.filter(is).length, rows.length))

console.log(JSON.stringify({ ...machine(), ensemble: bot.shop.ensemble('').version }))
const lines: string[] = []
for (const set of values.train ? trainingSets : SETS) {
  const turns = readTurns(set)
  if (!turns) {
    console.log(`\n${set.title}: not run, the set is not here`)
    continue
  }
  const decisions = await bot.decide(
    turns.map(({ text }) => text),
    set.language === 'zh' ? 'zh-CN' : 'en',
  )
  const rows = turns.map((turn, i) => ({ ...turn, decision: decisions[i]! })) // one decision a turn
  const within = rows.filter(({ right }) => !right.includes(OUT))
  const beyond = rows.filter(({ right }) => right.includes(OUT))
  const firstOf = ({ decision }: (typeof rows)[number]): string => decision.ranking[0]?.action ?? decision.action
  const isRight = (row: (typeof rows)[number]): boolean => row.right.includes(firstOf(row))
  const answered = within.filter(({ decision }) => decision.disposition === 'answer' || decision.disposition === 'ask_slot')
  console.log(`\n${set.title}: ${within.length} turns within our actions, ${beyond.length} out of scope`)
  if (within.length > 0) {
    console.log(
      `  first is right ${shareIn(within, isRight)}; among the first three ${shareIn(within, row => row.decision.ranking.slice(0, 3).some(({ action }) => row.right.includes(action)))}`,
    )
    console.log(`  answered ${shareIn(within, row => answered.includes(row))} of them, ${shareIn(answered, isRight)} of those rightly`)
    console.log(`  taken for out of scope ${shareIn(within, row => firstOf(row) === OUT)}`)
  }
  if (beyond.length > 0) console.log(`  out-of-scope recall ${shareIn(beyond, isRight)}`)
  if (within.length > 0)
    for (const voter of new Set(rows.flatMap(({ decision }) => decision.votes.map(ballot => ballot.voter)))) {
      const voted = within.flatMap(row => {
        const [first] = row.decision.votes
          .filter(ballot => ballot.voter === voter)
          .flatMap(({ votes }) => [...votes].sort((a, b) => b.confidence - a.confidence))
        return first ? [row.right.includes(first.action)] : []
      })
      console.log(
        `  ${voter}: votes on ${((100 * voted.length) / within.length).toFixed(1)} %, right on ${shareIn(voted, hit => hit)} of those`,
      )
    }
  for (const row of rows)
    lines.push(
      JSON.stringify({
        set: set.title,
        label: row.label,
        text: row.text,
        isRight: isRight(row),
        disposition: row.decision.disposition,
        ranking: row.decision.ranking.slice(0, 3),
        votes: row.decision.votes,
      }),
    )
  const wrong = new Map<string, number>()
  for (const row of rows)
    if (!isRight(row)) wrong.set(`${row.label} as ${firstOf(row)}`, (wrong.get(`${row.label} as ${firstOf(row)}`) ?? 0) + 1)
  const common = [...wrong].sort((a, b) => b[1] - a[1]).slice(0, MOST_TOLD)
  console.log(`  commonest misses: ${common.map(([what, count]) => `${what} ${count}`).join(', ')}`)
}
if (values.train) writeFileSync(values.train, `${lines.join('\n')}\n`)
await bot.close()
process.exit(0)
