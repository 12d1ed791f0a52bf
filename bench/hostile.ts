// What others feel of a hostile plugin: how soon it is stopped, how large its host grows meanwhile, what its neighbours in the same host lose, and
// whether a plugin in a host of its own is answered as before. Turns come all the while, as many a second as --pace says. Prints one JSON object.
//   npm run bench:hostile -- [--rounds 4] [--pace 25] [--runtime python] [--out FILE]
import { writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Ballot } from '@parley/core/ports/voters.ts'
import { systemClock } from '@parley/server/drivers/clock.system.ts'
import { type Files, isAlive, pythonPlugin, residentMb, startTrial, type Trial, typescriptPlugin } from '../test/plugin-host/harness.ts'
import { machine } from './machine.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '4' },
    pace: { type: 'string', default: '25' },
    runtime: { type: 'string' },
    out: { type: 'string' },
  },
})
const rounds = Number(values.rounds)
const pace = Number(values.pace)

/** Of the hostile plugin; its neighbours have what a manifest has that says nothing. */
const LIMITS = 'limits: { timeoutMs: 500, memoryMb: 32 }'
/** Before each attempt: what the same run is like without one. */
const CALM_MS = 1_000
/** Longer than what a plugin did is held against it. */
const FORGOTTEN_MS = 2 * 60 * 60 * 1_000
const STARTED_WITHIN_MS = 240_000
const SAMPLE_MS = 4
/** One at work and one in reserve, of the plugins that share and of the one that does not. */
const HOSTS = 4
const NEIGHBOURS = ['left', 'right']
/** In a host of its own. */
const APART = 'apart'
const HOSTILE = 'hostile'

const JAVASCRIPT = 'import pyodide_js\npyodide_js.runPython.constructor'
const ATTACKS: Readonly<Record<'typescript' | 'python', Readonly<Record<string, string>>>> = {
  typescript: {
    loop: 'for (;;);',
    'regular expression': 'return /^(a+)+$/.test("a".repeat(40) + "!")',
    'promise storm': 'const storm = () => { for (let i = 0; i < 1e4; i++) Promise.resolve(i).then(storm) }; storm(); return abstain',
    'typed arrays': 'const all: any[] = []; for (;;) all.push(new Uint8Array(1e7).fill(1))',
    strings: 'const all: any[] = []; for (let i = 0; ; i++) all.push(("x" + i).repeat(1e5).split("x").join("y"))',
    'a built-in': 'return Array(1e9).fill(0)',
  },
  python: {
    'loop in C': 'import itertools\nreturn sum(itertools.repeat(0))',
    'memory of Python': 'kept = []\nwhile True:\n    kept.append(bytearray(10 ** 7))',
    'memory of JavaScript': `${JAVASCRIPT}("const all = []; for (;;) all.push(new Uint8Array(1e7).fill(1))")()`,
    'memory of WebAssembly': `${JAVASCRIPT}("const all = new Uint8Array(new WebAssembly.Memory({ initial: 32768 }).buffer); for (;;) all.fill(1)")()`,
  },
}
type Runtime = keyof typeof ATTACKS

function pluginsOf(runtime: Runtime): Readonly<Record<string, Files>> {
  const attacks = Object.entries(ATTACKS[runtime])
  if (runtime === 'typescript') {
    const honest = (id: string): Files => typescriptPlugin(id, "return vote('COMPENSATE', 0.7)")
    const cases = attacks.map(([name, body]) => `case ${JSON.stringify(name)}: { ${body} }`)
    return {
      [HOSTILE]: typescriptPlugin(HOSTILE, `switch (text) { ${cases.join('\n')} }\n    return abstain`, { manifest: LIMITS }),
      ...Object.fromEntries([...NEIGHBOURS, APART].map(id => [id, honest(id)])),
    }
  }
  const honest = (id: string): Files =>
    pythonPlugin(id, 'class Plugin:\n    def process(self, text):\n        return {"action": "COMPENSATE", "confidence": 0.7}\n')
  const cases = attacks.map(([name, body]) => `        if text == ${JSON.stringify(name)}:\n${body.replace(/^/gm, '            ')}\n`)
  return {
    [HOSTILE]: pythonPlugin(HOSTILE, `class Plugin:\n    def process(self, text):\n${cases.join('')}        return None\n`, LIMITS),
    ...Object.fromEntries([...NEIGHBOURS, APART].map(id => [id, honest(id)])),
  }
}

/** One ballot of an honest plugin, on this process's clock. */
interface Answered {
  readonly voter: string
  readonly askedAt: number
  readonly at: number
  readonly hasVoted: boolean
  readonly reason: Ballot['reason']
}

const sorted = (numbers: readonly number[]): readonly number[] => [...numbers].sort((a, b) => a - b)
const round = (value: number): number => Math.round(value * 100) / 100
const quantile = (numbers: readonly number[], q: number): number =>
  round(sorted(numbers)[Math.floor(q * (numbers.length - 1))] ?? Number.NaN)
const spread = (numbers: readonly number[]) => ({ p50: quantile(numbers, 0.5), most: quantile(numbers, 1) })

/** One attempt, and what became of the honest ones from the calm before until the hosts are there again. */
async function attempt(trial: Trial, name: string) {
  const never = new AbortController().signal
  const answered: Answered[] = []
  const turns = new Set<Promise<void>>()
  const put = (text: string, onHostile: (ballot: Ballot) => void = () => {}): void => {
    const askedAt = performance.now()
    const cast = (ballot: Ballot): void => {
      const voter = ballot.voter.replace('plugin:', '')
      if (voter === HOSTILE) onHostile(ballot)
      else answered.push({ voter, askedAt, at: performance.now(), hasVoted: !ballot.abstained, reason: ballot.reason })
    }
    const turn = trial.pool.ask({ text, original: text, language: 'en', locale: 'en' }, cast, never)
    turns.add(turn)
    void turn.then(() => turns.delete(turn))
  }
  const pacing = setInterval(() => put('harmless'), 1_000 / pace)
  await delay(CALM_MS)

  const { deaths, pids, readyMb } = trial
  const deathsBefore = deaths.length
  let peakMb = 0
  let diedAt: number | undefined
  const sampling = setInterval(() => {
    if (deaths.length > deathsBefore) diedAt ??= performance.now()
    for (const pid of pids) if (isAlive(pid)) peakMb = Math.max(peakMb, residentMb(pid) - readyMb.get(pid)!) // it was ready
  }, SAMPLE_MS)
  const beganAt = performance.now()
  const ballotAt = await new Promise<number>(resolve => put(name, () => resolve(performance.now())))
  await delay(CALM_MS) // a host may be killed after the ballot is cast
  const killed = deaths.filter(({ reason }) => reason !== 'start').length
  await trial.hostsReady(HOSTS + killed, STARTED_WITHIN_MS)
  clearInterval(pacing)
  clearInterval(sampling)
  await Promise.all(turns)

  const stoppedAt = Math.max(ballotAt, diedAt ?? 0)
  const neighbours = answered.filter(({ voter }) => voter !== APART)
  const lostFrom = (from: number, to: number): Answered[] =>
    neighbours.filter(({ hasVoted, askedAt }) => !hasVoted && askedAt >= from && askedAt < to)
  const inFlight = neighbours.filter(({ askedAt, at }) => askedAt <= stoppedAt && at >= stoppedAt).length
  const voted = sorted(neighbours.filter(({ hasVoted, at }) => hasVoted && at >= beganAt).map(({ at }) => at))
  const gaps = voted.map((at, n) => at - (voted[n - 1] ?? beganAt))
  const apart = answered.filter(({ voter }) => voter === APART)
  /** Also of calls that were given up: at its limit. */
  const msOf = (from: number, to: number): readonly number[] =>
    apart.filter(({ askedAt }) => askedAt >= from && askedAt < to).map(({ askedAt, at }) => at - askedAt)
  return {
    stopMs: stoppedAt - beganAt,
    isKilled: diedAt !== undefined,
    peakMb,
    lost: { before: lostFrom(0, beganAt), until: lostFrom(beganAt, stoppedAt), after: lostFrom(stoppedAt, Number.POSITIVE_INFINITY) },
    votesAsked: neighbours.length,
    inFlight,
    unansweredMs: Math.max(...gaps),
    /** Of every host that died, whoever's, and whom the watchdog held to have done it. */
    deaths: deaths.slice(deathsBefore).map(({ reason, plugin = 'nobody', detail }) => `${reason}, ${plugin}: ${detail}`),
    before: msOf(0, beganAt),
    during: msOf(beganAt, stoppedAt),
    after: msOf(stoppedAt, Number.POSITIVE_INFINITY),
  }
}

async function attempts(runtime: Runtime) {
  let ahead = 0
  const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + ahead }
  const trial = await startTrial(pluginsOf(runtime), {}, [], clock, 2, [APART])
  if (trial.invalid.length > 0) throw new Error(trial.invalid.map(({ message }) => message).join('\n'))
  await trial.hostsReady(HOSTS, STARTED_WITHIN_MS)
  const report: Record<string, object> = {}
  for (const name of Object.keys(ATTACKS[runtime])) {
    const all: Awaited<ReturnType<typeof attempt>>[] = []
    for (let at = 0; at < rounds; at++) {
      all.push(await attempt(trial, name))
      ahead += FORGOTTEN_MS
    }
    const p99 = (part: 'before' | 'during' | 'after'): number =>
      quantile(
        all.flatMap(one => one[part]),
        0.99,
      )
    const sum = (part: 'votesAsked' | 'inFlight'): number => all.reduce((total, one) => total + one[part], 0)
    const counts = (words: readonly string[]): object =>
      Object.fromEntries(Object.entries(Object.groupBy(words, word => word)).map(([word, those]) => [word, those?.length]))
    const lost = (part: 'before' | 'until' | 'after'): object =>
      counts(all.flatMap(each => each.lost[part]).map(({ reason }) => reason ?? 'silent'))
    report[name] = {
      stopMs: spread(all.map(({ stopMs }) => stopMs)),
      hostsKilled: all.filter(({ isKilled }) => isKilled).length,
      deaths: counts(all.flatMap(({ deaths }) => deaths)),
      peakMb: round(Math.max(...all.map(({ peakMb }) => peakMb))),
      neighbours: {
        votesAsked: sum('votesAsked'),
        votesInFlightAtTheStop: sum('inFlight'),
        votesLost: { before: lost('before'), untilTheStop: lost('until'), after: lost('after') },
        unansweredMs: spread(all.map(({ unansweredMs }) => unansweredMs)),
      },
      apart: {
        p99Ms: { before: p99('before'), during: p99('during'), after: p99('after') },
        ratio: round(p99('during') / p99('before')),
        calls: all.reduce((total, { during }) => total + during.length, 0),
      },
    }
  }
  await trial.end()
  return report
}

const before = loadavg().map(round)
const report = {
  ...machine(),
  settings: { rounds, pace, limits: LIMITS, calmMs: CALM_MS },
  ...(values.runtime === 'python' ? {} : { typescript: await attempts('typescript') }),
  ...(values.runtime === 'typescript' ? {} : { python: await attempts('python') }),
  load: { before, after: loadavg().map(round) },
}
const text = JSON.stringify(report, null, 2)
console.log(text)
if (values.out) writeFileSync(values.out, `${text}\n`)
