// Logs as earlier releases wrote them are read by this one: test/stored/ has one of each version of the events, in clear.
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { fold, unwritten } from '@parley/core/conversation/conversation.ts'
import { entriesAfter } from '@parley/core/conversation/dialogue.ts'
import { EVENT_VERSION, type Logged, upcast } from '@parley/core/conversation/event.ts'
import { recallFrom } from '@parley/core/conversation/past.ts'
import { stretchSince } from '@parley/core/conversation/stretch.ts'
import { cardOf } from '@parley/core/handoff/card.ts'
import type { Position } from '@parley/core/ports/conversation-log.ts'
import { askedOf } from './asked-of.ts'

interface Stored {
  readonly events: readonly { readonly seq: number; readonly type: string; readonly v: number; readonly body: Record<string, unknown> }[]
}

function loggedIn(file: string): readonly Logged[] {
  const { events } = JSON.parse(readFileSync(`${folder}${file}`, 'utf8')) as Stored // committed beside this test
  return events.map(({ seq, type, v, body }): Logged => ({ ...upcast(type, v, body), seq }))
}

const folder = fileURLToPath(new URL('../stored/', import.meta.url))
const files = globSync('log-version-*.json', { cwd: folder })

test('there is a stored log of every version before this one', () =>
  assert.deepEqual(
    files.sort(),
    Array.from({ length: EVENT_VERSION - 1 }, (_, i) => `log-version-${i + 1}.json`),
  ))

for (const file of files)
  test(`${file} is read: dialogue, custody and decisions`, () => {
    const logged = loggedIn(file)
    const conversation = fold(unwritten, logged, String(logged.length) as Position) // as the drivers count
    const said = entriesAfter(conversation.dialogue, 0).map(event => event.type)
    assert.deepEqual(said, ['message', 'reply', 'message', 'reply', 'message', 'reply'])
    assert.equal(conversation.custody.open.length, 0)
    assert.equal(conversation.custody.owner.with, 'bot', 'a mark of that release was no queue')
    for (const event of logged) {
      if (event.type !== 'decided') continue
      const { ranking, breakdown, facts, frame } = event.decision
      assert.equal(frame.pending, null)
      for (const fact of Object.values(facts)) assert.equal(typeof fact.isKnown, 'boolean')
      for (const { action, score } of ranking)
        assert.equal(
          breakdown.filter(share => share.action === action).reduce((sum, { share }) => sum + share, 0),
          score,
        )
    }
    assert.equal(
      cardOf(logged, conversation, action => ({ 'zh-CN': action, en: action })),
      null,
    )
  })

for (const file of files)
  test(`[SNAP1] ${file}: a snapshot after any of its events, and what comes after, give what the whole gives`, () => {
    const logged = loggedIn(file)
    const refs = logged.flatMap(event => ('ref' in event ? [event.ref] : []))
    const position = String(logged.length) as Position // as the drivers count
    const whole = askedOf(fold(unwritten, logged, position), refs)
    for (let cut = 1; cut <= logged.length; cut++) {
      const stretch = stretchSince(0, fold(unwritten, logged.slice(0, cut), position))
      assert.ok(stretch)
      assert.deepEqual(askedOf(fold(recallFrom([stretch]), logged.slice(cut), position), refs), whole, `after event ${cut}`)
    }
  })

test('an event of a later release is refused, not guessed at', () =>
  assert.throws(() => upcast('message', EVENT_VERSION + 1, {}), { code: 'EVENT_TOO_NEW' }))
