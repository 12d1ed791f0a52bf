// What a reply tells the customer to write leads to what the reply says it is for. The words stand in quotation marks in the templates; every one
// that is there must be in the list, and the real voters must understand it.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { asCustomerId } from '@parley/core/ids.ts'
import { workOut } from '@parley/core/pipeline/pipeline.ts'
import { outsideConversation } from '@parley/core/pipeline/turn.ts'
import { type Brain, createBrain } from '@parley/server/brain.ts'
import { readConfig } from '@parley/server/config.ts'
import { createLogger } from '@parley/server/logger.ts'
import { PROJECT } from '@parley/server/project.ts'

const LEADS_TO = {
  'zh-CN': {
    转人工: 'HUMAN_AGENT',
    撤回上一条: 'RECALL_MESSAGE',
    退款到哪了: 'REFUND_STATUS',
    退款到账了吗: 'REFUND_STATUS',
    显示签收但没收到: 'LOST_PARCEL',
    没收到货: 'LOST_PARCEL',
    怎么还不发货: 'DELIVERY_DELAY',
    还没送到: 'DELIVERY_DELAY',
    查物流: 'TRACK_ORDER',
    查一下我的包裹: 'TRACK_ORDER',
    我要退货: 'RETURN_REQUEST',
    '东西坏了，要赔付': 'COMPENSATE',
    '坏了 1 件，要赔付': 'COMPENSATE',
  },
  en: {
    'talk to a person': 'HUMAN_AGENT',
    'take back my last message': 'RECALL_MESSAGE',
    'where is my refund': 'REFUND_STATUS',
    'has my refund arrived': 'REFUND_STATUS',
    "it says delivered but I don't have it": 'LOST_PARCEL',
    "it's late": 'DELIVERY_DELAY',
    'where is my order': 'TRACK_ORDER',
    'track my order': 'TRACK_ORDER',
    'where is my parcel': 'TRACK_ORDER',
    'I want to return it': 'RETURN_REQUEST',
    'I want to return this': 'RETURN_REQUEST',
    'it arrived damaged': 'COMPENSATE',
    '1 arrived damaged': 'COMPENSATE',
  },
} as const

/** Quoted as well: answers to a question of the bot's, and what the shop's pages call their parts. */
const OTHERS =
  /^(?:是|不用|要|1|3 件|3|yes|no|.* → .*|忘记密码|去结算|商品说明|安装服务|到货提醒|无货|附近门店|Forgot password|Checkout|Details|Installation|Stores|My orders|我的订单|Tell me when it's back)$/i

let brain: Brain
before(async () => {
  const config = readConfig({})
  // Deadlines are another test's matter: here every voter is heard, however busy the machine is.
  brain = await createBrain({ ...config, deadlines: { ...config.deadlines, voters: 10_000 } }, createLogger('error'))
  await brain.plugins.ready
})
after(() => brain.close())

for (const locale of ['zh-CN', 'en'] as const) {
  const leadsTo: Readonly<Record<string, string>> = LEADS_TO[locale]

  test(`every quoted word of the templates is known here, and none besides, in ${locale}`, () => {
    const folder = join(PROJECT.packs, 'retail/templates', locale)
    const sources = readdirSync(folder).map(file => readFileSync(join(folder, file), 'utf8').replace(/\{%.*?%\}/gs, ''))
    const quoted = new Set(
      sources.flatMap(source => [...source.matchAll(/“([^”{]+)”|"([^"{]+)"/g)].map(([, han, latin]) => han ?? latin ?? '')),
    )
    assert.deepEqual([...quoted].filter(words => !OTHERS.test(words)).sort(), Object.keys(leadsTo).sort())
  })

  for (const [text, action] of Object.entries(leadsTo))
    test(`«${text}» leads to ${action}`, async () => {
      const shop = brain.shops.get('demo')! // the default configuration has it
      const received = { ...outsideConversation, shop: shop.id, customer: asCustomerId('test'), turn: 1, upTo: 1, texts: [text], locale }
      const decision = await workOut(received, shop, brain.stages, new AbortController().signal)
      assert.equal(decision.action, action)
      assert.equal(decision.disposition, action === 'HUMAN_AGENT' ? 'handoff' : 'answer')
    })
}
