// The agents and the cases of the console's tests: a shop in the middle of a working day.
import type { DeskOrder, HandoffCard } from '@parley/core/protocol/desk-message.ts'
import type { FakeAgent, FakeConversation, FakeDesk } from './fake-desk.ts'

export const CHEN: FakeAgent = { id: 'a-chen', name: 'Chen', password: 'crab apple' }
export const QIAN: FakeAgent = { id: 'a-qian', name: 'Qian', password: 'pear blossom', isSupervisor: true }
export const LIU: FakeAgent = { id: 'a-liu', name: 'Liu', password: 'plum tree' }

export const COMPENSATE: FakeConversation['about'] = {
  reason: 'doubt',
  action: 'COMPENSATE',
  label: { 'zh-CN': '破损赔付', en: 'Damaged goods' },
  urgency: 0.8,
  mood: -0.7,
  locale: 'zh-CN',
}

export const REFUND: FakeConversation['about'] = {
  reason: 'asked',
  action: 'REFUND_STATUS',
  label: { 'zh-CN': '退款进度', en: 'Refund status' },
  urgency: 0.4,
  mood: -0.25,
  locale: 'en',
}

export const CARD: HandoffCard = {
  reason: 'doubt',
  at: 1_700_000_000_000,
  action: 'COMPENSATE',
  label: COMPENSATE.label,
  confidence: 0.58,
  ranking: [
    { action: 'COMPENSATE', probability: 0.58 },
    { action: 'REFUND_STATUS', probability: 0.21 },
    { action: 'COMPLAINT', probability: 0.12 },
    { action: 'RETURN_REQUEST', probability: 0.05 },
  ],
  votes: [
    {
      voter: 'keyword',
      abstained: false,
      share: 1.42,
      votes: [{ action: 'COMPENSATE', confidence: 0.82, evidence: '死了 … 赔' }],
    },
    {
      voter: 'intent',
      abstained: false,
      share: 0.67,
      votes: [
        { action: 'COMPENSATE', confidence: 0.55 },
        { action: 'REFUND_STATUS', confidence: 0.24 },
      ],
    },
    { voter: 'fresh-goods', abstained: false, share: -0.18, votes: [{ action: 'COMPLAINT', confidence: 0.3, evidence: '三只' }] },
    { voter: 'complaint-analyzer', abstained: true, reason: 'late', votes: [] },
  ],
  labels: {
    COMPENSATE: COMPENSATE.label,
    REFUND_STATUS: REFUND.label,
    COMPLAINT: { 'zh-CN': '投诉', en: 'A complaint' },
    RETURN_REQUEST: { 'zh-CN': '退货', en: 'A return' },
  },
  fused: {
    beside: [
      { what: 'prior', share: -2.1 },
      { what: 'mood', share: 0.34 },
      { what: 'repeats', share: 0 },
      { what: 'a-later-one', share: 0.12 },
    ],
    score: 0.27,
  },
  moods: [0.1, -0.2, -0.45, -0.7],
  risks: ['mood-falling', 'second-claim-this-week'],
  tried: [
    { turn: 1, action: 'COMPENSATE', disposition: 'ask_slot', template: 'ask.order' },
    { turn: 4, action: 'COMPENSATE', disposition: 'clarify', template: 'clarify' },
  ],
  slots: { order: '2024-881', count: '3' },
  effects: [{ name: 'open-compensation', state: 'undo-failed', result: { case: 'CP-1007', amount: '¥264.00' }, reason: 'already-paid' }],
}

export const ORDERS: DeskOrder[] = [
  {
    number: '2024-881',
    placedOn: '2024-10-02',
    status: 'delivered',
    items: [
      { name: '阳澄湖大闸蟹 4 两', quantity: 8 },
      { name: '姜醋汁', quantity: 2 },
    ],
    total: '¥ 698.00',
  },
  { number: '2024-702', placedOn: '2024-09-11', status: 'delivered', items: [{ name: '青岛海盐', quantity: 1 }], total: '¥ 19.90' },
]

const text = (words: string) => ({ parts: [{ kind: 'text' as const, text: words }] })
export const customer = (words: string) => ({ type: 'message' as const, ref: `c${words.length}-${words.codePointAt(0)}`, ...text(words) })
export const bot = (words: string, turn = 1) => ({ type: 'reply' as const, turn, locale: 'zh-CN' as const, ...text(words) })

/** Two agents; `crab` is pressing and has a card, `refund` came first and is calmer. */
export function fillHouse(desk: FakeDesk): void {
  for (const agent of [CHEN, LIU, QIAN]) desk.agents.set(agent.name, agent)
  desk.actions.push(...Object.entries(CARD.labels).map(([action, label]) => ({ action, label })))
  desk.add('refund', REFUND)
  desk.append('refund', customer('Where is my refund? I want a person.'))
  desk.queue('refund')
  desk.add('crab', COMPENSATE, CARD, ORDERS)
  desk.append('crab', customer('螃蟹死了怎么赔'))
  desk.append('crab', bot('非常抱歉！请告诉我订单号，我马上为您核实。'))
  desk.append('crab', customer('2024-881，死了三只'))
  desk.skip('crab')
  desk.append('crab', bot('您是想要赔付，还是想退款？', 3))
  desk.append('crab', customer('你们到底管不管！三只都死了'))
  desk.queue('crab')
}
