import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unwritten } from '@parley/core/conversation/conversation.ts'
import { emptyCustody } from '@parley/core/conversation/custody.ts'
import type { Owner } from '@parley/core/handoff/owner.ts'
import { createQueue } from '@parley/core/handoff/queue.ts'
import { asAgentId } from '@parley/core/ids.ts'
import type { Position } from '@parley/core/ports/conversation-log.ts'
import { createRandom } from '../random.ts'
import { createTestClock, keyOf, SHOP } from './house.ts'

test('[HND1] whatever comes, is taken and goes: every place in line is the one that sorting all who wait would give', () => {
  const random = createRandom(20261124)
  const queue = createQueue({ clock: createTestClock(), labelOf: (_shop, action) => ({ 'zh-CN': action, en: action }), moved: () => {} })
  const owners = new Map<string, Owner>()
  const place = (name: string): readonly [pressing: number, since: number, name: string] => {
    const owner = owners.get(name)
    assert.ok(owner?.with === 'queue')
    return [owner.wait.urgency >= 0.95 ? 0 : 1, owner.since, name]
  }
  const line = (): string[] =>
    [...owners.keys()]
      .filter(name => owners.get(name)?.with === 'queue')
      .sort((a, b) => {
        const [mine, theirs] = [place(a), place(b)]
        return mine[0] - theirs[0] || mine[1] - theirs[1] || (a < b ? -1 : 1)
      })
  for (let step = 0; step < 2_000; step++) {
    const name = `c${Math.floor(random() * 60)}`
    const before = owners.get(name)
    const wait = { reason: 'asked', action: 'PAY', urgency: random() < 0.3 ? 1 : 0.4, locale: 'en' } as const
    const agent = { id: asAgentId('a'), name: 'A' }
    const options: readonly Owner[] = [
      { with: 'bot' },
      { with: 'queue', since: Math.floor(random() * 20), seq: step, wait },
      { with: 'agent', since: step, seq: step, agent, wait: null },
      before ?? { with: 'bot' }, // a message while it waits: the owner is the same
    ]
    const owner = options[Math.floor(random() * options.length)]!
    owners.set(name, owner)
    queue.update(keyOf(name), { ...unwritten, position: '' as Position, custody: { ...emptyCustody, owner } }) // no driver looks at it
    const expected = line()
    for (const [i, waiting] of expected.entries()) assert.equal(queue.placeOf(keyOf(waiting)), i + 1)
    const shown = queue.view(SHOP).items.filter(item => item.with === 'queue')
    assert.deepEqual(
      shown.map(({ conversation, position }) => [conversation, position]),
      expected.map((waiting, i) => [waiting, i + 1]),
    )
    assert.equal(queue.placeFor(keyOf('new'), 0.2), expected.length + 1)
    assert.equal(queue.placeFor(keyOf('new'), 1), expected.filter(waiting => place(waiting)[0] === 0).length + 1)
    if (owner.with !== 'queue') assert.equal(queue.placeOf(keyOf(name)), undefined)
  }
})

test('[RT12] who asked for a place between two tellings is told when it is another one again', () => {
  const clock = createTestClock()
  const moved: [string, number][] = []
  const queue = createQueue({
    clock,
    labelOf: (_shop, action) => ({ 'zh-CN': action, en: action }),
    moved: ({ conversation }, place) => moved.push([conversation, place]),
  })
  const put = (name: string, urgency: number, isWaiting = true): void => {
    const wait = { reason: 'asked', action: 'PAY', urgency, locale: 'en' } as const
    const owner: Owner = isWaiting ? { with: 'queue', since: 1, seq: 1, wait } : { with: 'bot' }
    queue.update(keyOf(name), { ...unwritten, position: '' as Position, custody: { ...emptyCustody, owner } }) // no driver looks at it
  }
  put('calm', 0.4)
  clock.pass(1_000)
  put('pressing', 1)
  assert.equal(queue.placeOf(keyOf('calm')), 2)
  put('pressing', 1, false)
  clock.pass(1_000)
  assert.deepEqual(moved, [
    ['calm', 1],
    ['calm', 1],
  ])
})
