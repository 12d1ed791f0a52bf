// Hosts whose own program is not ours any more: what they say on the real pipe, behind the real walls, is all that they can do.
import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { systemClock } from '@parley/server/drivers/clock.system.ts'
import { startHost } from '@parley/server/plugin-host/host.ts'
import { ANSWER_LIMIT, FRAME_BYTES, type FromHost, type Guest, HELD_LINE, LINE } from '@parley/server/plugin-host/protocol.ts'
import { createSupervisor, type Result } from '@parley/server/plugin-host/supervisor.ts'
import { PROJECT } from '@parley/server/project.ts'

/** Where a host can read it. */
const FOLDER = join(PROJECT.hostCache, `rogue-${process.pid}`)

/** A program that says `said`, expressions of frames, at once on a line of its own, and stays. */
function programOf(name: string, said: string, line = LINE): string {
  const file = join(FOLDER, `${name}.mjs`)
  const source = `import { writeSync } from 'node:fs'
const head = length => { const bytes = Buffer.alloc(4); bytes.writeUInt32LE(length); return bytes }
const frame = text => Buffer.concat([head(Buffer.byteLength(text)), Buffer.from(text)])
const write = bytes => { for (let at = 0; at < bytes.length; ) try { at += writeSync(${line}, bytes, at) } catch (error) { if (error.code !== 'EAGAIN') throw error } }
${said}
setInterval(() => {}, 1000)`
  writeFileSync(file, source, { mode: 0o644 })
  return file
}

const GUEST: Guest = {
  plugin: 'good',
  runtime: 'typescript',
  code: '',
  settings: '{}',
  grants: [],
  timeoutMs: 200,
  startMs: 100,
  memoryMb: 16,
}

describe('[PLG9] a host that sends what is no message is killed', () => {
  before(() => mkdirSync(FOLDER, { recursive: true, mode: 0o755 }))
  after(() => rmSync(FOLDER, { recursive: true, force: true }))

  /** What it had said before, and how it ended. */
  const play = (program: string): Promise<{ readonly heard: readonly FromHost[]; readonly how: string }> =>
    new Promise(resolve => {
      const heard: FromHost[] = []
      startHost(
        message => heard.push(message),
        how => resolve({ heard, how }),
        program,
      )
    })

  const long = 'x'.repeat(ANSWER_LIMIT + 1)
  const cases: Readonly<Record<string, readonly [said: string, how: RegExp]>> = {
    'a length beyond every limit': ['write(head(0xffffffff))', /a frame of 4294967295 bytes, which is more than/],
    'a length a byte too large': [`write(head(${FRAME_BYTES.fromHost + 1}))`, /which is more than/],
    'what is not JSON': ['write(frame(\'{"type":\'))', /a frame that is not JSON/],
    'bytes that are no text': ['write(Buffer.concat([head(3), Buffer.from([0xff, 0xfe, 0xfd])]))', /a frame that is not JSON/],
    nothing: ['write(head(0))', /a frame that is not JSON/],
    'a message of a kind that is none': ["write(frame(JSON.stringify({ type: 'load' })))", /a message that is none/],
    'a message that only the engine sends': ["write(frame(JSON.stringify({ type: 'ask', rounds: [] })))", /a message that is none/],
    'more than its kind has': ["write(frame(JSON.stringify({ type: 'ready', now: true })))", /a message that is none/],
    'a number that is none': ["write(frame(JSON.stringify({ type: 'answers', generation: 1.5, entry: 0, answers: [] })))", /generation/],
    'a prototype': ['write(frame(\'{"type":"ready","__proto__":{"type":"up"}}\'))', /a message that is none/],
    'lists within lists': ["write(frame('['.repeat(100000) + ']'.repeat(100000)))", /a message that is none|not JSON/],
    'an answer too long': [
      `write(frame(JSON.stringify({ type: 'answers', generation: 1, entry: 0, answers: [{ id: 1, outcome: { type: 'returned', json: ${JSON.stringify(long)} } }] })))`,
      /json/,
    ],
  }
  for (const [what, [said, how]] of Object.entries(cases))
    test(what, async () => {
      const ended = await play(programOf(what.replaceAll(' ', '-'), `write(frame(JSON.stringify({ type: 'up' })))\n${said}`))
      assert.deepEqual(ended.heard, [{ type: 'up' }], 'nothing of it is taken')
      assert.match(ended.how, /SIGKILL.*it sent /)
      assert.match(ended.how, how)
    })

  test('the same on the line of its second thread', async () => {
    const { how } = await play(programOf('second-line', "write(frame('[]'))", HELD_LINE))
    assert.match(how, /SIGKILL.*it sent a message that is none/)
  })
})

test('[PLG9] answers to calls that were not made, of another generation or made twice settle nothing', async () => {
  mkdirSync(FOLDER, { recursive: true, mode: 0o755 })
  // Answers the first call it hears of, last of all; before that in every way that must not count.
  const program = programOf(
    'forger',
    `import { createReadStream } from 'node:fs'
const say = message => write(frame(JSON.stringify(message)))
const answers = (generation, id, json) => say({ type: 'answers', generation, entry: 0, answers: [{ id, outcome: { type: 'returned', json } }] })
let generation = 0, kept = Buffer.alloc(0)
say({ type: 'up' })
createReadStream(null, { fd: ${LINE} }).on('data', piece => {
  kept = Buffer.concat([kept, piece])
  while (kept.length >= 4 && kept.length >= 4 + kept.readUInt32LE()) {
    const length = kept.readUInt32LE()
    const message = JSON.parse(kept.toString('utf8', 4, 4 + length))
    kept = kept.subarray(4 + length)
    if (message.type === 'loaded-all') { generation = message.generation; say({ type: 'ready' }) }
    if (message.type !== 'ask') continue
    const [{ id }] = message.rounds[0].calls
    answers(generation + 1, id, '"of another host"')
    answers(generation - 1, id, '"of the one before"')
    answers(generation, id + 1, '"to a call of later"')
    say({ type: 'held', plugin: 'nobody', entry: 9 })
    say({ type: 'weight', plugin: 'nobody', weight: { cpuMs: 0, heapMb: 0, startMs: 0 } })
    answers(generation, id, '"mine"')
    answers(generation, id, '"once more"')
  }
})`,
  )
  const supervisor = createSupervisor({
    runtime: 'typescript',
    guests: [GUEST],
    observer: {},
    clock: systemClock,
    hosts: 1,
    onUnloadable: () => {},
    program,
  })
  try {
    await supervisor.ready
    const ask = (): Promise<Result> => new Promise(resolve => supervisor.ask('good', { question: '{}' }, resolve))
    for (let call = 0; call < 3; call++) assert.deepEqual(await ask(), { type: 'returned', json: '"mine"' })
  } finally {
    await supervisor.close()
    rmSync(FOLDER, { recursive: true, force: true })
  }
})
