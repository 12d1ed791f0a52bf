// Every hostile plugin, really run: the good plugin's vote is there, the hostile one abstains, and the pool answers the next turn.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startTrial, type Trial, typescriptPlugin } from './harness.ts'
import { ENDLESS, GREEDY, NONSENSE } from './hostile-scripts.ts'

const GOOD = 'plugin:good'
const BACK_WITHIN_MS = 2_000

const GROUPS = [
  ['[PLG1] a plugin cannot outlive its deadline', ENDLESS],
  ['[PLG2] a plugin cannot exceed its memory', GREEDY],
  ['[PLG4] the worst of a plugin is an abstention', NONSENSE],
] as const

for (const [promise, scripts] of GROUPS) {
  describe(promise, () => {
    let trial: Trial
    before(async () => {
      const hostile = Object.entries(scripts).map(([name, { body }]) => [
        name,
        typescriptPlugin(name, `if (text !== ${JSON.stringify(name)}) return abstain;\n    ${body}`),
      ])
      trial = await startTrial({
        good: typescriptPlugin('good', "return vote('COMPENSATE', 0.7)", { manifest: 'limits: { timeoutMs: 1000 }' }),
        ...Object.fromEntries(hostile),
      })
      assert.deepEqual(trial.invalid, [])
      await trial.hostsReady(2, 10_000)
    })
    after(() => trial.end())

    for (const [name, { expect }] of Object.entries(scripts)) {
      test(`${promise}: ${name}`, async () => {
        const deaths = trial.deaths.length
        const readyBefore = trial.pids.length
        const ballots = await trial.ask(name)
        assert.equal(ballots.length, trial.pool.voters.length, 'every voter has a ballot')
        const hostile = ballots.find(ballot => ballot.voter === `plugin:${name}`)
        assert.ok(hostile?.abstained)
        assert.ok(expect.includes(hostile.reason as 'late' | 'failed'), `it abstains because ${hostile.reason}`)
        assert.deepEqual(hostile.votes, [])
        const good = ballots.find(ballot => ballot.voter === GOOD)
        assert.deepEqual(good?.votes, [{ action: 'COMPENSATE', confidence: 0.7 }], 'the good vote counts')
        for (const other of ballots)
          if (other !== hostile && other !== good) assert.equal(other.reason, 'silent', `${other.voter} was not disturbed`)

        const next = await trial.ask('harmless')
        assert.equal(next.find(ballot => ballot.voter === GOOD)?.abstained, false, 'the next turn has the good vote at once')
        const died = trial.deaths.slice(deaths)
        for (const death of died) assert.equal(death.plugin, name, 'the culprit is named')
        if (died.length > 0) await trial.hostsReady(readyBefore + died.length, BACK_WITHIN_MS) // rejects when the host is not back in time
      })
    }

    test(`${promise}: nothing of it reached this process`, () => {
      assert.equal(({} as { readonly polluted?: unknown }).polluted, undefined)
      assert.equal(Object.getOwnPropertyDescriptor(Object.prototype, 'toJSON'), undefined)
    })
  })
}
