// kill -9 in the midst of an effect, at every point where it matters and at any other: the same key run again is one case and one outcome.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { EffectOutcome } from '@parley/core/ports/effects.ts'
import { NODE_FLAGS, temporaryFolder } from '../e2e/running-server.ts'
import { createRandom } from '../random.ts'
import { opening, patience, withdrawing } from './questions.ts'
import { count, openTestShop } from './shop.ts'

const MORTAL = fileURLToPath(new URL('./mortal-effect.ts', import.meta.url))
const BUSY = fileURLToPath(new URL('./busy-shop.ts', import.meta.url))
const ROUNDS = process.env.PARLEY_TEST_FULL ? 50 : 5

const POINTS = [
  'seed: begun',
  'seed: all is written, nothing committed',
  'seed: committed, not answered',
  'effect: begun',
  'effect: all is written, nothing committed',
  'effect: committed, not answered',
  'effect: answered',
]

const CASE = { case: 'CP-1007', order: '2024-881', count: '3', amount: '¥162.00' }

for (const point of POINTS) {
  test(`[MESH4] the CRM killed at "${point}", asked again through the mesh: one case`, async t => {
    const folder = temporaryFolder()
    t.after(folder.remove)
    const run = (at: string, ...more: string[]) =>
      spawnSync(process.execPath, [...NODE_FLAGS, MORTAL, folder.path, at, ...more], { encoding: 'utf8' })
    const killed = run(point)
    assert.equal(killed.signal, 'SIGKILL', killed.stderr)
    const shop = await openTestShop(t, { folder: folder.path })
    const before = count(shop.connect(), 'cases')
    assert.equal(before, /answered/.test(point) && point.startsWith('effect') ? 1 : 0)
    const outcome = await shop.effects.run(opening('k/do', 'demo-lin', { order: '2024-881', count: '3' }), patience())
    assert.deepEqual(outcome, { state: 'done', result: { ...CASE, state: 'open' } })
    if (killed.stdout) assert.equal(JSON.parse(killed.stdout).number, CASE.case)
    assert.equal(count(shop.connect(), 'cases WHERE order_number = ?', '2024-881'), 1)
    assert.equal(count(shop.connect(), 'customers'), 505)

    if (!point.startsWith('effect')) return
    assert.equal(run(point, 'CP-1007').signal, 'SIGKILL')
    const undone = await shop.effects.run(withdrawing('k/undo', 'demo-lin', { case: 'CP-1007' }), patience())
    assert.deepEqual(undone, { state: 'done', result: { ...CASE, state: 'withdrawn' } })
    assert.equal(count(shop.connect(), "cases WHERE order_number = '2024-881' AND state = 'withdrawn'"), 1)
  })
}

const canTrace = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0

// A kill leaves what the system has not written yet; a loss of power does not.
test('[MESH4] an outcome is told after the flush that holds it', { skip: !canTrace && 'strace is not there, or may not trace' }, t => {
  const folder = temporaryFolder()
  t.after(folder.remove)
  const trace = join(folder.path, 'trace')
  const run = (program: string, ...args: string[]) =>
    spawnSync(program, [...args, process.execPath, ...NODE_FLAGS, MORTAL, folder.path, 'effect: answered'], { encoding: 'utf8' })
  const seeded = spawnSync(process.execPath, [...NODE_FLAGS, MORTAL, folder.path, 'seed: committed, not answered'])
  assert.equal(seeded.signal, 'SIGKILL')
  // -y: descriptors with the names of their files. The one thread that does it all is traced alone, so no call's line is cut in two by another's.
  assert.match(run('strace', '-y', '-s', '256', '-e', 'trace=write,pwrite64,fdatasync,fsync', '-o', trace).stdout, /CP-1007/)
  const calls = readFileSync(trace, 'utf8').split('\n')
  const told = calls.findIndex(call => /write\(1<.*CP-1007/.test(call))
  const written = calls.findLastIndex((call, i) => i < told && /pwrite64\(\d+<.*crm\.db-wal>/.test(call))
  const flushed = calls.findLastIndex((call, i) => i < told && /f(data)?sync\(\d+<.*crm\.db-wal>\)\s+= 0/.test(call))
  assert.ok(0 <= written && written < flushed, `written at ${written}, flushed at ${flushed}, told at ${told}`)
})

test(`[MESH4] killed at any moment, through mesh and thread: every key has one case, and what was answered is answered again (${ROUNDS} rounds, one folder)`, async t => {
  const folder = temporaryFolder()
  t.after(folder.remove)
  for (let round = 1; round <= ROUNDS; round++) {
    const random = createRandom(round) // the round is the seed, and names it in a failure
    const killAfter = 1 + Math.floor(random() * 60)
    const child = spawn(process.execPath, [...NODE_FLAGS, BUSY, folder.path, `r${round}`], { stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = once(child, 'exit')
    const told: EffectOutcome[] = []
    for await (const line of createInterface({ input: child.stdout })) {
      if (told.push(JSON.parse(line) as EffectOutcome) === killAfter) child.kill('SIGKILL') // what busy-shop.ts prints
    }
    assert.deepEqual((await ended)[1], 'SIGKILL', `round ${round}`)

    const shop = await openTestShop(t, { folder: folder.path })
    // The last may have been done and not told; its key is run as well, and then what would have followed.
    const pairs = Math.floor(told.length / 2) + 1
    let opened: EffectOutcome = { state: 'refused', reason: 'none yet' }
    for (let i = 0; i < 2 * pairs; i++) {
      const key = `r${round}/${Math.floor(i / 2) + 1}`
      const undoes = opened.state === 'done' ? opened.result : {}
      const outcome = await shop.effects.run(
        i % 2 === 0 ? opening(`${key}/do`, 'demo-lin', { order: '2024-881', count: '1' }) : withdrawing(`${key}/undo`, 'demo-lin', undoes),
        patience(),
      )
      assert.equal(outcome.state, 'done', `round ${round}: ${key}`)
      if (told[i]) assert.deepEqual(outcome, told[i], `round ${round}: ${key} is told another outcome`)
      opened = outcome
    }
    const database = shop.connect()
    assert.equal(count(database, 'outcomes WHERE key LIKE ? AND status = 201', `r${round}/%/do`), pairs, `round ${round}`)
    assert.equal(count(database, "cases WHERE order_number = '2024-881' AND state <> 'withdrawn'"), 0, `round ${round}`)
    database.close()
    await shop.services.close()
  }
})
