// Plugins are exchanged while turns go on: nobody loses a vote by it, and what cannot be loaded changes nothing.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { isFault } from '@parley/core/faults.ts'
import type { Ballot } from '@parley/core/ports/voters.ts'
import { systemClock } from '@parley/server/drivers/clock.system.ts'
import type { HostDeath } from '@parley/server/plugin-host/observer.ts'
import { type PluginsInForce, putPluginsInForce } from '@parley/server/plugins-in-force.ts'
import { isAlive, pythonPlugin, typescriptPlugin, writeFolder } from './harness.ts'

const root = mkdtempSync(join(tmpdir(), 'parley-change-'))
after(() => rmSync(root, { recursive: true }))
let folders = 0
const inFolder = (files: Parameters<typeof writeFolder>[1]): string => writeFolder(join(root, `plugin-${folders++}`), files)

/** A busy machine makes nobody late. */
const PATIENT = 'limits: { timeoutMs: 1000 }'
const says = (id: string, confidence: number): string =>
  inFolder(typescriptPlugin(id, `return vote('COMPENSATE', ${confidence})`, { manifest: PATIENT }))

const choice = (...chosen: readonly string[]) => new Map([['demo', { folders: chosen, settings: {} }]])

interface House extends PluginsInForce {
  readonly pids: readonly number[]
  readonly deaths: readonly HostDeath[]
  /** One turn, on the plugins that are in force when it begins. */
  ask(text?: string): Promise<readonly Ballot[]>
}

async function withHouse(chosen: ReturnType<typeof choice>, run: (house: House) => Promise<void>): Promise<void> {
  const pids: number[] = []
  const deaths: HostDeath[] = []
  const plugins = await putPluginsInForce(chosen, {
    observer: { onHostReady: ({ pid }) => void pids.push(pid), onHostDeath: death => void deaths.push(death) },
    clock: systemClock,
  })
  const ask: House['ask'] = async (text = 'x') => {
    const ballots: Ballot[] = []
    const question = { text, original: text, language: 'en', locale: 'en' } as const
    await plugins.of('demo').pool.ask(question, ballot => ballots.push(ballot), new AbortController().signal)
    return ballots
  }
  try {
    await plugins.ready
    await run({ ...plugins, pids, deaths, ask })
  } finally {
    await plugins.close()
  }
}

const votes = (ballots: readonly Ballot[]): readonly string[] =>
  ballots.map(({ voter, votes, reason }) => `${voter} ${votes[0]?.confidence ?? reason}`).sort()

describe('a change of plugins', () => {
  test('[PLG6] takes no vote from turns that come without a pause: each is voted on by the old or the new', async () => {
    await withHouse(choice(says('a', 0.1), says('b', 0.5)), async house => {
      const seen = new Map<string, number>()
      let isOver = false
      const customer = async (): Promise<void> => {
        while (!isOver) {
          const said = votes(await house.ask()).join(', ')
          seen.set(said, (seen.get(said) ?? 0) + 1)
        }
      }
      const customers = Promise.all(Array.from({ length: 8 }, customer))
      await house.change(() => choice(says('a', 0.2), says('b', 0.5)))
      await house.change(() => choice(says('a', 0.3)))
      assert.deepEqual(votes(await house.ask()), ['plugin:a 0.3'], 'the next turn has it')
      isOver = true
      await customers
      assert.deepEqual([...seen.keys()].sort(), ['plugin:a 0.1, plugin:b 0.5', 'plugin:a 0.2, plugin:b 0.5', 'plugin:a 0.3'])
      assert.deepEqual(house.deaths, [], 'nothing was killed under anybody')
    })
  })

  test('[PLG6] a turn ends on the plugins that it began with, and their hosts end after it', async () => {
    const heard: number[] = []
    const plugins = await putPluginsInForce(choice(says('a', 0.1)), {
      observer: { onHostReady: ({ pid }) => void heard.push(pid) },
      clock: systemClock,
      timeoutMs: 60_000,
    })
    try {
      await plugins.ready
      const old = plugins.of('demo')
      const [atWork] = heard
      process.kill(atWork!, 'SIGSTOP') // the host of a ready plugin: it answers when it goes on
      const ballots: Ballot[] = []
      const question = { text: 'x', original: 'x', language: 'en', locale: 'en' } as const
      let isAnswered = false
      const asked = old.pool.ask(question, ballot => ballots.push(ballot), new AbortController().signal).then(() => (isAnswered = true))
      await plugins.change(() => choice(says('a', 0.2)))
      assert.equal(isAnswered, false, 'the change waits for no turn')
      process.kill(atWork!, 'SIGCONT')
      await asked
      assert.deepEqual(votes(ballots), ['plugin:a 0.1'])
      assert.notEqual(plugins.of('demo'), old)
    } finally {
      await plugins.close()
    }
    assert.deepEqual(heard.filter(isAlive), [])
  })

  test('[PLG6] one that cannot be loaded leaves in force what was, and names what is wrong', async () => {
    await withHouse(choice(says('a', 0.1)), async house => {
      const bad = [
        [inFolder(typescriptPlugin('bad', 'return null', { manifest: 'nonsense: 1' })), /nonsense/],
        [inFolder(typescriptPlugin('bad', 'return null', { outside: 'throw new Error("at the top")' })), /at the top/],
        [inFolder(pythonPlugin('bad', 'import nothing_of_the_kind')), /nothing_of_the_kind/],
      ] as const
      for (const [folder, reason] of bad)
        await assert.rejects(
          house.change(() => choice(says('a', 0.9), folder)),
          error => isFault(error) && error.code === 'PLUGIN_INVALID' && reason.test(error.message),
        )
      await assert.rejects(
        house.change(() => {
          throw new Error('unreadable')
        }),
        /unreadable/,
      )
      assert.deepEqual(votes(await house.ask()), ['plugin:a 0.1'])
      await house.change(() => choice(says('a', 0.2)))
      assert.deepEqual(votes(await house.ask()), ['plugin:a 0.2'], 'the next change is none the worse')
    })
  })

  test('[PLG6] a plugin that was off already hinders no change of the others', async () => {
    const bad = inFolder(typescriptPlugin('bad', 'return null', { manifest: 'nonsense: 1' }))
    await withHouse(choice(bad, says('a', 0.1)), async house => {
      await house.change(() => choice(bad, says('a', 0.2)))
      assert.deepEqual(votes(await house.ask()), ['plugin:a 0.2'])
    })
  })

  test('[PLG6] changes that overlap are made one after another, and the last stands', async () => {
    await withHouse(choice(says('a', 0.1)), async house => {
      const order: number[] = []
      const changes = [0.2, 0.3, 0.4].map(confidence =>
        house.change(() => {
          order.push(confidence)
          return choice(says('a', confidence))
        }),
      )
      await Promise.all(changes)
      assert.deepEqual(order, [0.2, 0.3, 0.4])
      assert.deepEqual(votes(await house.ask()), ['plugin:a 0.4'])
    })
  })

  test('[PLG6] hosts in which nothing changes stay, and a change of settings alone is one', async () => {
    const python = inFolder(
      pythonPlugin(
        'snake',
        'class Plugin:\n    def process(self, text):\n        return {"action": "COMPENSATE", "confidence": 0.6}\n',
        'limits: { timeoutMs: 1000 }\n',
      ),
    )
    const set = inFolder(
      typescriptPlugin('set', "return vote('COMPENSATE', settings.weight)", {
        manifest: `${PATIENT}, settings: { weight: { type: 'number', about: 'How sure.', default: 0.1 } }`,
      }),
    )
    const chosen = (weight?: number) =>
      new Map([['demo', { folders: [python, set], settings: weight === undefined ? {} : { set: { weight } } }]])
    await withHouse(chosen(), async house => {
      assert.deepEqual(votes(await house.ask()), ['plugin:set 0.1', 'plugin:snake 0.6'])
      const before = [...house.pids]
      await house.change(() => chosen(0.7))
      assert.deepEqual(votes(await house.ask()), ['plugin:set 0.7', 'plugin:snake 0.6'])
      assert.ok(before.some(isAlive), "Python's host has gone on")
    })
  })

  test('a close ends a change that is under way', async () => {
    const plugins = await putPluginsInForce(choice(says('a', 0.1)), { observer: {}, clock: systemClock })
    const changed = assert.rejects(
      plugins.change(() => choice(says('a', 0.2))),
      error => isFault(error) && error.code === 'SHUTTING_DOWN',
    )
    await plugins.close()
    await changed
  })
})
