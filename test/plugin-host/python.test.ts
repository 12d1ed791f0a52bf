// Python plugins behind the same wall.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, before, describe, test } from 'node:test'
import type { Ballot } from '@parley/core/ports/voters.ts'
import { createPluginVoters, type PluginVoters } from '@parley/server/drivers/voters.plugins.ts'
import { change } from '@parley/server/plugin-host/pyodide-script.ts'
import { PROJECT } from '@parley/server/project.ts'
import { pythonPlugin, startTrial, type Trial } from './harness.ts'

const GOOD = `
class Plugin:
    def process(self, text):
        return {"action": "COMPENSATE", "confidence": 0.7, "template": None}
`

const HOSTILE = `
class Plugin:
    def process(self, text):
        if text == "memory":
            kept = []
            while True:
                kept.append(bytearray(10 ** 7))
        if text == "100 mb":
            return {"action": "COMPENSATE", "evidence": "x" * 10 ** 8}
        if text == "escape":
            import pyodide_js
            run = pyodide_js.runPython.constructor
            return {"action": "COMPENSATE", "evidence": run("return typeof process + typeof require + typeof fetch")()}
        if text == "files":
            import os
            return {"action": "COMPENSATE", "evidence": str(os.path.exists("/etc/passwd")) + str(os.path.exists("/root"))}
        if text == "network":
            import socket
            socket.create_connection(("127.0.0.1", 9))
        if text == "process":
            import subprocess
            subprocess.run(["ls"])
        if text == "clock":
            import time
            return {"action": "COMPENSATE", "confidence": time.time() % 1}
        if text == "dice":
            import random
            return {"action": "COMPENSATE", "confidence": random.random()}
        if text == "exit":
            raise SystemExit(0)
        if text == "list":
            return [1, 2]
        if text == "bug":
            return {"action": text.nothing}
        if text == "loop":
            while True:
                pass
        return None
`

describe('a Python plugin', () => {
  let trial: Trial
  before(async () => {
    trial = await startTrial({
      'good-py': pythonPlugin('good-py', GOOD, 'limits: { timeoutMs: 1000 }'),
      'hostile-py': pythonPlugin('hostile-py', HOSTILE, 'limits: { timeoutMs: 1000, memoryMb: 32 }'),
    })
    assert.deepEqual(trial.invalid, [])
    await trial.ready
  })
  after(() => trial.end())

  const askBoth = async (text: string): Promise<{ readonly good: Ballot; readonly hostile: Ballot }> => {
    const ballots = await trial.ask(text)
    const of = (voter: string): Ballot => ballots.find(ballot => ballot.voter === voter)!
    const { good, hostile } = { good: of('plugin:good-py'), hostile: of('plugin:hostile-py') }
    assert.deepEqual(good.votes, [{ action: 'COMPENSATE', confidence: 0.7 }], 'the good vote counts')
    return { good, hostile }
  }
  const lastFault = (): string => String(trial.faults.filter(fault => fault !== undefined).at(-1))

  for (const [text, words] of [
    ['memory', /MemoryError/],
    ['100 mb', /more than 65536 characters|MemoryError|time/],
    ['network', /Error/],
    ['process', /does not support processes/],
    ['clock', /time\.time needs the grant "clock"/],
    ['dice', /random\.random needs the grant "randomness"/],
    ['exit', /SystemExit/],
    ['list', /process returned list/],
    ['bug', /AttributeError: .*\(at plugin\.py:34\)/],
  ] as const) {
    test(`[PLG4] its worst is an abstention: ${text}`, async () => {
      const { hostile } = await askBoth(text)
      assert.equal(hostile.reason, 'failed')
      assert.match(lastFault(), words)
    })
  }

  test('[PLG3] reaches nothing through the JavaScript under it', async () => {
    const { hostile } = await askBoth('escape')
    assert.equal(hostile.votes[0]?.evidence, 'undefinedundefinedundefined')
  })

  test('[PLG3] reaches no file of the machine', async () => {
    const { hostile } = await askBoth('files')
    assert.equal(hostile.votes[0]?.evidence, 'FalseFalse')
  })

  test('a vote without a confidence has that of the manifest', async () => {
    const { hostile } = await askBoth('files')
    assert.equal(hostile.votes[0]?.confidence, 0.9)
  })

  test('[PLG1] [PLG5] cannot outlive its deadline; the reserve takes over and the next turn has the good vote', async () => {
    await trial.hostsReady(2, 20_000)
    const { hostile } = await askBoth('loop')
    assert.ok(hostile.reason === 'late' || hostile.reason === 'failed', 'stopped by its isolate, or with its host')
    await askBoth('harmless')
    assert.deepEqual(
      trial.deaths.map(({ runtime, plugin, reason }) => ({ runtime, plugin, reason })),
      [{ runtime: 'python', plugin: 'hostile-py', reason: 'time' }],
    )
  })

  test('[PLG5] one that took a host down is asked again only when there is a reserve', async () => {
    const { hostile } = await askBoth('loop')
    assert.equal(hostile.reason, 'off')
    assert.equal(trial.deaths.length, 1)
  })
})

describe('the complaint analyser as a retailer wrote it', () => {
  let voters: PluginVoters
  before(async () => {
    voters = await createPluginVoters({ folders: [`${PROJECT.plugins}/complaint-analyzer`] })
  })
  after(() => voters.pool.close())

  const ask = async (text: string): Promise<Ballot> => {
    const ballots: Ballot[] = []
    await voters.pool.ask(
      { text, original: text, language: 'zh', locale: 'zh-CN' },
      ballot => ballots.push(ballot),
      new AbortController().signal,
    )
    assert.equal(ballots.length, 1)
    return ballots[0]!
  }

  test('abstains until it is loaded, without keeping anyone waiting', async () => {
    assert.equal((await ask('收到死螃蟹怎么赔')).reason, 'off')
  })

  test('loads and votes as it stands', async () => {
    await voters.ready
    assert.deepEqual((await ask('收到死螃蟹怎么赔')).votes, [{ action: 'COMPENSATE', confidence: 0.9, template: '生鲜赔付模板' }])
    assert.equal((await ask('螃蟹怎么蒸好吃')).reason, 'silent')
  })
})

describe('the script made of Pyodide', () => {
  const file = createRequire(import.meta.resolve('@parley/server/project.ts')).resolve('pyodide/pyodide.mjs')

  test('a Pyodide that reads otherwise is refused, with the name of the change', () => {
    const other = readFileSync(file, 'utf8').replace('await WebAssembly.compile(G)', 'await WebAssembly.compile(H)')
    assert.throws(
      () => change(file, other),
      /found 0 places, not one, for the change that compiles and instantiates the sentinel module synchronously/,
    )
  })
})
