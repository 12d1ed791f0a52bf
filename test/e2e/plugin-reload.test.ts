// The real server takes other plugins and other settings while customers write: no socket is closed, no turn goes without its vote.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Decision } from '@parley/core/pipeline/decision.ts'
import { loadSecret } from '@parley/server/secret.ts'
import { typescriptPlugin, writeFolder } from '../plugin-host/harness.ts'
import { parley } from './parley-command.ts'
import { fetchVisitor, joinConversation, startServer, temporaryFolder } from './running-server.ts'

const CUSTOMERS = 6
/** Below the limit of one connection's messages. */
const TURNS_OF_A_CONVERSATION = 5

test('[PLG6] settings, an update and a removal reach a server under load without a lost turn, vote or socket', {
  timeout: 180_000,
}, async () => {
  const data = temporaryFolder()
  for (const id of ['one', 'two'])
    writeFolder(
      join(data.path, id),
      typescriptPlugin(id, "return vote('PRODUCT_INFO', settings.sure)", {
        manifest: "settings: { sure: { type: 'number', about: 'How sure.', default: 0.1 } }",
      }),
    )
  const config = join(data.path, 'parley.yaml')
  const configure = (plugins: readonly string[], settings: object): void =>
    writeFileSync(
      config,
      JSON.stringify({
        deadlines: { voters: 10_000, plugin: 10_000, turn: 30_000 }, // a busy machine makes nobody late
        limits: { visitorsPerMinute: 1_000_000 },
        shops: [{ id: 'demo', plugins: plugins.map(id => join(data.path, id)), pluginSettings: settings }],
      }),
    )
  configure(['one', 'two'], {})
  const env = { PARLEY_CONFIG: config, PARLEY_LOG_LEVEL: 'info' }
  const server = await startServer(data.path, { env })
  try {
    while (!(await fetch(`${server.url}/readyz`)).ok) await new Promise(resolve => setImmediate(resolve))
    const key = loadSecret(data.path).keyFor('operator').toString('hex')
    const operator = (path: string, method = 'GET'): Promise<Response> =>
      fetch(`${server.url}/v1/operator${path}`, { method, headers: { authorization: `Bearer ${key}` } })
    const begin = async () => {
      const visitor = await fetchVisitor(server.url)
      const line = await joinConversation(server.url, visitor)
      await line.next('welcome')
      let turns = 0
      return {
        async say(): Promise<void> {
          line.send({ type: 'say', ref: `m${turns++}`, text: 'hello' })
          await line.next('events', frame => frame.events.some(event => event.type === 'reply')) // a lost turn never comes to this
        },
        async end(): Promise<readonly Decision[]> {
          line.socket.close()
          const answer = await operator(`/shops/demo/conversations/${visitor.conversation}/decisions`)
          const { decisions } = (await answer.json()) as { readonly decisions: readonly Decision[] } // our own server's answer
          assert.equal(decisions.length, turns)
          return decisions
        },
      }
    }
    let isOver = false
    const customer = async (): Promise<readonly Decision[]> => {
      const decisions: Decision[] = []
      while (!isOver) {
        const conversation = await begin()
        for (let turn = 0; turn < TURNS_OF_A_CONVERSATION; turn++) await conversation.say()
        decisions.push(...(await conversation.end()))
      }
      return decisions
    }
    const steady = await begin()
    await steady.say()
    const customers = Promise.all(Array.from({ length: CUSTOMERS }, customer))

    configure(['one', 'two'], { one: { sure: 0.3 } })
    server.process.kill('SIGHUP')
    await server.logged(/the plugins are read again/, 1)
    writeFolder(join(data.path, 'two'), typescriptPlugin('two', "return vote('PRODUCT_INFO', 0.45)"))
    server.process.kill('SIGHUP')
    await server.logged(/the plugins are read again/, 2)

    const before: unknown = await (await operator('/plugins')).json()
    configure(['one', 'two'], { one: { sure: 'very' } })
    const refused = await operator('/plugins/reload', 'POST')
    assert.equal(refused.status, 400)
    assert.match(await refused.text(), /PLUGIN_INVALID.*sure/)
    assert.deepEqual(await (await operator('/plugins')).json(), before, 'nothing has changed')

    configure(['one'], { one: { sure: 0.3 } })
    const said = await parley(['plugin', 'reload', '--url', server.url], { env: { ...env, PARLEY_DATA: data.path } })
    assert.match(said.stdout, /^demo: one 1\.0\.0-[0-9a-f]{12}\+[0-9a-f]{8}\n$/)
    isOver = true
    await steady.say()
    const decisions = [...(await customers).flat(), ...(await steady.end())]
    assert.ok(!decisions.at(-1)?.votes.some(({ voter }) => voter === 'plugin:two'))

    const votesOf = (id: string): ReadonlySet<string> =>
      new Set(
        decisions.flatMap(({ votes }) =>
          votes.filter(({ voter }) => voter === `plugin:${id}`).map(({ votes: [vote], reason }) => String(vote?.confidence ?? reason)),
        ),
      )
    assert.deepEqual([...votesOf('one')].sort(), ['0.1', '0.3'])
    assert.deepEqual([...votesOf('two')].sort(), ['0.1', '0.45'])
    assert.ok(decisions.every(({ votes }) => votes.some(({ voter }) => voter === 'plugin:one')))
    assert.doesNotMatch(server.stderr(), /plugin host has died/)
  } finally {
    await server.stop('SIGTERM')
    data.remove()
  }
})
