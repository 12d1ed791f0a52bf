// The real commands against a real server: turns of its log out to a file, filled in by two people, and back.
import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parley } from './parley-command.ts'
import { fetchVisitor, joinConversation, makeAgents, openDeskLine, startServer, temporaryFolder } from './running-server.ts'

interface Row {
  readonly conversation: string
  readonly turn: number
  readonly text: string
  readonly why: readonly string[]
  readonly action: string
  readonly thumb?: string
  readonly corrected?: readonly string[]
}

test('[LAB1] [LAB2] [LAB3] [LAB4] [LAB5] turns are labelled by two people, told how far they agree, and gone once they are erased', {
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
  const server = await startServer(data, { env })
  try {
    while (!(await fetch(`${server.url}/readyz`)).ok) await new Promise(resolve => setImmediate(resolve))
    const conversations: string[] = []
    for (const texts of [['thank you so much', 'where is my parcel'], ['it is me, Ann of 12 Quay Street']]) {
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
    const [first, second] = conversations as [string, string]
    const command = (...args: readonly string[]) => parley([...args, '--url', server.url], { env })
    const label = (...args: readonly string[]) => command('ensemble', 'label', ...args)
    const file = join(temp.path, 'rows.jsonl')
    const rows = (): readonly Row[] =>
      readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map(line => JSON.parse(line) as Row) // our own command's output
    const fill = (actions: Readonly<Record<string, string>>, of = rows()): void =>
      writeFileSync(file, of.map(row => `${JSON.stringify({ ...row, action: actions[row.text] ?? '' })}\n`).join(''))

    const back = await command('conversation', 'rollback', first, '--to', '0', '--yes')
    assert.equal(back.status, 0, back.stderr)
    const exported = await label('export', file)
    assert.equal(exported.status, 0, exported.stderr)
    assert.match(exported.stdout, /^3 of 3 turns are in /)
    assert.equal(statSync(file).mode & 0o077, 0)
    const all = rows()
    assert.deepEqual(
      all.filter(({ why }) => why.includes('taken back')).map(({ conversation }) => conversation),
      [first, first],
    )
    const listed = await label('list', '--limit', '1')
    assert.match(listed.stdout, /^\S+ turn \d+, [A-Z_]+, unsure.*: it is me, Ann of 12 Quay Street\nand 2 more: --limit\n$/)

    fill({ 'thank you so much': 'DANCE' })
    const refused = await label('import', file, '--by', 'chen')
    assert.equal(refused.status, 1)
    assert.match(refused.stderr, /rows\.jsonl:\d: error: the shop has no action "DANCE"\n.*TURNS_INVALID/)
    assert.match((await label('agreement')).stdout, /^0 labels of 0 people\n/)

    const ann = all.find(({ text }) => text.includes('Ann'))!.text
    fill({ 'thank you so much': 'THANKS', [ann]: 'GREETING' }, all)
    assert.match((await label('import', file, '--by', 'chen')).stdout, /^2 labels of chen are kept; rows without an action: 1\.\n$/)
    fill({ 'thank you so much': 'THANKS', 'where is my parcel': 'TRACK_ORDER', [ann]: 'OUT_OF_SCOPE' }, [
      ...all,
      { ...all[0]!, turn: 99, text: 'where is my parcel' },
    ])
    const other = await label('import', file, '--by', 'lin')
    assert.match(other.stderr, new RegExp(`${all[0]!.conversation} turn 99: the log does not have it`))
    assert.match(other.stdout, /^3 labels of lin are kept; of turns that are not there: 1\.\n$/)
    const agreement = await label('agreement')
    assert.match(agreement.stdout, /^5 labels of 2 people: chen 2, lin 3\n[\s\S]* {2}chen, lin {2}2 +50\.0 % +0\.33/)
    assert.match(agreement.stdout, /GREETING or OUT_OF_SCOPE {2}1\n/)

    const labelled = await label('export', file, '--labelled')
    assert.match(labelled.stdout, /^2 labelled turns of 1 conversations are in .* 1 are left out: people disagree about them\.\n$/)
    assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), {
      turns: [
        { text: 'thank you so much', action: 'THANKS' },
        { text: 'where is my parcel', action: 'TRACK_ORDER' },
      ],
      lang: 'en',
      source: 'labels',
      conversation: first,
    })

    assert.equal((await command('conversation', 'erase', second, '--yes')).status, 0)
    assert.match((await label('agreement')).stdout, /^3 labels of 2 people: chen 1, lin 2\n/)

    // A thumb of the customer's, and what an agent says at the desk.
    const visitor = await fetchVisitor(server.url)
    const { conversation } = visitor
    const line = await joinConversation(server.url, visitor)
    await line.next('state')
    line.send({ type: 'say', ref: 'm1', text: 'do you ship to the moon' })
    const { events } = await line.next('events', frame => frame.events.some(event => event.type === 'reply'))
    const reply = events.find(event => event.type === 'reply')
    assert.ok(reply?.type === 'reply')
    line.send({ type: 'rate', ref: 'r1', reply: reply.seq, thumb: 'down' })
    await line.next('ack', frame => frame.ref === 'r1')
    line.socket.close()
    const [cookie = ''] = await makeAgents(data, ['Mei Lan'], 'demo')
    const desk = await openDeskLine(server.url, cookie)
    desk.send({ type: 'hello', protocol: 1 })
    await desk.next('welcome')
    desk.send({ type: 'watch', conversation, resumeAfter: null })
    assert.deepEqual((await desk.next('events')).thumbs, [{ reply: reply.seq, thumb: 'down' }])
    desk.send({ type: 'label', conversation, turn: reply.turn, action: 'COUPON_HELP' })
    assert.deepEqual(
      (await desk.next('labels')).labels.map(({ turn, by, isMine, action }) => [turn, by, isMine, action]),
      [[reply.turn, 'Mei_Lan', true, 'COUPON_HELP']],
    )
    desk.socket.close()
    await label('export', file)
    const row = rows().find(each => each.conversation === conversation)
    assert.deepEqual([row?.thumb, row?.corrected, row?.why.slice(-2)], ['down', ['COUPON_HELP'], ['thumbs down', 'corrected']])
    await label('export', file, '--by', 'Mei_Lan')
    assert.ok(!rows().some(each => each.conversation === conversation), 'who said it is done with it')
    assert.match(await (await fetch(`${server.url}/metrics`)).text(), /parley_thumbs_total\{shop="demo",thumb="down"\} 1\n/)
    assert.equal((await command('conversation', 'erase', conversation, '--yes')).status, 0)
    assert.match((await label('agreement')).stdout, /^3 labels of 2 people: chen 1, lin 2\n/)
  } finally {
    await server.stop('SIGTERM')
  }
})
