// Votes for what a word of size is about: EXCHANGE_REQUEST where the piece is there and does not fit, PRODUCT_INFO where it is asked about.
// One of the bench's five plugins.
import { abstain, definePlugin, vote } from '@parley/plugin-sdk'

const SIZE = { zh: /[大小]了?(一|两)?[码号]|尺[码寸]|码数/, en: /\b(size|sizes|too (big|small|tight|loose))\b/ }
const UNFIT = { zh: /太[大小紧松]|换(大|小|一)|穿不[上下]/, en: /\b(too (big|small|tight|loose)|swap|exchange|doesn't fit)\b/ }

export default definePlugin({
  manifest: {
    id: 'size-words',
    version: '1.0.0',
    sdk: '^0.1.0',
    languages: ['zh', 'en'],
    actions: ['EXCHANGE_REQUEST', 'PRODUCT_INFO'],
  },
  onTurn({ text, language }) {
    if (!SIZE[language].test(text)) return abstain
    return UNFIT[language].test(text) ? vote('EXCHANGE_REQUEST', 0.7) : vote('PRODUCT_INFO', 0.5)
  },
})
