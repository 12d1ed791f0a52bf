// Puts a rule of the shop before what its system does: a claim for more pieces than it says is not opened, and the customer is sent to a person. It
// votes for the action as well. What is done is done by the engine, once, whatever happens meanwhile; the plugin only says what.
import { abstain, definePlugin, evidence, mutate, refuse, vote } from '@parley/plugin-sdk'

const DAMAGED = /\b(?:dead|broken|spoiled|smashed)\b|死了|碎了|坏了/

export default definePlugin({
  manifest: {
    id: 'template-id',
    version: '0.1.0',
    sdk: '^0.1.0',
    languages: ['zh', 'en'],
    actions: ['COMPENSATE'],
    grants: ['effects'],
    // By their names in the shop's catalogue: what COMPENSATE does there, and what takes it back.
    effects: { 'open-compensation': { undo: 'withdraw-compensation' } },
    // The system in which it is done, and what: docs/mesh.graphql. The fields become the effect's result, which the reply tells.
    sources: ['crm'],
    mutations: {
      open: 'mutation ($order: String!, $count: Int!) { openCase(order: $order, count: $count) { case: number order count amount currency } }',
      withdraw: 'mutation ($case: String!) { withdrawCase(case: $case) { case: number order } }',
    },
    settings: {
      most: { type: 'number', about: 'Pieces for which a claim is opened without a person.', min: 1, default: 6 },
    },
  },

  onTurn({ text }) {
    const damage = DAMAGED.exec(text)?.[0]
    return damage === undefined ? abstain : vote('COMPENSATE', 0.8, { evidence: evidence(damage) })
  },

  // The customer has said yes. From the slots and settings alone: asked again after a crash, it must say the same.
  onAction({ slots: { order, count } }, { settings }) {
    const pieces = Number(count)
    return pieces > settings.most ? refuse('ask-a-person') : mutate('open', { order, count: pieces })
  },

  // The turn was taken back. `result` is what `open` gave.
  undo: ({ result }) => mutate('withdraw', { case: result.case }),
})
