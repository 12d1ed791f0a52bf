// Opens and withdraws cases of one order for ever, through the shop and its thread, and says each outcome as it comes. `crash.test.ts` kills it.
import type { EffectOutcome, EffectRequest } from '@parley/core/ports/effects.ts'
import { openDemoShop } from '@parley/mesh/demo-shop/demo-shop.ts'
import { opening, patience, TODAY, withdrawing } from './questions.ts'

const [file = '', prefix = ''] = process.argv.slice(2)
const shop = await openDemoShop({ file, today: () => TODAY, adopts: false })

async function runAndTell(request: EffectRequest): Promise<EffectOutcome> {
  const outcome = await shop.effects.run(request, patience())
  // Waits for a reader that is slow; a full pipe would otherwise end this process before it is killed.
  await new Promise(resolve => process.stdout.write(`${JSON.stringify(outcome)}\n`, resolve))
  return outcome
}

for (let i = 1; ; i++) {
  const opened = await runAndTell(opening(`${prefix}/${i}/do`, 'demo-lin', { order: '2024-881', count: '1' }))
  if (opened.state !== 'done') throw new Error('an order without a living case was refused one')
  await runAndTell(withdrawing(`${prefix}/${i}/undo`, 'demo-lin', opened.result))
}
