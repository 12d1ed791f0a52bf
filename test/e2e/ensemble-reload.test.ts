import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Decision } from '@parley/core/pipeline/decision.ts'
import { loadSecret } from '@parley/server/secret.ts'
import { fetchVisitor, joinConversation, startServer, temporaryFolder } from './running-server.ts'

const SHIPPED = readFileSync(new URL('../../ensembles/shipped/retail.yaml', import.meta.url), 'utf8')

test('[ENS8] a bad ensemble is refused with the path of the fault and the old one stays in force; a good one takes over', async () => {
  const data = temporaryFolder()
  const file = join(data.path, 'mine.yaml')
  const config = join(data.path, 'parley.yaml')
  writeFileSync(file, SHIPPED)
  writeFileSync(config, `shops: [{ id: demo, plugins: [fresh-goods], ensemble: ${JSON.stringify(file)} }]\n`)
  const server = await startServer(data.path, { env: { PARLEY_CONFIG: config, PARLEY_LOG_LEVEL: 'info' } })
  try {
    const visitor = await fetchVisitor(server.url)
    const line = await joinConversation(server.url, visitor)
    await line.next('welcome')
    let turns = 0
    const versionOfNextTurn = async (): Promise<string | undefined> => {
      line.send({ type: 'say', ref: `m${turns++}`, text: 'hello' })
      await line.next('events', frame => frame.events.some(event => event.type === 'reply'))
      const key = loadSecret(data.path).keyFor('operator').toString('hex')
      const answer = await fetch(`${server.url}/v1/operator/shops/demo/conversations/${visitor.conversation}/decisions`, {
        headers: { authorization: `Bearer ${key}` },
      })
      return ((await answer.json()) as { decisions: Decision[] }).decisions.at(-1)?.ensemble // our own server's answer
    }
    const logged = (pattern: RegExp): Promise<void> =>
      new Promise(resolve => {
        const look = (): void => {
          if (!pattern.test(server.stderr())) return
          server.process.stderr?.off('data', look)
          resolve()
        }
        server.process.stderr?.on('data', look)
        look()
      })
    const first = await versionOfNextTurn()
    writeFileSync(file, SHIPPED.replace('zh: ', 'zh: -'))
    server.process.kill('SIGHUP')
    await logged(/mine\.yaml: voters\.keyword\.weight\.zh: /)
    assert.equal(await versionOfNextTurn(), first)
    assert.match(await (await fetch(`${server.url}/metrics`)).text(), /parley_faults_total\{code="ENSEMBLE_INVALID"\} 1/)
    writeFileSync(file, `${SHIPPED}\n# the next version\n`)
    server.process.kill('SIGHUP')
    await logged(/ensembles are read again/)
    assert.notEqual(await versionOfNextTurn(), first)
    line.socket.close()
  } finally {
    await server.stop('SIGTERM')
    data.remove()
  }
})
