// [SDK12] onStart, in the real sandbox: what it prepares, and what becomes of a plugin whose start fails.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { systemClock } from '@parley/server/drivers/clock.system.ts'
import { type Files, pythonPlugin, startTrial, type Trial } from './harness.ts'

/** `rest` stands where the hooks do, from the seventh line on. */
const plugin = (id: string, rest: string, manifest = ''): Files => ({
  'plugin.ts': `import { abstain, definePlugin, vote } from '@parley/plugin-sdk'
export default definePlugin({
  manifest: {
    id: ${JSON.stringify(id)}, version: '1.0.0', sdk: '^0.1.0', languages: ['zh', 'en'], actions: ['COMPENSATE'],
    settings: { words: { type: 'strings', about: 'Words.', default: ['crab', 'fish'] } }, ${manifest}
  },
${rest}
})
`,
})

const GOOD = `
  onStart({ settings }: any): any {
    const until = Array.from({ length: 2_000_000 }, (_, i) => i).length
    return { words: settings.words.map((word: string) => ({ word, at: until })), pattern: /crab/g, table: new Map([['crab', 1]]) }
  },
  onTurn({ original }: any, { prepared, settings }: any): any {
    const first = prepared.words[0]
    if (original === 'list') prepared.words.push('more')
    if (original === 'deep') first.at = 0
    if (original === 'tool') arguments[1].prepared = 0
    const found = original.replace(prepared.pattern, 'C')
    return vote('COMPENSATE', 0.9, { evidence: [settings.words.length, first.at, prepared.table.get('crab'), found].join() })
  },`

const withTrial = async (plugins: Readonly<Record<string, Files>>, use: (trial: Trial) => Promise<void>): Promise<void> => {
  const trial = await startTrial(plugins, {}, [], systemClock, 1)
  try {
    await trial.ready
    await use(trial)
  } finally {
    await trial.end()
  }
}
const evidenceOf = async (trial: Trial, text: string): Promise<string | undefined> => (await trial.ask(text))[0]?.votes[0]?.evidence
const reasonOf = (trial: Trial, id: string): string => String(trial.invalid.find(({ details }) => details.plugin === id)?.message)

test('[SDK12] it runs once, for longer than a turn may, and what it prepares is frozen and given to every turn', async () => {
  await withTrial({ good: plugin('good', GOOD, 'limits: { startMs: 5_000, timeoutMs: 1_000, memoryMb: 64 }') }, async trial => {
    assert.deepEqual(trial.invalid, [])
    for (const _ of [1, 2]) assert.equal(await evidenceOf(trial, 'crab'), '2,2000000,1,C')
    for (const text of ['list', 'deep', 'tool']) {
      assert.equal(await evidenceOf(trial, text), undefined)
      assert.match(String(trial.faults.at(-1)), /TypeError: .*\(at plugin\.ts:\d+/)
    }
    assert.equal(await evidenceOf(trial, 'crab'), '2,2000000,1,C')
  })
})

describe('[SDK12] a plugin whose start fails is not loaded, and says why; the others vote', () => {
  const onTurn = '  onTurn() { return vote("COMPENSATE", 0.5) },'
  for (const [what, start, reason] of [
    ['it throws', 'onStart() { throw new Error("no table") },', /Error: no table \(at plugin\.ts:7\)/],
    ['it does not end', 'onStart() { for (;;); },', /onStart took longer than limits\.startMs, 200 ms/],
    ['it returns a promise', 'async onStart() {},', /onStart returned a promise; it must prepare at once/],
    ['it reads the clock', 'onStart() { return Date.now() },', /there is none now: read it in onTurn \(at plugin\.ts:7/],
    ['it is no function', 'onStart: 5 as any,', /its onStart is no function/],
    [
      'it takes too much memory',
      'onStart() { const all: any[] = []; for (;;) all.push(new Array(1e5).fill(all)) },',
      /memory|startMs|disposed/,
    ],
  ] as const)
    test(`[SDK12] ${what}`, async () => {
      const manifest = "grants: ['clock'], limits: { startMs: 200 }"
      const good = plugin('good', onTurn, 'limits: { timeoutMs: 1_000 }')
      await withTrial({ bad: plugin('bad', `  ${start}\n${onTurn}`, manifest), good }, async trial => {
        assert.match(reasonOf(trial, 'bad'), reason)
        assert.equal((await trial.ask('x')).find(({ voter }) => voter === 'plugin:good')?.abstained, false)
      })
    })
})

const PYTHON = `
class Plugin:
    def on_start(self, settings):
        self.words = {word: len(word) for word in ("crab", "fish")}
        self.starts = getattr(self, "starts", 0) + 1
    def on_turn(self, turn, settings):
        return {"action": "COMPENSATE", "evidence": f"{self.starts} {self.words}"}
`

test('[SDK12] a Python plugin starts once too', async () => {
  await withTrial({ py: pythonPlugin('py', PYTHON, 'limits: { timeoutMs: 1000 }') }, async trial => {
    assert.deepEqual(trial.invalid, [])
    for (const _ of [1, 2]) assert.equal(await evidenceOf(trial, 'x'), "1 {'crab': 4, 'fish': 4}")
  })
})

describe('[SDK12] a Python plugin whose start fails is not loaded, and says why', () => {
  for (const [what, start, reason] of [
    ['it throws', 'self.words = self.missing', /AttributeError: .*\(at plugin\.py:4\)/],
    ['it does not end', 'while True: pass', /on_start took longer than limits\.startMs, 200 ms/],
    ['it does not end within a built-in', 'sum(iter(int, 1))', /on_start took longer than limits\.startMs, 200 ms/],
    ['it reads the clock', 'import time; time.time()', /time\.time is of a turn, and there is none now.*\(at plugin\.py:4\)/],
    ['it keeps what cannot be put back', 'self.rest = iter([1])', /a list_iterator is kept between turns, which cannot be put back/],
  ] as const)
    test(`[SDK12] ${what}`, async () => {
      const code = `class Plugin:\n    def process(self, text): pass\n    def on_start(self, settings):\n        ${start}\n`
      await withTrial({ py: pythonPlugin('py', code, 'grants: [clock]\nlimits: { startMs: 200 }') }, async trial =>
        assert.match(reasonOf(trial, 'py'), reason),
      )
    })

  test('[SDK12] it is async', async () => {
    const code = 'class Plugin:\n    def process(self, text): pass\n    async def on_start(self, settings): pass\n'
    await withTrial({ py: pythonPlugin('py', code, 'limits: { startMs: 5000 }') }, async trial =>
      assert.match(reasonOf(trial, 'py'), /on_start is async; it must prepare at once/),
    )
  })
})
