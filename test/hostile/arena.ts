// Where hostile cases are played: real plugin voters, with a witness among them that always votes. A case is over when the hostile plugin has
// ended as it may, the next turn has every vote, the hosts are there again with the memory they began with, and no canary was touched.
import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import type { Ballot } from '@parley/core/ports/voters.ts'
import { systemClock } from '@parley/server/drivers/clock.system.ts'
import { type Files, isAlive, pythonPlugin, residentMb, startTrial, typescriptPlugin } from '../plugin-host/harness.ts'
import type { Canaries } from './canaries.ts'
import type { HostileCase, Kind, Outcome } from './hostile-case.ts'

const WITNESS = 'witness'
const WITNESS_VOTES = [{ action: 'COMPENSATE', confidence: 0.7 }]
/** One for all cases: an interpreter each would be more than a machine has. */
const PYTHON = 'hostile'
/** For the first two hosts with their plugins, and for the reserve of one that was killed, on a machine that has other work. */
const STARTED_WITHIN_MS = 240_000
const BACK_WITHIN_MS = { typescript: 30_000, python: 240_000 }
/** What a host may keep beyond what it had when it was ready: texts that crossed and are not collected yet, and what its isolates took for their first calls. */
const KEPT_MB = 160
/** Longer than a plugin's deeds are held against it. */
const FORGOTTEN_MS = 2 * 60 * 60 * 1_000

export interface Arena {
  /** Throws where anything ends otherwise than it may. */
  play(one: HostileCase): Promise<void>
  close(): Promise<void>
}

export async function openArena(kind: Kind, cases: readonly HostileCase[], canaries: Canaries): Promise<Arena> {
  let ahead = 0
  const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + ahead }
  const trial = await startTrial({ [WITNESS]: witnessOf(kind), ...pluginsOf(kind, cases, canaries) }, {}, [], clock)
  assert.deepEqual(trial.invalid, [])
  await trial.hostsReady(2, STARTED_WITHIN_MS)

  const pluginOf = ({ id }: HostileCase): string => (kind.runtime === 'python' ? PYTHON : id)
  const of = (ballots: readonly Ballot[], plugin: string): Ballot => {
    const found = ballots.find(({ voter }) => voter === `plugin:${plugin}`)
    assert.ok(found, `${plugin} has a ballot`)
    return found
  }
  /** A busy machine makes a turn late for anybody; the witness alone has the time to be asked a second time within it. */
  const checkOthers = (ballots: readonly Ballot[], hostile: string): void => {
    assert.deepEqual(of(ballots, WITNESS).votes, WITNESS_VOTES, 'the witness votes')
    for (const { voter, abstained, reason } of ballots)
      if (voter !== `plugin:${WITNESS}` && voter !== `plugin:${hostile}`)
        assert.ok(abstained && (reason === 'silent' || reason === 'late'), `${voter} was disturbed: ${reason}`)
  }
  const alive = (): readonly number[] => trial.pids.filter(isAlive)
  /** The memory of another process sends no event. */
  const memoryIsBack = async (): Promise<void> => {
    const swollen = (): number | undefined => alive().find(pid => residentMb(pid) > trial.readyMb.get(pid)! + KEPT_MB) // it was ready
    for (let waited = 0; swollen() !== undefined && waited < 2_000; waited += 10) await delay(10)
    const pid = swollen()
    if (pid !== undefined) assert.fail(`a host of ${trial.readyMb.get(pid)?.toFixed()} MB has ${residentMb(pid).toFixed()} MB`)
  }

  const playOnce = async (one: HostileCase): Promise<void> => {
    const hostile = pluginOf(one)
    const before = { faults: trial.faults.length, dropped: trial.dropped.length }
    const since = trial.deaths.length
    let ballots: readonly Ballot[] = []
    for (let turn = 0; turn < (one.turns ?? 1); turn++) {
      ballots = await trial.ask(one.id)
      checkOthers(ballots, hostile)
      if (isOutcome(of(ballots, hostile), one.outcome)) break
    }
    const faults = trial.faults.slice(before.faults).filter(fault => fault !== undefined)
    const dropped = trial.dropped.slice(before.dropped).map(({ action }) => action)
    const ended = of(ballots, hostile)
    const told = faults.map(fault => fault.message).join('\n')
    if (one.isAskedAgain) {
      const again = of(await trial.ask(one.id), hostile)
      assert.ok(isOutcome(again, one.outcome), `asked again it ended as ${JSON.stringify(again)}`)
    }
    assert.ok(isOutcome(ended, one.outcome), `it ended as ${JSON.stringify(ended)}; ${told}`)
    if ('says' in one.outcome && one.outcome.says) assert.match(told, one.outcome.says)
    if ('votes' in one.outcome) assert.deepEqual(dropped, one.outcome.dropped ?? [])
    checkOthers(await trial.ask('harmless'), hostile)
    const deaths = trial.deaths.slice(since)
    for (const death of deaths) assert.equal(death.plugin, hostile, `the culprit is named: ${JSON.stringify(death)}`)
    canaries.check(JSON.stringify([ballots, faults, dropped, deaths]))
  }
  /** Rejects when the hosts are not there again as they were. */
  const recover = async (): Promise<void> => {
    const killed = trial.deaths.filter(({ reason }) => reason !== 'start').length // a host that did not come up was never ready
    await trial.hostsReady(2 + killed, BACK_WITHIN_MS[kind.runtime])
    await memoryIsBack()
    ahead += FORGOTTEN_MS
  }

  return {
    play: one => playOnce(one).finally(recover),
    close: () => trial.end(),
  }
}

function isOutcome(ballot: Ballot, outcome: Outcome): boolean {
  if ('abstains' in outcome)
    return ballot.abstained && ballot.votes.length === 0 && outcome.abstains.some(reason => reason === ballot.reason)
  if ('finds' in outcome) return ballot.votes.length === 1 && (ballot.votes[0]?.evidence ?? '') === outcome.finds
  return JSON.stringify(ballot.votes) === JSON.stringify(outcome.votes)
}

const bodyOf = ({ body }: HostileCase, canaries: Canaries): string => (typeof body === 'string' ? body : body(canaries))

function pluginsOf(kind: Kind, cases: readonly HostileCase[], canaries: Canaries): Readonly<Record<string, Files>> {
  const limits = `timeoutMs: ${kind.timeoutMs}, memoryMb: 32`
  if (kind.runtime === 'python') {
    const methods = cases.map(one => `    def ${methodOf(one.id)}(self):\n${bodyOf(one, canaries).replace(/^/gm, '        ')}\n`)
    const process = `    def process(self, text):\n        act = getattr(self, "case_" + text.replace("-", "_"), None)\n        return act() if act else None\n`
    const outside = cases.map(one => `${one.outside ?? ''}\n`).join('')
    return { [PYTHON]: pythonPlugin(PYTHON, `${outside}class Plugin:\n${process}${methods.join('')}`, `limits: { ${limits} }`) }
  }
  return Object.fromEntries(
    cases.map(one => {
      const body = `if (text !== ${JSON.stringify(one.id)}) return abstain;\n    ${bodyOf(one, canaries)}`
      return [
        one.id,
        typescriptPlugin(one.id, body, { manifest: `limits: { ${limits} }, ${one.manifest ?? ''}`, outside: one.outside ?? '' }),
      ]
    }),
  )
}

const methodOf = (id: string): string => `case_${id.replaceAll('-', '_')}`

/** With time enough to be asked a second time, after the host of the first has been killed. */
const witnessOf = ({ runtime }: Kind): Files =>
  runtime === 'python'
    ? pythonPlugin(
        WITNESS,
        'class Plugin:\n    def process(self, text):\n        return {"action": "COMPENSATE", "confidence": 0.7}\n',
        'limits: { timeoutMs: 1000 }',
      )
    : typescriptPlugin(WITNESS, "return vote('COMPENSATE', 0.7)", { manifest: 'limits: { timeoutMs: 1000 }' })
