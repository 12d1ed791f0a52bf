import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Decision } from '@parley/core/pipeline/decision.ts'
import type { ConversationView, RollbackView } from '@parley/server/http/conversation-view.ts'
import { MAIN, type Outcome, parley } from './parley-command.ts'
import { fetchVisitor, joinConversation, NODE_FLAGS, startServer, temporaryFolder } from './running-server.ts'

test('--help everywhere', async () => {
  for (const args of [
    ['--help'],
    ['serve', '--help'],
    ['chat', '--help'],
    ['ask', '--help'],
    ['config', '--help'],
    ['config', 'check', '--help'],
    ['conversation', '--help'],
    ['conversation', 'show', '--help'],
    ['conversation', 'rollback', '--help'],
    ['conversation', 'erase', '--help'],
    ['customer', '--help'],
    ['customer', 'show', '--help'],
    ['customer', 'export', '--help'],
    ['customer', 'erase', '--help'],
    ['erasures', '--help'],
    ['jobs', '--help'],
    ['jobs', 'list', '--help'],
    ['jobs', 'retry', '--help'],
    ['jobs', 'cancel', '--help'],
    ['webhooks', '--help'],
    ['webhooks', 'list', '--help'],
    ['webhooks', 'deliveries', '--help'],
    ['webhooks', 'replay', '--help'],
    ['webhooks', 'enable', '--help'],
    ['webhooks', 'secret', '--help'],
    ['shop', '--help'],
    ['shop', 'identity-key', '--help'],
    ['pack', '--help'],
    ['pack', 'check', '--help'],
    ['pack', 'examples', '--help'],
    ['train', '--help'],
    ['models', '--help'],
    ['models', 'list', '--help'],
    ['models', 'show', '--help'],
    ['models', 'use', '--help'],
    ['models', 'rollback', '--help'],
    ['plugin', '--help'],
    ['plugin', 'new', '--help'],
    ['plugin', 'dev', '--help'],
    ['plugin', 'test', '--help'],
    ['plugin', 'check', '--help'],
  ]) {
    const { status, stdout } = await parley(args)
    assert.equal(status, 0, args.join(' '))
    assert.match(stdout, /Usage: parley/)
  }
})

test('wrong use: exit status 2 and one clear line', async () => {
  for (const [args, pattern] of [
    [['sing'], /unknown command 'sing'/],
    [['ask'], /either a TEXT or --file/],
    [['ask', 'x', '--locale', 'fr'], /--locale.*zh-CN, en/s],
    [['ask', 'x', '--color'], /unknown option '--color'/],
    [['conversation', 'show', '-H7aaaaaaaaaaaaaaaaaaa'], /where that is an id, put it at the end, behind "--": … -- -H7a/],
    [['ask', '--file', 'x'], /--json/],
    [['serve', '--port', 'eighty'], /whole number from 0 to 65535/],
    [['jobs', 'list', '--state', 'done'], /--state.*waiting, running, failed/s],
    [['jobs', 'retry'], /missing required argument 'id'/],
    [['plugin', 'new', 'Not A Name'], /lower-case words joined by hyphens/],
    [['plugin', 'new', 'x', '--template', 'lisp'], /keyword, intent, effect, python/],
    [['plugin', 'check', '.', '--settings', '[1]'], /settings are written/],
    [['conversation', 'rollback', 'c'], /--to/],
    [['conversation', 'rollback', 'c', '--to', 'x'], /whole number from 0/],
    [['conversation', 'rollback', 'c', '--to', '1'], /--yes/],
    [['conversation', 'erase', 'c'], /--yes/],
    [['customer', 'erase', 'c', '--json'], /--yes/],
    [['customer', 'export'], /customer/],
  ] as const) {
    const { status, stderr, stdout } = await parley(args)
    assert.equal(status, 2, args.join(' '))
    assert.match(stderr, pattern)
    assert.match(stderr, /^parley: /)
    assert.equal(stdout, '')
  }
})

test('ask --json prints the decision, with shares that add up to the scores', async () => {
  const { status, stdout, stderr } = await parley(['ask', '螃蟹死了怎么赔', '--json'])
  assert.equal(status, 0, stderr)
  const decision = JSON.parse(stdout) as Decision // checked below
  assert.deepEqual(Object.keys(decision).sort(), [
    'action',
    'breakdown',
    'confidence',
    'disposition',
    'ensemble',
    'how',
    'locale',
    'ms',
    'quickReplies',
    'ranking',
    'reply',
    'signals',
    'slots',
    'template',
    'turnSeq',
    'versions',
    'votes',
  ])
  assert.equal(decision.action, 'COMPENSATE')
  assert.equal(decision.template, 'compensate.fresh')
  for (const { action, score } of decision.ranking) {
    assert.equal(
      decision.breakdown.filter(s => s.action === action).reduce((sum, s) => sum + s.share, 0),
      score,
    )
  }
  assert.deepEqual(
    decision.votes.map(v => v.voter),
    ['keyword', 'intent', 'sentiment', 'knowledge', 'plugin:fresh-goods', 'plugin:complaint-analyzer'],
  )
})

test('ask --file: one decision a line in the same order; a broken line is named and loses nothing before it', async () => {
  const folder = temporaryFolder()
  try {
    const texts = Array.from({ length: 300 }, (_, i) =>
      i % 3 === 0 ? `螃蟹怎么蒸好吃 ${i}` : i % 3 === 1 ? `where is my refund ${i}` : `你好 ${i}`,
    )
    const good = join(folder.path, 'turns.jsonl')
    writeFileSync(good, texts.map(text => JSON.stringify({ text })).join('\n'))
    const all = await parley(['ask', '--file', good, '--json'])
    assert.equal(all.status, 0, all.stderr)
    const decisions = all.stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as Decision) // our own output
    assert.deepEqual(
      decisions.map(d => d.turnSeq),
      texts.map((_, i) => i + 1),
    )
    for (const [i, decision] of decisions.entries()) assert.equal(decision.locale, i % 3 === 1 ? 'en' : 'zh-CN')
    assert.deepEqual(
      decisions.flatMap(d => d.votes.filter(v => v.reason === 'late' || v.reason === 'failed').map(v => `${d.turnSeq} ${v.voter}`)),
      [],
      'every voter was heard',
    )

    const broken = join(folder.path, 'broken.jsonl')
    writeFileSync(broken, '{"text":"hello"}\n{"text":"你好"}\n{"text":\n{"text":"never"}\n')
    const some = await parley(['ask', '--file', broken, '--json'])
    assert.equal(some.status, 1)
    assert.match(some.stderr, /broken\.jsonl:3: it is not JSON \(TURNS_INVALID\)/)
    assert.equal(some.stdout.trim().split('\n').length, 2)
    const missing = await parley(['ask', '--file', join(folder.path, 'none.jsonl'), '--json'])
    assert.equal(missing.status, 1)
    assert.match(missing.stderr, /not there/)
  } finally {
    folder.remove()
  }
})

test('config check names file, place and reason; config doc prints every setting', async () => {
  assert.match((await parley(['config', 'check'])).stdout, /The configuration is good/)
  const folder = temporaryFolder()
  try {
    writeFileSync(join(folder.path, 'parley.yaml'), 'shops:\n  - id: demo\n    costs: { clarify: -1 }\n')
    const bad = await parley(['config', 'check'], { cwd: folder.path })
    assert.equal(bad.status, 1)
    assert.match(bad.stderr, /^parley: parley\.yaml: shops\.0\.costs\.clarify: .*CONFIG_INVALID/)
    for (const [costs, path] of [
      ['handoff: -7', 'handoff'],
      ['handoff: { minutes: 6, hours: [{ from: 25, to: 8, more: 1 }] }', 'handoff\\.hours\\.0\\.from'],
      ['handoff: { minutes: 6, waiting: [{ from: 5, mode: 1 }] }', 'handoff\\.waiting\\.0'],
      ['handoff: { minute: 1 }', 'handoff\\.minutes'],
    ]) {
      writeFileSync(join(folder.path, 'parley.yaml'), `shops:\n  - id: demo\n    costs: { ${costs} }\n`)
      const wrong = await parley(['config', 'check'], { cwd: folder.path })
      assert.match(wrong.stderr, new RegExp(`^parley: parley\\.yaml: shops\\.0\\.costs\\.${path}.*CONFIG_INVALID`))
    }
    writeFileSync(join(folder.path, 'parley.yaml'), 'shops: [{ id: demo, timeZone: Mars/Base }]\n')
    assert.match((await parley(['config', 'check'], { cwd: folder.path })).stderr, /shops\.0\.timeZone: it is no time zone/)
    const port = await parley(['config', 'check'], { env: { PORT: 'eighty' } })
    assert.match(port.stderr, /^parley: PORT: port: /)
  } finally {
    folder.remove()
  }
  const doc = (await parley(['config', 'doc'])).stdout
  for (const word of ['port: 8080', 'PARLEY_DATA', 'emergencyPhone', 'wrongAnswer: 10']) assert.ok(doc.includes(word), word)
})

test('serve: one engine owns a data folder, a taken port is named, Ctrl-C drains and stops in under 5 s', async () => {
  const data = temporaryFolder()
  try {
    const server = await startServer(data.path)
    const second = await parley(['serve', '--port', '0'], { env: { PARLEY_DATA: data.path } })
    assert.equal(second.status, 1)
    assert.match(second.stderr, /DATA_IN_USE/)
    const other = temporaryFolder()
    const taken = await parley(['serve', '--port', String(server.port)], { env: { PARLEY_DATA: other.path } })
    other.remove()
    assert.equal(taken.status, 1)
    assert.match(taken.stderr, /PORT_IN_USE/)
    const asked = performance.now()
    assert.deepEqual(await server.stop('SIGINT'), [0, null])
    assert.ok(performance.now() - asked < 5_000, 'the promise of five seconds')
  } finally {
    data.remove()
  }
})

test('chat: a conversation in the terminal, with the votes when asked for', async () => {
  const data = temporaryFolder()
  const server = await startServer(data.path)
  try {
    const { status, stdout, stderr } = await chatUntil(
      ['chat', '--url', server.url, '--trace'],
      data.path,
      '螃蟹死了怎么赔\n',
      /keyword .*COMPENSATE/,
    )
    assert.equal(status, 0, stderr)
    assert.match(stdout, /不新鲜/)
    assert.match(stdout, /COMPENSATE · (?:answer|ask_slot) · compensate\.fresh/)
  } finally {
    await server.stop('SIGTERM')
    data.remove()
  }
  const none = await parley(['chat', '--url', 'http://127.0.0.1:9'])
  assert.equal(none.status, 1)
  assert.match(none.stderr, /SERVER_UNREACHABLE/)
})

test('[RB1] [RB2] conversation: shown, taken back, and brought back', async () => {
  const data = temporaryFolder()
  const server = await startServer(data.path)
  try {
    const visitor = await fetchVisitor(server.url)
    const line = await joinConversation(server.url, visitor)
    await line.next('welcome')
    for (const [ref, text] of [
      ['m1', '你好'],
      ['m2', '螃蟹死了怎么赔'],
    ] as const) {
      line.send({ type: 'say', ref, text })
      await line.next('events', frame => frame.events.some(event => event.type === 'reply'))
    }
    const run = (...args: string[]) =>
      parley(['conversation', args[0] ?? '', visitor.conversation, ...args.slice(1), '--url', server.url], {
        env: { PARLEY_DATA: data.path },
      })
    const shown = await run('show')
    assert.equal(shown.status, 0, shown.stderr)
    assert.match(shown.stdout, /^\+ 2 {2}\d{4}-.* {2}message +你好$/m)
    const view = async (): Promise<ConversationView> => JSON.parse((await run('show', '--json')).stdout) as ConversationView // checked below
    const standing = async (): Promise<number[]> => (await view()).events.flatMap(({ seq, isShown }) => (isShown ? [seq] : []))
    const before = await view()
    const [first, second] = [before.events.find(({ text }) => text === '你好'), before.events.findLast(({ type }) => type === 'reply')]
    const all = await standing()
    assert.equal(all.length, 4)
    const toSeq = all[1] ?? 0
    const back = await run('rollback', '--to', String(toSeq), '--reason', 'the wrong shop', '--yes')
    assert.equal(back.status, 0, back.stderr)
    assert.match(back.stdout, /^- \d+ .* message +螃蟹死了怎么赔\n- \d+ .* reply .*\nConversation .* is as it was after \d+\.\n$/)
    await line.next('events', frame => frame.whole === true && frame.after === toSeq && frame.events.length === 0)
    assert.deepEqual(await standing(), all.slice(0, 2))
    assert.match((await view()).events.at(-1)?.text ?? '', /^to \d+ by operator: the wrong shop$/)
    const again = await run('rollback', '--to', String(second?.seq), '--yes', '--json')
    assert.deepEqual(
      (JSON.parse(again.stdout) as RollbackView).returns.map(({ seq }) => seq), // checked here
      all.slice(2),
    )
    await line.next('events', frame => frame.whole === true && frame.after === toSeq && frame.events.length === 2)
    assert.deepEqual(await standing(), all)
    const beyond = await run('rollback', '--to', '4711', '--yes')
    assert.equal(beyond.status, 1)
    assert.match(beyond.stderr, /^parley: that can't be taken back: 4711 is beyond the end: .*\(ROLLBACK_INVALID\)/)
    const unknown = await parley(['conversation', 'show', 'nobody', '--url', server.url], { env: { PARLEY_DATA: data.path } })
    assert.match(unknown.stderr, /UNKNOWN_CONVERSATION/)
    const other = temporaryFolder()
    const stranger = await parley(['conversation', 'show', visitor.conversation, '--url', server.url], { env: { PARLEY_DATA: other.path } })
    other.remove()
    assert.match(stranger.stderr, /PARLEY_DATA/)
    assert.ok(first && !stranger.stdout.includes(first.text))
    line.socket.close()
  } finally {
    await server.stop('SIGTERM')
    data.remove()
  }
})

/** Types a line, waits until the pattern is shown, then leaves. */
function chatUntil(args: readonly string[], data: string, input: string, pattern: RegExp): Promise<Outcome> {
  const child = spawn(process.execPath, [...NODE_FLAGS, MAIN, ...args], { env: { ...process.env, PARLEY_DATA: data } })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', chunk => {
    stdout += chunk
    if (pattern.test(stdout)) child.stdin.end()
  })
  child.stderr.on('data', chunk => {
    stderr += chunk
  })
  child.stdin.write(input)
  return new Promise(resolve => child.once('close', status => resolve({ status, stdout, stderr })))
}
