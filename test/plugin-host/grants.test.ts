// Grants by the real path: what a plugin has of clock and randomness with the grant, without it, and when its turn is asked again.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Moment } from '@parley/core/ports/voters.ts'
import { systemClock } from '@parley/server/drivers/clock.system.ts'
import { ANNA, createTestHouse, keyOf, refOf } from '../core/house.ts'
import { type Files, pythonPlugin, startTrial, type Trial, typescriptPlugin } from './harness.ts'

const AT = Date.UTC(2026, 1, 16, 23, 30)
const MOMENT: Moment = { turn: 'demo/c1/2', at: AT, memory: {} }

/** Evaluates what the turn's `original` names and votes with what came of it as evidence. */
const prober = (id: string, probes: Readonly<Record<string, string>>, manifest = ''): Files =>
  typescriptPlugin(
    id,
    `const tools: any = arguments[1]
    const probes: any = { ${Object.entries(probes)
      .map(([name, expression]) => `${JSON.stringify(name)}: () => ${expression}`)
      .join(', ')} }
    return vote('COMPENSATE', 0.5, { evidence: String(probes[arguments[0].original]()) })`,
    { manifest: `limits: { timeoutMs: 1000 }, ${manifest}` },
  )

const PROBES = {
  clock: '[Date.now(), new Date().toISOString(), tools.clock.now(), new Date().getHours(), Date().slice(0, 15)]',
  randomness: '[Math.random(), tools.randomness.next(), Math.random()]',
  now: 'Date.now()',
  'new Date': 'new Date()',
  'Date()': 'Date()',
  dice: 'Math.random()',
  tools: 'Object.keys(tools)',
  given: "[new Date(0).toISOString(), Date.parse('1970-01-02T00:00:00Z'), new Date(1970, 0, 1).getTime()]",
  later:
    "(Promise.resolve().then(() => { try { tools.clock.now() } catch (error: any) { if (/there is none now/.test(error.message)) for (;;); } }), 'begun')",
}

const PYTHON_PROBES = `
import datetime, os, random, secrets, time, uuid
from datetime import date
try:
    top = time.time()
except Exception as error:
    top = error
PROBES = {
    "clock": lambda: [time.time(), datetime.datetime.now().isoformat(), datetime.datetime.now(datetime.timezone.utc).hour, date.today().isoformat(), time.strftime("%H:%M"), time.localtime().tm_hour],
    "randomness": lambda: [random.random(), random.randint(0, 10 ** 9), secrets.token_hex(4), str(uuid.uuid4()), os.urandom(3).hex(), random.Random().random(), random.SystemRandom().random()],
    "now": lambda: time.time(),
    "datetime": lambda: datetime.datetime.now(),
    "today": lambda: date.today(),
    "uuid7": lambda: uuid.uuid7(),
    "dice": lambda: random.random(),
    "entropy": lambda: os.urandom(4),
    "system": lambda: random.SystemRandom().random(),
    "unseeded": lambda: random.Random().random(),
    "top": lambda: top,
    "given": lambda: [time.gmtime(0).tm_year, datetime.datetime.fromtimestamp(0, datetime.timezone.utc).isoformat(), random.Random(7).randint(0, 99), isinstance(datetime.datetime(2026, 1, 1), date), isinstance(datetime.datetime.fromisoformat("2026-01-01") - datetime.datetime(2025, 1, 1), datetime.timedelta)],
    "hashes": lambda: [hash("crab"), list({"crab", "fish", "prawn", "squid", "eel"})],
}
class Plugin:
    def on_turn(self, turn, settings):
        if turn.original == "memory":
            return {"action": "COMPENSATE", "evidence": turn.memory["asked"]}
        return {"action": "COMPENSATE", "evidence": str(PROBES[turn.original]())}
`

const asking =
  (trial: Trial) =>
  async (voter: string, probe: string, moment: Moment = MOMENT) => {
    const said: { evidence?: string | undefined; abstained: boolean }[] = []
    const cast = (ballot: Awaited<ReturnType<Trial['ask']>>[number]): void => {
      if (ballot.voter === `plugin:${voter}`) said.push({ evidence: ballot.votes[0]?.evidence, abstained: ballot.abstained })
    }
    const before = trial.faults.length
    await trial.pool.ask({ text: probe, original: probe, language: 'en', locale: 'en' }, cast, new AbortController().signal, moment)
    return { evidence: said[0]?.evidence, fault: trial.faults.slice(before).find(fault => fault?.message.includes(`"${voter}"`))?.message }
  }

describe('a TypeScript plugin', () => {
  const plugins = {
    granted: prober('granted', PROBES, "grants: ['clock', 'randomness']"),
    other: prober('other', PROBES, "grants: ['randomness']"),
    denied: prober('denied', PROBES),
  }
  let trial: Trial
  let ask: ReturnType<typeof asking>
  before(async () => {
    trial = await startTrial(plugins, {}, [], systemClock, 1)
    await trial.ready
    assert.deepEqual(trial.invalid, [])
    ask = asking(trial)
  })
  after(() => trial.end())

  test('[GRANT2] its clock shows when the message was taken in, in UTC, and stands still', async () => {
    const { evidence, fault } = await ask('granted', 'clock')
    assert.equal(evidence, [AT, '2026-02-16T23:30:00.000Z', AT, 23, 'Mon Feb 16 2026'].join(), fault)
  })

  test('[GRANT2] its random numbers are of the turn and of the plugin', async () => {
    const [first, again, other, later] = await Promise.all([
      ask('granted', 'randomness'),
      ask('granted', 'randomness'),
      ask('other', 'randomness'),
      ask('granted', 'randomness', { ...MOMENT, turn: 'demo/c1/3' }),
    ])
    const drawn = first.evidence!.split(',').map(Number)
    assert.ok(drawn.length === 3 && new Set(drawn).size === 3 && drawn.every(number => number >= 0 && number < 1), String(drawn))
    assert.equal(again.evidence, first.evidence)
    assert.notEqual(other.evidence, first.evidence)
    assert.notEqual(later.evidence, first.evidence)
  })

  test('[GRANT2] another process gives the same', async () => {
    const second = await startTrial(plugins, {}, [], systemClock, 1)
    try {
      await second.ready
      for (const probe of ['clock', 'randomness']) assert.deepEqual(await asking(second)('granted', probe), await ask('granted', probe))
    } finally {
      await second.end()
    }
  })

  for (const [probe, grant] of [
    ['now', 'clock'],
    ['new Date', 'clock'],
    ['Date()', 'clock'],
    ['dice', 'randomness'],
  ] as const)
    test(`[GRANT1] without the grant "${grant}" ${probe} throws and names it`, async () => {
      const { evidence, fault } = await ask('denied', probe)
      assert.equal(evidence, undefined)
      assert.match(fault!, new RegExp(`needs the grant "${grant}"`))
    })

  test('[GRANT1] one grant brings no other, and no tool of another', async () => {
    assert.match((await ask('other', 'now')).fault!, /needs the grant "clock"/)
    assert.equal((await ask('other', 'tools')).evidence, 'settings,randomness')
    assert.equal((await ask('denied', 'tools')).evidence, 'settings')
    assert.equal((await ask('granted', 'tools')).evidence, 'settings,clock,randomness')
  })

  test('a date that is given needs no grant', async () => {
    assert.equal((await ask('denied', 'given')).evidence, '1970-01-01T00:00:00.000Z,86400000,0')
  })

  test('[GRANT2] when the turn is over its clock is too', async () => {
    // What it hears then no turn can tell: it does not end, and the call is stopped.
    assert.match((await ask('granted', 'later')).fault!, /no answer in 1000 ms/)
  })

  test('[GRANT2] [SDK3] there is no clock outside of a turn: read at the top of the file it names the line', async () => {
    const early = await startTrial({
      early: typescriptPlugin('early', 'return abstain', { manifest: "grants: ['clock']", outside: 'const at = Date.now()' }),
    })
    try {
      assert.match(early.invalid[0]!.message, /there is none now: read it in onTurn \(at plugin\.ts:2/)
    } finally {
      await early.end()
    }
  })

  test('[GRANT2] a turn that the log has is answered alike when it is asked again', async () => {
    const house = createTestHouse({ pools: [trial.pool] })
    for (const probe of ['clock', 'randomness']) {
      house.clock.pass(60_000)
      await house.engine.say(keyOf('c1'), ANNA, { ref: refOf(probe), text: probe, locale: 'en' })
      await house.settled()
    }
    const events = await house.events('c1')
    const decisions = events.flatMap(event => (event.type === 'decided' ? [event] : []))
    const ats = decisions.map(({ turn }) => events.find(({ seq }) => seq === turn)!.at)
    assert.equal(ats[1]! - ats[0]!, 60_000)
    for (const [i, { decision, turn }] of decisions.entries()) {
      const probe = ['clock', 'randomness'][i]!
      const moment = { turn: `${keyOf('c1').shop}/c1/${turn}`, at: ats[i]!, memory: {} }
      const recorded = decision.votes.find(({ voter }) => voter === 'plugin:granted')?.votes[0]?.evidence
      assert.equal((await ask('granted', probe, moment)).evidence, recorded)
      assert.notEqual((await ask('granted', probe)).evidence, recorded)
    }
  })
})

describe('a Python plugin', () => {
  const plugins = {
    'granted-py': pythonPlugin('granted-py', PYTHON_PROBES, 'grants: [clock, randomness]\nlimits: { timeoutMs: 1000 }'),
  }
  let trial: Trial
  let ask: ReturnType<typeof asking>
  before(async () => {
    trial = await startTrial(plugins, {}, [], systemClock, 1)
    await trial.ready
    assert.deepEqual(trial.invalid, [])
    ask = asking(trial)
  })
  after(() => trial.end())

  test('[GRANT2] its clock shows when the message was taken in, in UTC', async () => {
    const { evidence, fault } = await ask('granted-py', 'clock')
    assert.equal(evidence, `[${AT / 1_000}.0, '2026-02-16T23:30:00', 23, '2026-02-16', '23:30', 23]`, fault)
  })

  test('[GRANT2] its random numbers are of the turn, in every module that draws them', async () => {
    const first = await ask('granted-py', 'randomness')
    assert.ok(first.evidence, first.fault)
    assert.deepEqual(await ask('granted-py', 'randomness'), first)
    const later = await ask('granted-py', 'randomness', { ...MOMENT, turn: 'demo/c1/3' })
    const apart = (text: string): readonly string[] => text.slice(1, -1).split(', ')
    for (const [i, drawn] of apart(later.evidence!).entries()) assert.notEqual(drawn, apart(first.evidence!)[i])
  })

  test('[GRANT2] another process gives the same, also the order of a set', async () => {
    const probes = ['clock', 'randomness', 'hashes']
    const first = []
    for (const probe of probes) first.push(await ask('granted-py', probe))
    await trial.end()
    trial = await startTrial(plugins, {}, [], systemClock, 1)
    await trial.ready
    for (const [i, probe] of probes.entries()) assert.deepEqual(await asking(trial)('granted-py', probe), first[i])
  })

  test('[GRANT2] there is no clock outside of a turn: read at the top of the file it raises', async () => {
    const { evidence, fault } = await asking(trial)('granted-py', 'top')
    assert.match(evidence ?? fault!, /^time\.time is of a turn, and there is none now/)
  })
})

describe('a Python plugin without grants', () => {
  let trial: Trial
  let ask: ReturnType<typeof asking>
  before(async () => {
    trial = await startTrial(
      { 'denied-py': pythonPlugin('denied-py', PYTHON_PROBES, 'limits: { timeoutMs: 1000 }') },
      {},
      [],
      systemClock,
      1,
    )
    await trial.ready
    assert.deepEqual(trial.invalid, [])
    ask = asking(trial)
  })
  after(() => trial.end())

  for (const [probe, grant] of [
    ['now', 'clock'],
    ['datetime', 'clock'],
    ['today', 'clock'],
    ['uuid7', 'clock'],
    ['dice', 'randomness'],
    ['entropy', 'randomness'],
    ['system', 'randomness'],
    ['unseeded', 'randomness'],
    ['memory', 'memory'],
  ] as const)
    test(`[GRANT1] without the grant "${grant}" ${probe} raises and names it`, async () => {
      const { evidence, fault } = await ask('denied-py', probe)
      assert.equal(evidence, undefined)
      assert.match(fault!, new RegExp(`needs the grant "${grant}"`))
    })

  test('what is given needs no grant', async () => {
    assert.equal((await ask('denied-py', 'given')).evidence, "[1970, '1970-01-01T00:00:00+00:00', 41, True, True]")
  })
})
