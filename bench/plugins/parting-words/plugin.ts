// Votes THANKS or GOODBYE where a message is that and nothing more. One of the bench's five plugins.
import { abstain, definePlugin, vote } from '@parley/plugin-sdk'

const WORDS = {
  zh: { thanks: /^(好的?[,，。!]?)?(多谢|谢谢|感谢)(你|您|啦|了)?[。!~]?$/, bye: /^(再见|拜拜|88|回头见)[。!~]?$/ },
  en: { thanks: /^(ok(ay)?,? )?(thanks|thank you|cheers)( a lot| so much)?[.!]?$/, bye: /^(bye|goodbye|see you|have a nice day)[.!]?$/ },
}

export default definePlugin({
  manifest: { id: 'parting-words', version: '1.0.0', sdk: '^0.1.0', languages: ['zh', 'en'], actions: ['THANKS', 'GOODBYE'] },
  onTurn({ text, language }) {
    const words = WORDS[language]
    if (words.thanks.test(text)) return vote('THANKS', 0.95)
    return words.bye.test(text) ? vote('GOODBYE', 0.95) : abstain
  },
})
