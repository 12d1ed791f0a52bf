// Hosts come and go with the engine, and whatever kills one, the votes go on.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Ballot } from '@parley/core/ports/voters.ts'
import { systemClock } from '@parley/server/drivers/clock.system.ts'
import { isAlive, startTrial, type Trial, typescriptPlugin } from './harness.ts'

/** Two seconds where nothing else keeps the machine busy; here it must only come to an end. */
const BACK_WITHIN_MS = 60_000

/** With time enough to be asked twice, on a machine that is busy with other things as well. */
const goodCalled = (id: string) => typescriptPlugin(id, "return vote('COMPENSATE', 0.7)", { manifest: 'limits: { timeoutMs: 1000 }' })
const good = goodCalled('good')
/** Takes its time, honestly: within its limit of a second. Without a clock it has to count. */
const slow = typescriptPlugin(
  'slow',
  "if (text !== 'slow') return abstain; let x = 0; for (let i = 0; i < 2e8; i++) x += i % 7; return vote('PRODUCT_INFO', x > 0 ? 0.5 : 0.1)",
  {
    manifest: 'limits: { timeoutMs: 1000 }',
  },
)

const withTrial = async (
  plugins: Parameters<typeof startTrial>[0],
  run: (trial: Trial) => Promise<void>,
  ownHosts: readonly string[] = [],
): Promise<void> => {
  const trial = await startTrial(plugins, {}, [], systemClock, 2, ownHosts)
  try {
    assert.deepEqual(trial.invalid, [])
    await trial.hostsReady(2 + 2 * ownHosts.length, BACK_WITHIN_MS)
    await run(trial)
  } finally {
    await trial.end()
  }
}

/** The dead of another process send no event. */
const allGone = async (pids: readonly number[], withinMs: number): Promise<boolean> => {
  for (let waited = 0; pids.some(isAlive) && waited < withinMs; waited += 10) await delay(10)
  return !pids.some(isAlive)
}

describe('the hosts', () => {
  test('[PLG5] a host that is killed is replaced, and the calls under way are asked again on the reserve', async () => {
    await withTrial({ slow, good }, async trial => {
      const [atWork] = trial.pids
      // Killed while eight turns are under way; the plugin of the oldest call pays for it, the other is asked again.
      const asked = [trial.ask('slow')]
      process.kill(atWork!, 'SIGSTOP')
      for (let turn = 2; turn <= 8; turn++) asked.push(trial.ask('slow'))
      process.kill(atWork!, 'SIGKILL')
      const ballots = (await Promise.all(asked)).flat()
      const of = (voter: string) => ballots.filter(ballot => ballot.voter === voter)
      assert.deepEqual([...new Set(of('plugin:slow').map(({ reason }) => reason))], ['failed'], 'the presumed culprit abstains')
      assert.deepEqual(
        of('plugin:good').map(({ votes }) => votes.length),
        Array(8).fill(1),
        'the other is asked again on the reserve',
      )
      assert.equal(trial.deaths[0]?.plugin, 'slow')
      await trial.hostsReady(3, BACK_WITHIN_MS)
    })
  })

  test('[PLG5] a host that is killed while idle is replaced and nobody is blamed', async () => {
    await withTrial({ good }, async trial => {
      process.kill(trial.pids[0]!, 'SIGKILL')
      await trial.hostsReady(3, BACK_WITHIN_MS)
      assert.equal(trial.deaths[0]?.plugin, undefined)
      assert.equal((await trial.ask('x'))[0]?.abstained, false)
    })
  })

  test('[PLG1] a host that answers nothing any more is killed and replaced', async () => {
    await withTrial({ good }, async trial => {
      process.kill(trial.pids[0]!, 'SIGSTOP') // a process that never gets to run: no limit of its own can end it
      assert.equal((await trial.ask('x'))[0]?.reason, 'failed')
      assert.equal(trial.deaths[0]?.reason, 'time')
      assert.equal((await trial.ask('x'))[0]?.abstained, true, 'the presumed culprit waits for a reserve')
      await trial.hostsReady(3, BACK_WITHIN_MS)
      assert.equal((await trial.ask('x'))[0]?.abstained, false)
    })
  })

  test('[PLG12] a host that gets no processor for a while past a limit is not killed, and nobody in it is blamed', async () => {
    await withTrial({ good }, async trial => {
      const [atWork] = trial.pids
      process.kill(atWork!, 'SIGSTOP')
      assert.deepEqual(await trial.ask('hello', AbortSignal.timeout(1_500)), [], 'a turn does not wait for it')
      process.kill(atWork!, 'SIGCONT')
      for (let turn = 1; turn <= 3; turn++) assert.equal((await trial.ask('hello'))[0]!.abstained, false)
      assert.deepEqual(trial.deaths, [])
    })
  })

  test('[PLG4] a plugin that takes three hosts down within an hour is off, and the good vote never fails', async () => {
    const bomb = typescriptPlugin('bomb', 'return Array(1e9).fill(0)')
    await withTrial({ bomb, good }, async trial => {
      for (let death = 1; death <= 3; death++) {
        // On a busy machine its time may be over before the built-in begins: then its isolate stops it, and no host dies.
        for (let asked = 0; trial.deaths.length < death && asked < 4; asked++) {
          const ballots = await trial.ask('x')
          assert.equal(ballots.find(({ voter }) => voter === 'plugin:good')?.abstained, false)
        }
        assert.equal(trial.deaths.length, death)
        await trial.hostsReady(2 + death, BACK_WITHIN_MS)
      }
      const after = await trial.ask('x')
      assert.equal(after.find(({ voter }) => voter === 'plugin:bomb')?.reason, 'off')
      assert.equal(after.find(({ voter }) => voter === 'plugin:good')?.abstained, false)
      assert.equal(trial.deaths.length, 3)
    })
  })

  test('[PLG1] [PLG10] one that was quick until now and then hangs costs the others no vote, and is the one that is stopped or blamed', async () => {
    const turncoat = typescriptPlugin(
      'turncoat',
      "if (text === 'loop') for (;;); if (text === 'bomb') return Array(1e9).fill(0); return vote('PRODUCT_INFO', 0.5)",
    )
    await withTrial({ before: goodCalled('before'), turncoat, after: goodCalled('after') }, async trial => {
      const ask = async (text: string) => Object.fromEntries((await trial.ask(text)).map(({ voter, reason }) => [voter, reason ?? 'votes']))
      const all = { 'plugin:before': 'votes', 'plugin:turncoat': 'votes', 'plugin:after': 'votes' }
      const proves = async (): Promise<void> => {
        for (let turn = 0; turn < 400; turn++) await ask('fine') // by then it takes the short way into its isolate (quick-lane.ts)
      }
      await proves()
      assert.deepEqual(await ask('loop'), { ...all, 'plugin:turncoat': 'late' })
      assert.deepEqual(trial.deaths, [])
      await proves()
      assert.deepEqual(await ask('bomb'), { ...all, 'plugin:turncoat': 'failed' })
      assert.deepEqual(
        trial.deaths.map(({ plugin }) => plugin),
        ['turncoat'],
      )
      assert.deepEqual(await ask('fine'), { ...all, 'plugin:turncoat': 'off' }, 'until there is a reserve')
    })
  })

  test('[PLG8] a plugin with a host of its own takes no call of another plugin along', async () => {
    const bomb = typescriptPlugin('bomb', 'return Array(1e9).fill(0)')
    await withTrial(
      { bomb, good },
      async trial => {
        const ballots = await trial.ask('x')
        assert.equal(trial.deaths[0]?.plugin, 'bomb')
        assert.deepEqual(ballots.map(({ voter, reason }) => [voter, reason ?? 'votes']).sort(), [
          ['plugin:bomb', 'failed'],
          ['plugin:good', 'votes'],
        ])
      },
      ['bomb'],
    )
  })

  test('[PLG1] a plugin that loops under load delays no other plugin and costs no host', async () => {
    const loop = typescriptPlugin('loop', 'while (true) {}')
    await withTrial({ loop, good }, async trial => {
      const asks = await Promise.all(Array.from({ length: 64 }, () => trial.ask('x')))
      for (const ballots of asks) {
        assert.equal(ballots.find(({ voter }) => voter === 'plugin:good')?.abstained, false)
        assert.equal(ballots.find(({ voter }) => voter === 'plugin:loop')?.reason, 'late')
      }
      assert.deepEqual(trial.deaths, [])
      for (let turn = 2; turn <= 5; turn++) await trial.ask('x')
      assert.equal((await trial.ask('x')).find(({ voter }) => voter === 'plugin:loop')?.reason, 'off', 'it was stopped five times in a row')
    })
  })

  test('[PLG1] a call that loops costs the calls behind it nothing but their turn', async () => {
    const mixed = typescriptPlugin('mixed', "if (text === 'loop') for (;;); return vote('COMPENSATE', 0.5)", {
      manifest: 'limits: { timeoutMs: 300 }',
    })
    await withTrial({ mixed }, async trial => {
      const first = trial.ask('loop')
      await new Promise(setImmediate) // the loop is under way; what comes now waits behind it
      const behind = Array.from({ length: 8 }, () => trial.ask('fine'))
      assert.equal((await first)[0]?.reason, 'late')
      for (const ballots of await Promise.all(behind)) assert.ok(ballots[0]?.reason === undefined || ballots[0].reason === 'late')
      assert.equal((await trial.ask('fine'))[0]?.abstained, false)
      assert.deepEqual(trial.deaths, [])
    })
  })

  test('an ask resolves when its signal aborts and casts nothing afterwards', async () => {
    await withTrial({ loop: typescriptPlugin('loop', 'while (true) {}'), good }, async trial => {
      const deadline = new AbortController()
      const cast: Ballot[] = []
      const asked = trial.pool.ask(
        { text: 'x', original: 'x', language: 'en', locale: 'en' },
        ballot => {
          cast.push(ballot)
          deadline.abort() // at the first ballot, which is the good one's
        },
        deadline.signal,
      )
      await asked
      await trial.ask('x') // ends after the loop of the first ask has
      assert.deepEqual(
        cast.map(({ voter }) => voter),
        ['plugin:good'],
      )
    })
  })

  test('nothing survives close, not even a host with a hanging plugin', async () => {
    const trial = await startTrial({ fill: typescriptPlugin('fill', 'return Array(1e9).fill(0)') })
    await trial.hostsReady(2, BACK_WITHIN_MS)
    const asked = trial.ask('x')
    await trial.end()
    assert.deepEqual(trial.pids.filter(isAlive), [])
    assert.equal((await asked)[0]?.reason, 'off')
  })

  test('hosts die with an engine that is killed, also in the midst of a hanging plugin', async () => {
    const folder = join(mkdtempSync(join(tmpdir(), 'parley-orphan-')), 'fill')
    mkdirSync(folder)
    for (const [name, text] of Object.entries(typescriptPlugin('fill', 'return Array(1e9).fill(0)')))
      writeFileSync(join(folder, name), text)
    const program = fileURLToPath(new URL('./orphan-engine.ts', import.meta.url))
    const engine = spawn(process.execPath, ['--no-node-snapshot', program, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = await once(engine.stdout.setEncoding('utf8'), 'data')
    engine.kill('SIGKILL')
    await once(engine, 'exit')
    const pids: readonly number[] = JSON.parse(line)
    assert.equal(pids.length, 2)
    assert.ok(await allGone(pids, 2_000), 'no host is left')
    rmSync(folder, { recursive: true })
  })
})
