// Opens and withdraws cases of one order for ever, through the mesh and the services' thread, and says each outcome as it comes. `crash.test.ts` kills it.
import type { EffectOutcome, EffectRequest } from '@parley/core/ports/effects.ts'
import { startServicesThread } from '@parley/demo-shop/services-thread.ts'
import { openMesh } from '@parley/mesh/joined/read-mesh.ts'
import { createShopSource } from '@parley/mesh/joined/shop-source.ts'
import { TOKENS } from './demo-services.ts'
import { DEMO_MESH, GUARDED } from './joined-shop.ts'
import { opening, patience, TODAY, withdrawing } from './questions.ts'

const [folder = '', prefix = ''] = process.argv.slice(2)
const { urls } = await startServicesThread({ folder, tokens: TOKENS, today: TODAY })
const instead = (source: string) => ({ url: urls[source as 'crm'], token: TOKENS[source as 'crm'] }) // the file names these three
const mesh = openMesh(DEMO_MESH, { environment: {}, ...GUARDED, instead })
const { effects } = createShopSource({ config: mesh.config, mesh: async () => mesh, customerIn: customer => customer })

async function runAndTell(request: EffectRequest): Promise<EffectOutcome> {
  const outcome = await untilKnown(request)
  // Waits for a reader that is slow; a full pipe would otherwise end this process before it is killed.
  await new Promise(resolve => process.stdout.write(`${JSON.stringify(outcome)}\n`, resolve))
  return outcome
}

/** While the services are filled they may be later than their deadline. */
async function untilKnown(request: EffectRequest): Promise<EffectOutcome> {
  for (const signal = patience(); ; signal.throwIfAborted()) {
    const outcome = await effects.run(request, signal).catch(() => undefined)
    if (outcome) return outcome
  }
}

for (let i = 1; ; i++) {
  const opened = await runAndTell(opening(`${prefix}/${i}/do`, 'demo-lin', { order: '2024-881', count: '1' }))
  if (opened.state !== 'done') throw new Error('an order without a living case was refused one')
  await runAndTell(withdrawing(`${prefix}/${i}/undo`, 'demo-lin', opened.result))
}
