// Votes STORE_INFO where the opening hours or the way to the shop are asked for. One of the bench's five plugins: small, and honest work.
import { abstain, definePlugin, vote } from '@parley/plugin-sdk'

const ASKED = {
  zh: /几点(开门|关门|营业|下班)|营业时间|门店(在哪|地址)|周[末日六]开/,
  en: /\b(opening hours|what time do you (open|close)|are you open|where is your (shop|store))\b/,
}

export default definePlugin({
  manifest: { id: 'opening-hours', version: '1.0.0', sdk: '^0.1.0', languages: ['zh', 'en'], actions: ['STORE_INFO'] },
  onTurn: ({ text, language }) => (ASKED[language].test(text) ? vote('STORE_INFO', 0.9) : abstain),
})
