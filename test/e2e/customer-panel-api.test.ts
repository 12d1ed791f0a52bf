// GET /v1/desk/conversations/ID/customer of a real server: who gets what of whom.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { CustomerPanel } from '@parley/core/protocol/customer-panel.ts'
import { type MeshHouse, openMeshHouse } from './mesh-house.ts'
import type { Visitor } from './running-server.ts'

let house: MeshHouse
let lin: Visitor
let shen: Visitor
const closing: (() => unknown)[] = []

before(async () => {
  house = await openMeshHouse({ after: (close?: unknown) => closing.unshift(close as () => unknown) } as never) // of a context only `after` is used
  ;[lin, shen] = await Promise.all([house.wantsPerson('demo-lin'), house.wantsPerson('123')])
})
after(async () => {
  for (const close of closing) await close()
})

interface Told {
  readonly status: number
  readonly headers: Headers
  readonly body: CustomerPanel & { readonly code?: string }
}

async function ask(conversation: string, headers: Record<string, string>): Promise<Told> {
  const response = await fetch(`${house.url}/v1/desk/conversations/${conversation}/customer`, { headers })
  return { status: response.status, headers: response.headers, body: (await response.json()) as Told['body'] } // our own server's answer
}

const agent = (n: 0 | 1 | 2): Record<string, string> => ({ cookie: house.cookies[n], origin: house.url })

test('[MESH29] an agent sees the customer of the conversation and nobody else, in the language that is asked for', async () => {
  for (const who of [0, 1] as const) {
    const { status, headers, body } = await ask(shen.conversation, { ...agent(who), 'accept-language': 'zh-CN,zh;q=0.9' })
    assert.equal(status, 200)
    assert.equal(headers.get('cache-control'), 'no-store')
    const { name, city, orders } = body.data.customer as { name: string; city: string; orders: { number: string }[] } // as the file asks
    assert.deepEqual([name, city], ['沈一帆', '苏州'])
    assert.deepEqual(new Set(orders.map(({ number }) => number)), new Set(['2024-123', '2024-124', '2024-125', '2024-126']))
    assert.equal(body.fields[0]?.fields?.find(({ key }) => key === 'orders')?.title, '订单')
  }
  const other = await ask(lin.conversation, agent(0))
  assert.doesNotMatch(JSON.stringify(other.body.data), /2024-12[3-6]|沈/)
})

test('[MESH29] who may not see the conversation sees nothing of its customer', async () => {
  const of = async (conversation: string, headers: Record<string, string>) => {
    const { status, body } = await ask(conversation, headers)
    assert.equal(body.data, undefined)
    return [status, body.code]
  }
  assert.deepEqual(await of(shen.conversation, {}), [401, 'TOKEN_INVALID'])
  assert.deepEqual(await of(shen.conversation, { cookie: 'parley_desk=x' }), [401, 'TOKEN_INVALID'])
  assert.deepEqual(await of(shen.conversation, { cookie: house.cookies[0], origin: 'https://evil.example' }), [403, 'ORIGIN_REFUSED'])
  assert.deepEqual(await of(shen.conversation, agent(2)), [404, 'MESH_MISSING'])
  assert.deepEqual(await of('nobody', agent(0)), [404, 'UNKNOWN_CONVERSATION'])
  assert.deepEqual(await of('a%2Fb', agent(0)), [400, 'FRAME_INVALID'])
})

test('[MESH29] a customer whom the systems do not know is null, and one who was erased is gone', async () => {
  const stranger = await house.wantsPerson('stranger')
  const before = await ask(stranger.conversation, agent(0))
  assert.deepEqual([before.status, before.body.data, before.body.gaps], [200, { customer: null }, []])
  const erased = await fetch(`${house.url}/v1/operator/shops/demo/customers/stranger`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${house.operatorKey}` },
  })
  assert.equal(erased.status, 200)
  const gone = await ask(stranger.conversation, agent(0))
  assert.deepEqual([gone.status, gone.body.code, gone.body.data], [410, 'CONVERSATION_ERASED', undefined])
})

test('[MESH29] a system that is down costs its own parts, and what it gave before stands in, marked as old', async () => {
  await ask(shen.conversation, agent(0))
  await house.services.knob('warehouse', { failure: 'error' })
  await house.services.knob('crm', { failure: 'drop' })
  const { body } = await ask(shen.conversation, agent(0))
  await house.services.knob('warehouse', { failure: 'none' })
  await house.services.knob('crm', { failure: 'none' })
  const text = JSON.stringify(body)
  assert.doesNotMatch(text, /127\.0\.0\.1|token-of/)
  assert.deepEqual(new Set(body.stale.map(({ source }) => source)), new Set(['CRM', 'warehouse']))
  assert.ok(body.stale.every(({ ageMs }) => ageMs >= 0))
  assert.deepEqual(
    new Set(body.gaps.map(({ source, isPassing }) => `${source} ${isPassing}`)),
    new Set(['CRM true']),
    'refunds, cases, coupons',
  )
  assert.ok(
    body.gaps.every(({ path }) => /refund|cases|coupons/.test(path.join('.'))),
    text,
  )
})

test('[MESH29] who asks without end is told to wait', async () => {
  const statuses = new Set<number>()
  for (let n = 0; n < 40; n++) statuses.add((await ask('nobody', agent(1))).status)
  assert.ok(statuses.has(429), [...statuses].join())
})
