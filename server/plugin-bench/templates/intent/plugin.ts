// Tells two intents apart that share their words: an invoice wanted, and an invoice that is wrong. Each has signs for it and signs against
// it, and the confidence grows with what was seen. Better silent than wrong: without enough signs it abstains.
import { abstain, definePlugin, evidence, vote } from '@parley/plugin-sdk'
import { INTENTS } from './signs.ts'

export default definePlugin({
  manifest: {
    id: 'template-id',
    version: '0.1.0',
    sdk: '^0.1.0',
    languages: ['zh', 'en'],
    actions: ['INVOICE_REQUEST', 'COMPLAINT'],
    settings: {
      leastSigns: { type: 'number', about: 'Signs that must be there before it votes.', min: 1, max: 5, default: 2 },
    },
  },

  // `text` comes normalised: lower case, simplified characters, half width. At most 50 ms, at once, and from the turn alone.
  onTurn({ text, language }, { settings }) {
    const votes = INTENTS.flatMap(({ action, signs, against }) => {
      if (against[language].test(text)) return []
      const seen = signs[language].flatMap(sign => sign.exec(text)?.[0] ?? [])
      if (seen.length < settings.leastSigns) return []
      return [vote(action, Math.min(0.5 + 0.15 * seen.length, 0.9), { evidence: evidence(...seen) })]
    })
    // Both would add up to more than 1: it is not sure, so it says nothing.
    return votes.length === 1 ? votes : abstain
  },
})
