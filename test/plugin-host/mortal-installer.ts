// Installs, rolls back and removes for as long as it lives. Says before each what is in force and what is to be: `does BEFORE AFTER`; and `did AFTER AFTER`.
import { openPluginStore } from '@parley/server/plugin-store/open-plugin-store.ts'

const [data = '', one = '', two = '', three = ''] = process.argv.slice(2)
const store = openPluginStore(data)

const steps: readonly (readonly [after: string, work: () => Promise<unknown>])[] = [
  ['1.0.0', async () => store.install('demo', await store.examine(one))],
  ['1.1.0', async () => store.install('demo', await store.examine(two))],
  ['2.0.0', async () => store.install('demo', await store.examine(three))],
  ['1.1.0', () => store.rollback('demo', 'crab')],
  ['none', () => store.remove('demo', 'crab')],
]
let before = 'none'
for (;;)
  for (const [after, work] of steps) {
    process.stdout.write(`does ${before} ${after}\n`)
    await work()
    process.stdout.write(`did ${after} ${after}\n`)
    before = after
  }
