// The whole server with plugins that mean harm beside an honest one: every turn is answered in time, the honest vote counts, the host comes back.
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Decision } from '@parley/core/pipeline/decision.ts'
import { loadSecret } from '@parley/server/secret.ts'
import { fetchVisitor, joinConversation, startServer, temporaryFolder } from './running-server.ts'

const HOSTILE: Readonly<Record<string, string>> = {
  loops: 'while (true) {}',
  fills: 'Array(1e9).fill(0)',
  splits: '"x".repeat(2 ** 29 - 24).split("")',
  throws: 'throw new Error("on purpose")',
  floods: 'return [{ action: "GREETING", confidence: 1, evidence: "x".repeat(100 * 1024 * 1024) }]',
  babbles: 'return { then: 7, votes: [[[]]], action: 12, confidence: "very" }',
}

test('[PLG1] [PLG2] [PLG4] [PLG5] turns go on beside plugins that loop, swell, crash, throw, flood and babble', {
  timeout: 240_000,
}, async () => {
  const data = temporaryFolder()
  const plugins = Object.entries(HOSTILE).map(([name, body]) => {
    const folder = join(data.path, name)
    mkdirSync(folder)
    const manifest = { id: name, version: '1.0.0', sdk: '^0.1.0', languages: ['zh', 'en'], actions: '*' }
    // Harmful only when told to, so that each is met in a turn of its own.
    writeFileSync(
      join(folder, 'plugin.ts'),
      `import { definePlugin } from '@parley/plugin-sdk'
export default definePlugin({ manifest: ${JSON.stringify(manifest)}, onTurn(turn) { if (!turn.text.includes(${JSON.stringify(name)})) return null; ${body}; return null } } as never)
`,
    )
    return folder
  })
  const config = join(data.path, 'parley.yaml')
  writeFileSync(config, `shops: [{ id: demo, plugins: ${JSON.stringify(['fresh-goods', ...plugins])} }]\n`)
  const server = await startServer(data.path, { env: { PARLEY_CONFIG: config } })
  try {
    const ready = async (): Promise<boolean> => (await fetch(`${server.url}/readyz`)).ok
    while (!(await ready())) await new Promise(resolve => setImmediate(resolve))
    const visitor = await fetchVisitor(server.url)
    const key = loadSecret(data.path).keyFor('operator').toString('hex')
    let turns = 0
    let last = 0
    const decide = async (text: string): Promise<{ decision: Decision; ms: number }> => {
      // A connection of its own: one may not say as much as is said here while a host is away.
      const line = await joinConversation(server.url, visitor)
      await line.next('welcome')
      const at = performance.now()
      line.send({ type: 'say', ref: `m${turns++}`, text })
      const { events } = await line.next('events', frame => frame.events.some(event => event.type === 'reply' && event.seq > last))
      const ms = performance.now() - at
      line.socket.close()
      last = events.at(-1)!.seq // the reply is among them
      const answer = await fetch(`${server.url}/v1/operator/shops/demo/conversations/${visitor.conversation}/decisions`, {
        headers: { authorization: `Bearer ${key}` },
      })
      return { decision: ((await answer.json()) as { decisions: Decision[] }).decisions.at(-1)!, ms } // our own server's answer to a turn that was just replied to
    }
    const honest = (decision: Decision): boolean => decision.votes.some(v => v.voter === 'plugin:fresh-goods' && !v.abstained)
    for (const name of Object.keys(HOSTILE)) {
      const { decision, ms } = await decide(`收到的螃蟹死了怎么赔 ${name}`)
      const ballot = decision.votes.find(v => v.voter === `plugin:${name}`)
      assert.equal(ballot?.abstained, true, `${name}: ${JSON.stringify(ballot)}`)
      assert.notEqual(ballot?.reason, 'silent', name)
      assert.ok(ms < 3_000, `${name}: the turn took ${ms} ms`)
      assert.ok(
        decision.votes.some(v => v.voter !== `plugin:${name}` && !v.abstained),
        `${name}: the others' votes count`,
      )
      // The host is back: the honest plugin votes again. One plugin after another takes the reserve too before the next is ready, so that this
      // takes as long as the machine needs for a host; how soon the reserve takes over is seen in test/plugin-host/lifecycle.test.ts.
      while (!honest((await decide('收到的螃蟹死了怎么赔')).decision));
    }
  } finally {
    await server.stop('SIGTERM')
    data.remove()
  }
})
