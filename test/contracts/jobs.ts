// What every queue of jobs must hold to. A driver's test opens it with the clock that it is given and says how it is opened again.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '@parley/core/ports/clock.ts'
import type { Job, JobKind, JobRun, Jobs } from '@parley/core/ports/jobs.ts'
import { z } from 'zod'
import { createTestClock, type TestClock } from '../core/house.ts'
import { faultCodeOf } from '../fault-code.ts'
import { createRandom } from '../random.ts'

export interface JobsUnderTest {
  open(clock: Clock, random: () => number): Promise<Jobs>
  /** False for a driver that ends with its process. */
  readonly isDurable: boolean
  remove(): void | Promise<void>
}

type Payload = { readonly seq: number }
const kindOf = (changes: Partial<JobKind<Payload>> = {}): JobKind<Payload> => ({
  name: 'count',
  payload: z.strictObject({ seq: z.number() }),
  attempts: 3,
  firstPauseMs: 1_000,
  atOnce: 4,
  ...changes,
})

/** Turns of the loop until `isThere`; a test that waits for what never comes is ended by its time limit. */
export async function until(isThere: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isThere())) await new Promise(resolve => setImmediate(resolve))
}
/** Turns enough for anything that is due to have begun: for what must not happen. */
const turns = async (jobs: Jobs): Promise<void> => {
  for (let i = 0; i < 200; i++) await new Promise(resolve => setImmediate(resolve))
  for (let i = 0; i < 10; i++) await jobs.list({ limit: 1 }) // where the queue is another process, it has had its turns too
}

async function all(jobs: Jobs, filter: { kind?: string; state?: Job['state'] } = {}, limit = 7): Promise<readonly Job[]> {
  const found: Job[] = []
  for (let after: string | undefined; ; ) {
    const page = await jobs.list({ ...filter, limit, ...(after !== undefined && { after }) })
    assert.ok(page.jobs.length <= limit)
    found.push(...page.jobs)
    if (page.next === null) return found
    after = page.next
  }
}

interface Handled {
  readonly runs: readonly JobRun<Payload>[]
  /** Lets the oldest run that is not ended yet end. */
  end(failure?: Error): void
  /** Lets every run end, those to come too. */
  endAll(): void
}
/** A handler whose runs end when the test says so. */
function handleByHand(jobs: Jobs, kind: JobKind<Payload>): Handled {
  const runs: JobRun<Payload>[] = []
  const waiting: { resolve: () => void; reject: (error: Error) => void }[] = []
  let isOver = false
  jobs.handle(kind, run => {
    runs.push(run)
    if (isOver) return Promise.resolve()
    return new Promise((resolve, reject) => waiting.push({ resolve, reject }))
  })
  return {
    runs,
    end(failure) {
      const next = waiting.shift()
      assert.ok(next, 'no run waits for its end')
      if (failure) next.reject(failure)
      else next.resolve()
    },
    endAll() {
      isOver = true
      for (const { resolve } of waiting.splice(0)) resolve()
    },
  }
}

/** `cannot`: why the driver is not there on this machine. */
export function jobsContract(name: string, make: () => JobsUnderTest, cannot: string | false = false): void {
  interface House extends JobsUnderTest {
    readonly clock: TestClock
    readonly jobs: Jobs
    byHand(kind: JobKind<Payload>): Handled
    reopen(): Promise<Jobs>
  }
  const on = (title: string, run: (house: House) => Promise<void>, needsDurable = false): void => {
    const skip = cannot || (needsDurable && !make().isDurable && 'it ends with its process')
    test(`${name}: ${title}`, { skip, timeout: 60_000 }, async t => {
      const under = make()
      const clock = createTestClock()
      const random = createRandom(7)
      let jobs = await under.open(clock, random)
      const hands: Handled[] = []
      t.after(async () => {
        for (const hand of hands) hand.endAll() // a test that fails in between must not wait for itself
        await jobs.close()
        await under.remove()
      })
      await run({
        ...under,
        clock,
        jobs,
        byHand(kind) {
          const hand = handleByHand(jobs, kind)
          hands.push(hand)
          return hand
        },
        async reopen() {
          await jobs.close()
          jobs = await under.open(clock, random)
          return jobs
        },
      })
    })
  }

  on('[JOB1] what was added is run, with its payload, and is gone when it is done', async ({ jobs, byHand }) => {
    const kind = kindOf()
    await jobs.add({ id: 'count/1', kind, payload: { seq: 12 } })
    const { runs, end } = byHand(kind)
    await until(() => runs.length === 1)
    assert.deepEqual([runs[0]?.id, runs[0]?.payload, runs[0]?.attempt, runs[0]?.isLast], ['count/1', { seq: 12 }, 1, false])
    runs[0]?.report(0.5)
    const [running] = await all(jobs)
    assert.deepEqual([running?.state, running?.progress, running?.attempts, running?.reason], ['running', 0.5, 0, null])
    end()
    await until(async () => (await all(jobs)).length === 0)
  })

  on(
    '[JOB1] what was added, and what ran when it was closed, is there when it is opened again',
    async ({ jobs, byHand, reopen }) => {
      const kind = kindOf()
      await Promise.all(Array.from({ length: 20 }, (_, seq) => jobs.add({ id: `count/a${seq}`, kind, payload: { seq } })))
      const before = byHand(kind)
      await until(() => before.runs.length === kind.atOnce)
      const closed = reopen()
      await until(() => before.runs.every(run => run.signal.aborted))
      for (const _ of before.runs) before.end(new Error('aborted'))
      const again = await closed
      assert.equal(before.runs.length, kind.atOnce, 'nothing begins any more')
      assert.equal(await faultCodeOf(jobs.add({ id: 'count/late', kind, payload: { seq: 1 } })), 'SHUTTING_DOWN')
      const kept = await all(again)
      assert.equal(kept.length, 20)
      assert.ok(
        kept.every(job => job.state === 'waiting' && job.attempts === 0),
        'being closed is no failure',
      )
      const seen = new Set<number>()
      again.handle(kind, async run => void seen.add(run.payload.seq))
      await until(() => seen.size === 20)
      await until(async () => (await all(again)).length === 0)
    },
    true,
  )

  on('[JOB2] an id that waits or runs is left as it is, and never runs twice at a time', async ({ jobs, byHand, clock }) => {
    const kind = kindOf()
    await jobs.add({ id: 'count/1', kind, payload: { seq: 1 }, delayMs: 500 })
    await jobs.add({ id: 'count/1', kind, payload: { seq: 2 } })
    const { runs, end } = byHand(kind)
    await turns(jobs)
    assert.equal(runs.length, 0, 'the delay of the first stands')
    clock.pass(500)
    await until(() => runs.length === 1)
    assert.deepEqual(runs[0]?.payload, { seq: 1 })
    await Promise.all([3, 4].map(seq => jobs.add({ id: 'count/1', kind, payload: { seq } })))
    await turns(jobs)
    assert.equal(runs.length, 1)
    end()
    await until(async () => (await all(jobs)).length === 0)
    await jobs.add({ id: 'count/1', kind, payload: { seq: 5 } })
    await until(() => runs.length === 2)
    end()
    for (const id of ['', 'a:b', '17', 'x'.repeat(401)]) await assert.rejects(jobs.add({ id, kind, payload: { seq: 1 } }), /not an id/)
  })

  on('[JOB3] a job never runs before its time, and those that are due run in the order of their times', async ({ jobs, clock }) => {
    const kind = kindOf({ atOnce: 1 })
    const begun: number[] = []
    jobs.handle(kind, async run => void begun.push(run.payload.seq))
    for (const seq of [300, 100, 200, 3_000_000_000]) await jobs.add({ id: `count/a${seq}`, kind, payload: { seq }, delayMs: seq })
    await turns(jobs)
    assert.deepEqual(begun, [])
    clock.pass(99)
    await turns(jobs)
    assert.deepEqual(begun, [])
    clock.pass(500)
    await until(() => begun.length === 3)
    assert.deepEqual(begun, [100, 200, 300])
    clock.pass(2_999_999_000)
    await turns(jobs)
    assert.equal(begun.length, 3)
    clock.pass(1_000)
    await until(() => begun.length === 4)
  })

  on(
    '[JOB4] a run that fails is repeated after pauses that double, then the job has failed, is kept, and begins anew when added again',
    async ({ jobs, byHand, clock }) => {
      const kind = kindOf()
      const { runs, end } = byHand(kind)
      await jobs.add({ id: 'count/1', kind, payload: { seq: 1 } })
      for (const [i, pause] of [1_000, 2_000].entries()) {
        await until(() => runs.length === i + 1)
        assert.equal(runs[i]?.isLast, false)
        end(Object.assign(new Error('the customer wrote: my card is 4111'), { code: 'ESHOP' }))
        await until(async () => (await all(jobs, { state: 'waiting' })).length === 1)
        const [job] = await all(jobs)
        assert.deepEqual([job?.attempts, job?.reason], [i + 1, 'ESHOP'], 'and not its words')
        const wait = (job?.dueAt ?? 0) - clock.now()
        assert.ok(wait >= 0.75 * pause && wait <= pause, `a pause of ${wait}`)
        clock.pass(wait - 1)
        await turns(jobs)
        assert.equal(runs.length, i + 1, 'not sooner')
        clock.pass(1)
      }
      await until(() => runs.length === 3)
      assert.equal(runs[2]?.isLast, true)
      end(new Error('no'))
      await until(async () => (await all(jobs, { state: 'failed' })).length === 1)
      clock.pass(10_000_000)
      await turns(jobs)
      assert.equal(runs.length, 3)
      const [failed] = await all(jobs, { kind: 'count', state: 'failed' })
      assert.deepEqual([failed?.id, failed?.attempts, failed?.payload], ['count/1', 3, { seq: 1 }])
      await jobs.add({ id: 'count/1', kind, payload: { seq: 1 } })
      await until(() => runs.length === 4)
      assert.equal(runs[3]?.attempt, 1)
      end()
      await until(async () => (await all(jobs)).length === 0)
    },
  )

  on('[JOB4] a payload that is not of its kind fails and harms no other job', async ({ jobs }) => {
    const kind = kindOf({ attempts: 1 })
    const seen: number[] = []
    await jobs.add({ id: 'count/bad', kind: { ...kind, payload: z.any() }, payload: { seq: 'x' } as never }) // as another release might have written it
    await jobs.add({ id: 'count/good', kind, payload: { seq: 2 } })
    jobs.handle(kind, async run => void seen.push(run.payload.seq))
    await until(async () => (await all(jobs, { state: 'failed' })).length === 1 && seen.length === 1)
    assert.deepEqual(seen, [2])
  })

  on('[JOB5] a job is cancelled in whatever state; a running one is told and not run again', async ({ jobs, byHand, clock }) => {
    const kind = kindOf({ attempts: 1 })
    const { runs, end } = byHand(kind)
    await jobs.add({ id: 'count/waits', kind, payload: { seq: 1 }, delayMs: 100 })
    assert.equal(await jobs.cancel('count/waits'), true)
    assert.equal(await jobs.cancel('count/waits'), false)
    clock.pass(1_000)
    await turns(jobs)
    assert.equal(runs.length, 0)
    await jobs.add({ id: 'count/runs', kind, payload: { seq: 2 } })
    await until(() => runs.length === 1)
    assert.equal(await jobs.cancel('count/runs'), true)
    assert.equal(runs[0]?.signal.aborted, true)
    assert.deepEqual(await all(jobs), [])
    await jobs.add({ id: 'count/runs', kind, payload: { seq: 3 } })
    await turns(jobs)
    assert.equal(runs.length, 1, 'the old run has not ended yet')
    end(new Error('aborted'))
    await until(() => runs.length === 2)
    assert.deepEqual(runs[1]?.payload, { seq: 3 }, 'the end of the old run does nothing to the new job')
    end(new Error('no'))
    await until(async () => (await all(jobs, { state: 'failed' })).length === 1)
    assert.equal(await jobs.cancel('count/runs'), true)
    assert.deepEqual(await all(jobs), [])
  })

  on('[JOB6] at most so many of a kind run at a time, and one kind does not wait for another', async ({ jobs, byHand }) => {
    const [slow, quick] = [kindOf({ name: 'slow', atOnce: 3 }), kindOf({ name: 'quick' })]
    const { runs, end } = byHand(slow)
    const done: number[] = []
    jobs.handle(quick, async run => void done.push(run.payload.seq))
    await Promise.all(Array.from({ length: 9 }, (_, seq) => jobs.add({ id: `slow/a${seq}`, kind: slow, payload: { seq } })))
    await Promise.all(Array.from({ length: 9 }, (_, seq) => jobs.add({ id: `quick/a${seq}`, kind: quick, payload: { seq } })))
    await until(() => done.length === 9)
    await turns(jobs)
    assert.equal(runs.length, 3)
    assert.equal((await all(jobs, { kind: 'slow', state: 'running' })).length, 3)
    for (let ended = 1; ended <= 9; ended++) {
      end()
      await until(() => runs.length === Math.min(9, 3 + ended))
      await turns(jobs)
      assert.equal(runs.length, Math.min(9, 3 + ended))
    }
  })

  on('[JOB6] the loop turns between the beginnings of any two', async ({ jobs }) => {
    const kind = kindOf({ atOnce: 50 })
    let turn = 0
    let isOver = false
    const count = (): void => {
      turn++
      if (!isOver) setImmediate(count)
    }
    count()
    const begunIn: number[] = []
    await Promise.all(Array.from({ length: 200 }, (_, seq) => jobs.add({ id: `count/a${seq}`, kind, payload: { seq } })))
    jobs.handle(kind, async () => void begunIn.push(turn))
    await until(() => begunIn.length === 200)
    isOver = true
    assert.equal(new Set(begunIn).size, 200)
  })

  on('[JOB7] jobs are listed by id, kind and state, page by page, each once', async ({ jobs }) => {
    const [a, b] = [kindOf({ name: 'a' }), kindOf({ name: 'b' })]
    await Promise.all(Array.from({ length: 450 }, (_, seq) => jobs.add({ id: `x/${seq}`, kind: seq % 3 ? a : b, payload: { seq } })))
    const ids = (found: readonly Job[]): string[] => found.map(job => job.id).sort()
    const wanted = (isOf: (seq: number) => boolean): string[] =>
      Array.from({ length: 450 }, (_, seq) => seq)
        .flatMap(seq => (isOf(seq) ? [`x/${seq}`] : []))
        .sort()
    assert.deepEqual(
      ids(await all(jobs)),
      wanted(() => true),
    )
    assert.deepEqual(
      ids(await all(jobs, { kind: 'b', state: 'waiting' }, 50)),
      wanted(seq => seq % 3 === 0),
    )
    assert.deepEqual(await all(jobs, { state: 'failed' }), [])
    assert.deepEqual(ids((await jobs.list({ id: 'x/3', limit: 1 })).jobs), ['x/3'])
    assert.deepEqual((await jobs.list({ id: 'x/none', limit: 1 })).jobs, [])
    assert.deepEqual((await jobs.list({ id: 'x/3', kind: 'a', limit: 1 })).jobs, [])
  })
}
