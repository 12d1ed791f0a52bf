// Three nodes are one shop: who may sign in, which ensemble decides, which articles answer. What is done at one, or by a command while nobody serves, holds at
// all.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { until } from '../contracts/jobs.ts'
import { parley } from '../e2e/parley-command.ts'
import { noHouse, openHouse, type ParleyNode } from './house-of-nodes.ts'

const PASSWORD = 'crab soup at nine'
const SHIPPED = readFileSync(new URL('../../ensembles/shipped/retail.yaml', import.meta.url), 'utf8')

test('[ACC8] [ROW1] [ROW4] what is done at one node holds at the others, and what a command did while nobody served', {
  skip: noHouse,
  timeout: 180_000,
}, async t => {
  const house = await openHouse({ nodes: 3 })
  t.after(() => house.remove())
  const [one, two, three] = house.nodes as [ParleyNode, ParleyNode, ParleyNode]
  const folder = dirname(one.data)
  const at = async (node: ParleyNode, args: readonly string[], input = ''): Promise<string> => {
    const env = { PARLEY_CONFIG: join(folder, 'parley.yaml'), PARLEY_DATA: node.data }
    const { status, stdout, stderr } = await parley(args, { env, input })
    assert.equal(status, 0, `${args.join(' ')}: ${stderr}`)
    return stdout
  }
  assert.match(await at(three, ['agent', 'add', 'Anna', '--password-stdin'], PASSWORD), /shared by all nodes/)
  writeFileSync(join(folder, 'ours.yaml'), SHIPPED.replace(/^version: \d+$/m, 'version: 90'))
  await at(two, ['ensemble', 'add', join(folder, 'ours.yaml')])
  await Promise.all(house.nodes.map(node => node.start()))

  const session = (node: ParleyNode, method: string, cookie = '', body?: object): Promise<Response> =>
    fetch(`${node.url}/v1/desk/session`, {
      method,
      headers: { cookie, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    })
  const signIn = async (node: ParleyNode): Promise<string> => {
    const answer = await session(node, 'POST', '', { shop: 'demo', name: 'Anna', password: PASSWORD })
    assert.equal(answer.status, 200, await answer.text())
    return answer.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  }
  const statusAt = async (node: ParleyNode, cookie: string): Promise<number> => (await session(node, 'GET', cookie)).status
  const cookie = await signIn(one)
  for (const node of house.nodes) assert.equal(await statusAt(node, cookie), 200)
  const signedOutAt = performance.now()
  assert.ok((await session(two, 'DELETE', cookie)).ok)
  assert.equal(await statusAt(two, cookie), 401)
  for (const node of [one, three]) await until(async () => (await statusAt(node, cookie)) === 401)
  t.diagnostic(`a sign-out held everywhere ${Math.round(performance.now() - signedOutAt)} ms after it was asked for`)
  const again = await signIn(three)
  await until(async () => (await statusAt(one, again)) === 200)
  await at(one, ['agent', 'remove', 'Anna', '--yes'])
  for (const node of house.nodes) await until(async () => (await statusAt(node, again)) === 401)

  // An ensemble that was kept at one node is put in force at another, and decides at a third.
  await at(one, ['ensemble', 'promote', 'retail@90', '--why', 'try', '--url', one.url])
  const key = house.secret.keyFor('operator').toString('hex')
  const operator = async (node: ParleyNode, path: string): Promise<string> =>
    (await fetch(`${node.url}/v1/operator${path}`, { headers: { authorization: `Bearer ${key}` } })).text()
  for (const node of house.nodes) await until(async () => (await operator(node, '/ensembles')).includes('retail@90'))
  // And articles.
  const help = join(folder, 'samovar.md')
  writeFileSync(help, '# How do I light a samovar?\n\nFill it with water, then light the pine cones in its pipe.\n')
  await at(three, ['knowledge', 'add', help, '--url', three.url])
  for (const node of house.nodes) await until(async () => (await operator(node, '/shops/demo/knowledge')).includes('samovar'))
  // What is in force outlives all nodes, and a node begins with it that has never run.
  await Promise.all(house.nodes.map(node => node.signal('SIGKILL')))
  await two.start()
  assert.match(await operator(two, '/ensembles'), /retail@90/)
  assert.match(await operator(two, '/shops/demo/knowledge'), /samovar/)
})
