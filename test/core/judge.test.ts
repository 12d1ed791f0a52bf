// Who lives, by what was heard and when; the clock is the test's.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createJudge, type Judge } from '@parley/core/nodes/judge.ts'

const LEASE = 1_500

interface Bench {
  readonly judge: Judge
  readonly told: string[]
  /** Time passes; own renewals are acknowledged and heard, and those of the others named, every 500 ms. */
  pass(ms: number, others?: readonly string[], isOwn?: boolean): void
  /** Time passes and nothing runs. */
  halt(ms: number): void
}

function bench(): Bench {
  let now = 10_000
  const told: string[] = []
  const judge = createJudge({
    now: () => now,
    leaseMs: LEASE,
    changed: change => told.push('node' in change ? `${change.type} ${change.node}` : change.type),
  })
  return {
    judge,
    told,
    pass(ms, others = [], isOwn = true) {
      for (const end = now + ms; now < end; ) {
        now += 50
        if (now % 500 === 0) {
          if (isOwn) {
            judge.renewed(now - 5)
            judge.echoed()
          }
          for (const other of others) judge.heard(other)
        }
        judge.look()
      }
    },
    halt(ms) {
      now += ms
    },
  }
}

test('[NODE1] a node that renews lives; one that is silent for the length of a lease is dead, and not before', () => {
  const { judge, told, pass } = bench()
  pass(4_000, ['b', 'c'])
  assert.deepEqual(told, ['held', 'joined b', 'joined c', 'judging'])
  pass(LEASE - 100, ['b'])
  assert.deepEqual([judge.isDead('c'), judge.alive()], [false, ['b', 'c']])
  pass(100, ['b'])
  assert.deepEqual(told.slice(4), ['died c'])
  assert.deepEqual([judge.isDead('c'), judge.isDead('b'), judge.alive()], [true, false, ['b']])
  pass(500, ['b', 'c'])
  assert.deepEqual(told.slice(5), ['returned c'])
})

test('[NODE1] one that was found at the start and says nothing is dead after a lease; one that nobody knows is dead', () => {
  const { judge, told, pass } = bench()
  judge.found('old')
  pass(1_000)
  assert.deepEqual([judge.isDead('old'), judge.isDead('stranger')], [false, false], 'this node cannot judge yet')
  pass(1_500)
  assert.deepEqual([judge.isDead('old'), judge.isDead('stranger')], [true, true])
  assert.deepEqual(told, ['held', 'died old', 'judging'])
})

test('[NODE1] one that has given its row up is gone at once', () => {
  const { judge, told, pass } = bench()
  pass(4_000, ['b'])
  judge.left('b')
  assert.deepEqual([judge.isDead('b'), told.at(-1)], [true, 'left b'])
})

test('[NODE2] while nothing is acknowledged nobody is judged, and for a lease thereafter', () => {
  const { judge, told, pass } = bench()
  pass(4_000, ['b'])
  pass(9_000, [], false) // the servers elect a leader: nobody renews
  assert.deepEqual(told.slice(3), ['fenced'])
  assert.deepEqual([judge.isFenced, judge.isDead('b'), judge.isDead('stranger'), judge.alive()], [true, false, false, ['b']])
  pass(1_000) // this node's renewals come through first
  assert.deepEqual([judge.isFenced, judge.isDead('b')], [false, false])
  pass(2_000, ['b'])
  assert.deepEqual(told.slice(3), ['fenced', 'held', 'judging'], 'b was never dead')
})

test('[NODE2] a node that does not hear its own renewals judges nobody', () => {
  const { judge, told, pass, halt } = bench()
  pass(4_000, ['b'])
  for (let i = 0; i < 100; i++) {
    halt(50)
    judge.renewed(14_000 + 50 * i)
    judge.look()
  }
  assert.deepEqual([judge.isFenced, judge.isDead('b'), told.slice(3)], [false, false, []])
})

test('[NODE3] a node that was halted is fenced when it goes on, before anything has told it so, and judges nobody by what it has missed', () => {
  const { judge, told, pass, halt } = bench()
  pass(4_000, ['b'])
  halt(60_000)
  assert.deepEqual([judge.isFenced, judge.isDead('b')], [true, false])
  judge.renewed(74_000)
  judge.echoed()
  judge.look()
  assert.deepEqual(told.slice(3), ['fenced', 'held'])
  assert.deepEqual([judge.isFenced, judge.isDead('b')], [false, false])
})

test('[NODE3] a lease is counted from when its renewal was sent: whoever hears it hears it later', () => {
  const { judge, halt } = bench()
  halt(1_000)
  judge.renewed(10_000) // it was under way for a second
  halt(499)
  assert.equal(judge.isFenced, false)
  halt(1)
  assert.equal(judge.isFenced, true)
})
