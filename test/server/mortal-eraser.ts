// Erases customer anna from a data folder, and ends at the given step as a killed process does. Steps are counted: every call that changes the disk, and
// each of the stores' own, before it and after it. Says `erased` when the erasure was acknowledged, and in the end how many steps there were.
import fs, { writeSync } from 'node:fs'
import promises from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import type { ConversationLog } from '@parley/core/ports/conversation-log.ts'
import type { Vault } from '@parley/core/ports/vault.ts'

const [data = '', last = ''] = process.argv.slice(2)
const kill = (): void => void process.kill(process.pid, 'SIGKILL')
let steps = 0
let isCounting = false
function step(): void {
  if (isCounting && ++steps === Number(last)) kill()
}

for (const name of ['writeFileSync', 'renameSync', 'rmSync', 'fsyncSync'] as const) {
  const inner = fs[name] as (...args: unknown[]) => unknown
  Object.assign(fs, {
    [name](...args: unknown[]) {
      step()
      const result = inner(...args)
      step()
      return result
    },
  })
}
const open = promises.open
Object.assign(promises, {
  async open(...args: Parameters<typeof open>) {
    const file = await open(...args)
    const write = file.write.bind(file) as (...of: unknown[]) => Promise<unknown>
    Object.assign(file, {
      async write(...of: unknown[]) {
        step()
        return write(...of)
      },
    })
    return file
  },
})
syncBuiltinESMExports() // before anything imports them by name

const { createTestHouse, ANNA, SHOP } = await import('../core/house.ts')
const { openLmdbLog } = await import('@parley/server/drivers/conversation-log.lmdb.ts')
const { openLmdbVault } = await import('@parley/server/drivers/vault.lmdb.ts')

/** With a step before and after the call. */
const around =
  <A extends unknown[], R>(work: (...args: A) => Promise<R>) =>
  async (...args: A): Promise<R> => {
    step()
    const result = await work(...args)
    step()
    return result
  }
const innerLog = await openLmdbLog(`${data}/log`)
const innerVault = await openLmdbVault(`${data}/keys`)
const log: ConversationLog = { ...innerLog, clearMarks: around(innerLog.clearMarks) }
const vault: Vault = { ...innerVault, note: around(innerVault.note), destroy: around(innerVault.destroy) }
const house = createTestHouse({ log, vault })
isCounting = true
await house.engine.erase({ shop: SHOP, target: { kind: 'customer', customer: ANNA }, by: { kind: 'operator' } })
writeSync(1, 'erased\n')
isCounting = false
await vault.close()
await log.close()
writeSync(1, `${steps}\n`)
