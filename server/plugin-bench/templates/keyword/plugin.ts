// Votes when one of the shop's words is there. Begin here: change the words, the action, and what golden.txt expects.
import { abstain, definePlugin, evidence, vote } from '@parley/plugin-sdk'

export default definePlugin({
  manifest: {
    id: 'template-id',
    version: '0.1.0',
    sdk: '^0.1.0',
    languages: ['zh', 'en'],
    actions: ['DELIVERY_INFO'],
    settings: {
      words: {
        type: 'strings',
        about: 'Words that mean it, in small letters and simplified characters.',
        default: ['click and collect', '自提'],
      },
      confidence: { type: 'number', about: 'How often such a vote is right.', min: 0, max: 1, default: 0.8 },
    },
  },

  // `text` comes normalised: lower case, simplified characters, half width.
  onTurn({ text }, { settings }) {
    const word = settings.words.find(each => text.includes(each))
    return word === undefined ? abstain : vote('DELIVERY_INFO', settings.confidence, { evidence: evidence(word) })
  },
})
