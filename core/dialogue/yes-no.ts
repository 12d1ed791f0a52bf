// Whether a whole message is a yes or a no, by its words. What is longer than that is the voters' to understand.

/** Particles and courtesies that change nothing about a yes or a no. */
const AROUND = /^(?:[\s,.!?~，。！？、…]|(?:那|嗯+|哦|噢|啊|well|um+|oh)(?=\S))+|[\s,.!?~，。！？、…]+$/gu
const TAIL = /(?:的|了|吧|啊|呀|哦|噢|呢|哈|啦|嘛|谢谢|谢了|麻烦(?:你|您)?(?:了)?|please|pls|thanks?|thank you|then)$/u

const YES =
  /^(?:是|对|好|行|可以|要|需要|嗯|嗯嗯|恩|中|成|没错|没问题|正确|确认|确定|同意|就这样|就是(?:这个|它)?|办|登记|继续|来|请便|好滴|好嘞|ok|okay|k|yes|yep|yeah|yup|ya|y|sure|of course|certainly|absolutely|correct|right|that'?s right|go ahead|go on|do it|please do|confirm(?:ed)?|sounds good|fine|alright|all right|continue|👍|👌|🆗|✅)+$/u
const NO =
  /^(?:不|否|别|不用|不要|不是|不对|不行|不好|不需要|不必|不了|不想|不继续|没有|没|算|先不|先不用|先不要|暂时不|暂时不用|取消|停|罢|免|no|nope|nah|n|not? (?:really|now|yet|thanks?|thank you)|no (?:thanks?|thank you|need)|never ?mind|don'?t|do not|forget it|cancel|stop|none|neither|none of (?:them|these)|都不是|都不对|👎|❌)+$/u

/** `text` is normalised. */
export function readYesNo(text: string): 'yes' | 'no' | null {
  let core = text.replace(AROUND, '')
  for (let shorter = core.replace(TAIL, '').replace(AROUND, ''); shorter !== core && shorter !== ''; ) {
    if (YES.test(core)) return 'yes'
    if (NO.test(core)) return 'no'
    core = shorter
    shorter = core.replace(TAIL, '').replace(AROUND, '')
  }
  const plain = core.replace(/[\s,，、]+/gu, core.match(/[a-z]/) ? ' ' : '')
  if (plain === '' || plain.length > 24) return null
  const words = plain.split(' ').filter(Boolean)
  const isAll = (pattern: RegExp): boolean => pattern.test(plain) || (words.length > 1 && words.every(word => pattern.test(word)))
  if (isAll(NO)) return 'no'
  return isAll(YES) ? 'yes' : null
}
