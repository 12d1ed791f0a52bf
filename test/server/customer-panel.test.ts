// How many questions of an agent about a conversation are under way at once: counted at a panel that answers when it is told to.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asAgentId, asCustomerId } from '@parley/core/ids.ts'
import type { CustomerPanel } from '@parley/core/protocol/customer-panel.ts'
import type { Scope } from '@parley/mesh/upstream/scope.ts'
import type { CustomerPanelParts } from '@parley/server/http/desk-customer.ts'
import { registerCustomerPanel } from '@parley/server/http/desk-customer.ts'
import Fastify from 'fastify'

const EMPTY: CustomerPanel = { fields: [], data: {}, gaps: [], stale: [] }

test('[MESH29] of an agent and a conversation one question is under way at most, in the scope of its customer', async t => {
  const asked: { readonly scope: Scope; answer(): void; fail(): void }[] = []
  const panel = {
    query: '',
    ask: (scope: Scope) =>
      new Promise<CustomerPanel>((resolve, reject) =>
        asked.push({ scope, answer: () => resolve(EMPTY), fail: () => reject(new Error('it broke')) }),
      ),
  }
  const parts = {
    meshes: { of: async () => ({ panel }), customerIn: (_shop: string, customer: string) => `known-${customer}` },
    deskSessions: { personOf: async (cookie: string) => ({ id: asAgentId(cookie), name: cookie, shop: 'demo', role: 'agent' }) },
    engine: { desk: { customerOf: async ({ conversation }: { conversation: string }) => asCustomerId(`of-${conversation}`) } },
    clock: { monotonic: () => 0, now: () => 0, after: () => () => {} },
  } as unknown as CustomerPanelParts // as much of each as is used there
  const http = Fastify()
  t.after(() => http.close())
  registerCustomerPanel(http, parts)
  await http.ready()
  const ask = (cookie: string, conversation: string, locale = 'en') =>
    http.inject({ url: `/v1/desk/conversations/${conversation}/customer`, headers: { cookie, 'accept-language': locale } })
  const whenAsked = async (count: number): Promise<void> => {
    while (asked.length < count) await new Promise(resolve => setImmediate(resolve))
  }

  const same = [ask('ann', 'a'), ask('ann', 'a'), ask('ann', 'a')]
  const others = [ask('bo', 'a'), ask('ann', 'b'), ask('ann', 'a', 'zh-CN')]
  await whenAsked(4)
  assert.deepEqual(
    asked.map(({ scope }) => `${scope.customer} ${scope.locale}`),
    ['known-of-a en', 'known-of-a en', 'known-of-b en', 'known-of-a zh-CN'],
  )
  for (const { answer } of asked) answer()
  for (const answer of await Promise.all([...same, ...others])) assert.deepEqual([answer.statusCode, answer.json()], [200, EMPTY])
  assert.equal(asked.length, 4)

  const broken = [ask('ann', 'a'), ask('ann', 'a')]
  await whenAsked(5)
  asked[4]?.fail()
  for (const answer of await Promise.all(broken)) assert.equal(answer.statusCode, 500)
  const again = ask('ann', 'a')
  await whenAsked(6)
  asked[5]?.answer()
  assert.equal((await again).statusCode, 200, 'one that failed does not stand in the way')
})
