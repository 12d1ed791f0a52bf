// `parley plugin replay`, the command itself, on the turns that a real server has recorded.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parley } from '../e2e/parley-command.ts'
import { fetchVisitor, joinConversation, startServer, temporaryFolder } from '../e2e/running-server.ts'
import { typescriptPlugin, writeFolder } from './harness.ts'

const BODY = (word: string, confidence: number): string =>
  `return text.includes('${word}') ? vote('COMPENSATE', ${confidence}, { evidence: '${word}' }) : abstain`

test('[SDK10] recorded turns through another version: every vote that changes, and every decision that would, is named', {
  timeout: 300_000,
}, async t => {
  const folder = temporaryFolder()
  t.after(folder.remove)
  const plugin = join(folder.path, 'crabs')
  writeFolder(plugin, typescriptPlugin('crabs', BODY('quiet crabs', 0.99)))
  const file = join(folder.path, 'parley.yaml')
  // Nobody comes late here, however busy the machine is.
  writeFileSync(
    file,
    `deadlines: { voters: 10000, plugin: 10000, turn: 20000 }\nshops:\n  - { id: demo, name: Demo, locale: en, pack: retail, plugins: [${JSON.stringify(plugin)}] }\n`,
  )
  const data = join(folder.path, 'data')
  const env = { PARLEY_CONFIG: file, PARLEY_DATA: data }
  const server = await startServer(data, { env })
  try {
    while (!(await fetch(`${server.url}/readyz`)).ok) await new Promise(resolve => setImmediate(resolve))
    const visitor = await fetchVisitor(server.url)
    const line = await joinConversation(server.url, visitor)
    await line.next('state')
    const said = ['what are your hours?', 'about the quiet crabs', 'thanks']
    for (const [i, text] of said.entries()) {
      line.send({ type: 'say', ref: `m${i}`, text })
      await line.next('events', frame => frame.events.some(event => event.type === 'reply'))
    }
    line.socket.close()
    const replay = (...args: string[]) => parley(['plugin', 'replay', plugin, '--url', server.url, ...args], { env })

    const same = await replay()
    assert.equal(same.status, 0, same.stderr)
    assert.match(same.stdout, /^3 turns put to 1\.0\.0-\w+: 3 voted alike, 0 otherwise, 0 would be decided otherwise$/m)

    writeFolder(plugin, typescriptPlugin('crabs', BODY('hours', 0.99)))
    const other = await replay()
    assert.equal(other.status, 0, other.stderr)
    assert.match(
      other.stdout,
      /turn \d+: what are your hours\?\n {2}- abstain {2}\(1\.0\.0-\w+\)\n {2}\+ COMPENSATE 0\.99 «hours» {2}\(1\.0\.0-\w+\)$/m,
    )
    assert.match(
      other.stdout,
      /turn \d+: about the quiet crabs\n {2}- COMPENSATE 0\.99 «quiet crabs» .*\n {2}\+ abstain .*\n {4}decided: COMPENSATE \w+ [\w.]+ -> (?!COMPENSATE)\w+ /m,
    )
    assert.match(other.stdout, /: 1 voted alike, 2 otherwise, [12] would be decided otherwise$/m)

    writeFolder(plugin, typescriptPlugin('crabs', 'if (text.includes("thanks")) return text.nothing.at(0)\nreturn abstain'))
    const failing = await replay('--json')
    assert.equal(failing.status, 1, failing.stderr)
    const lines = failing.stdout
      .trim()
      .split('\n')
      .map(text => JSON.parse(text))
    assert.deepEqual(lines.at(-1), { turns: 3, alike: 1, otherwise: 2, notAsked: 0, decidedOtherwise: 1, failed: 1, damaged: 0 })
    assert.match(lines.find(({ isFailure }) => isFailure).now[0], /^! .*plugin\.ts:\d+/)

    const none = await replay('--since', '0m')
    assert.match(none.stdout, /^0 turns put to/m)
    assert.equal((await replay('--since', 'yesterday')).status, 2)
  } finally {
    await server.stop('SIGTERM')
  }
})
