// The real command: on a file with the real voters, and on the turns that a real server has recorded.
import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Comparison } from '@parley/ensembles/comparison/comparison.ts'
import { parley } from './parley-command.ts'
import { fetchVisitor, joinConversation, startServer, temporaryFolder } from './running-server.ts'

const lines = (rows: readonly unknown[]): string => rows.map(row => `${JSON.stringify(row)}\n`).join('')

test('[COMP1] [COMP3] [COMP4] [COMP5] what another ensemble changes, on a file and on the log; exit status 3 where something is against it', {
  timeout: 240_000,
}, async t => {
  const temp = temporaryFolder()
  t.after(temp.remove)
  const [data, config] = [join(temp.path, 'data'), join(temp.path, 'parley.yaml')]
  writeFileSync(
    config,
    JSON.stringify({ deadlines: { voters: 10_000, plugin: 10_000, turn: 20_000 }, shops: [{ id: 'demo', plugins: [], locale: 'en' }] }),
  )
  const env = { PARLEY_CONFIG: config, PARLEY_DATA: data }
  const [deaf, turns, pinned, json] = ['deaf.yaml', 'turns.jsonl', 'pinned.jsonl', 'compared.json'].map(name => join(temp.path, name))
  // Hears nobody: whatever no rule takes is handed over out of doubt.
  writeFileSync(deaf!, 'name: deaf\nversion: 1\nvoters: { keyword: { weight: { zh: 0, en: 0 } } }\n')
  writeFileSync(
    turns!,
    lines(
      ['where is my parcel', 'can I get an invoice', 'thank you so much'].map((text, i) => ({
        text,
        action: ['TRACK_ORDER', 'INVOICE_REQUEST', 'THANKS'][i],
      })),
    ),
  )
  const compare = (...args: readonly string[]) => parley(['ensemble', 'compare', 'retail', ...args], { env })
  const told = (): Comparison => JSON.parse(readFileSync(json!, 'utf8')) as Comparison // our own command's output

  const same = await compare('retail', turns!, '--max-broken', '0')
  assert.equal(same.status, 0, same.stderr)
  assert.match(same.stdout, /^A retail@1-\w+ and B retail@1-\w+ on 3 turns of 3 conversations;/)
  assert.match(same.stdout, /unchanged {2}3 turns\n {2}Nothing is fixed, and nothing broken: no difference shown\.\n/)

  writeFileSync(
    pinned!,
    lines([
      { text: 'what are your opening hours', action: 'HUMAN_AGENT' },
      { text: 'hello', action: 'GREETING' },
    ]),
  )
  const other = await compare(deaf!, turns!, '--pinned', pinned!, '--limit', '2', '--json', json!)
  assert.equal(other.status, 3, other.stderr)
  assert.match(other.stdout, /to-abstention {2}3 turns {2}100\.0 % \(.*; the answers: 3 right, 0 wrong\n/)
  assert.match(
    other.stdout,
    /\nPinned\n {2}2 turns, 1 broken\n {2}line 2 of the pinned, GREETING: GREETING [\d.]+ % -> handed over: hello\n/,
  )
  assert.match(other.stdout, /\nto-abstention\n(?: {2}line .* -> handed over: .*\n){2} {2}and 1 more: --group to-abstention names all\n/)
  assert.match(other.stdout, /The gate is shut: 1 of 2 pinned turns broke; it costs \d+ more per 1,000 turns\.\n$/)
  assert.doesNotMatch(other.stdout, /undefined|NaN/)
  assert.deepEqual(
    told().changed.map(({ group, place }) => [group, place]),
    [1, 2, 3].map(line => ['to-abstention', `line ${line}`]),
  )
  assert.equal(statSync(json!).mode & 0o077, 0, 'what customers wrote is for its owner alone')

  assert.equal((await compare(deaf!)).status, 2)
  assert.match((await compare('nobodys', turns!)).stderr, /\(UNKNOWN_ENSEMBLE\)/)

  const server = await startServer(data, { env })
  try {
    while (!(await fetch(`${server.url}/readyz`)).ok) await new Promise(resolve => setImmediate(resolve))
    const conversations: string[] = []
    for (const texts of [['thank you so much', 'where is my parcel'], ['hello, it is Ann of 12 Quay Street']]) {
      const visitor = await fetchVisitor(server.url)
      conversations.push(visitor.conversation)
      const line = await joinConversation(server.url, visitor)
      await line.next('state')
      for (const [i, text] of texts.entries()) {
        line.send({ type: 'say', ref: `m${i}`, text })
        await line.next('events', frame => frame.events.some(event => event.type === 'reply'))
      }
      line.socket.close()
    }
    const onLog = (...args: readonly string[]) => compare(deaf!, '--log', '1d', '--url', server.url, ...args)
    const logged = await onLog('--json', json!)
    assert.equal(logged.status, 0, logged.stderr)
    assert.match(logged.stdout, /on 3 turns of 2 conversations;.*\nOf 0 turns it is known what is right/)
    assert.match(logged.stdout, /to-abstention {2}3 turns/)
    assert.match(logged.stdout, /turn \d+: THANKS [\d.]+ % -> handed over: thank you so much\n/)
    assert.ok(readFileSync(json!, 'utf8').includes('Quay Street'))

    const erased = await parley(['conversation', 'erase', conversations[1]!, '--yes', '--url', server.url], { env })
    assert.equal(erased.status, 0, erased.stderr)
    const after = await onLog('--json', json!, '--group', 'to-abstention')
    assert.equal(after.status, 0, after.stderr)
    assert.match(after.stdout, /^2 turns to-abstention: .*\n {2}.*thank you so much\n {2}.*where is my parcel\n$/)
    assert.ok(!readFileSync(json!, 'utf8').includes('Quay Street'))
  } finally {
    await server.stop('SIGTERM')
  }
})
