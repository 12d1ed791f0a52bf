// The clauses of a message, and what the language alone says of each: whether it asks, denies, or turns against what stands before it. What a customer tells,
// thanks for or rules out stands beside the wish, and counts for as much to a model that reads the message whole.
import type { Language } from '@parley/plugin-sdk/vocabulary.ts'

export interface Clause {
  /** Without the mark behind it. */
  readonly text: string
  readonly isFirst: boolean
  readonly isLast: boolean
  readonly asks: boolean
  /** It rules something out, or says that it is settled. */
  readonly isDenied: boolean
  readonly turns: boolean
}

/** Ends a clause, or begins one that turns against what stands before it. */
const CUT = {
  zh: /[,，。.!！?？;；:：、~…\n]+|(?=就是|但是|可是|不过|只是|只想|就问|就想|可惜|话说)/gu,
  en: /[,.;:!?\n]+\s|[.!?]+$|\s(?=but\s|just\s|only\s|though\b|so\s|however\b|because\s)|\s[-–—]+\s|\.{2,}/gu,
} as const
/** Fewer letters or characters are no clause. */
const LEAST = { zh: 2, en: 4 } as const

const DENIES = {
  zh: /^(?:我|我们|这|也|都|又|可|并|真|倒|那|您|你|先)*(?:不是|不要|不用|不想|不需要|不打算|不问|不找|不退|不换|没要|没说|没想|没有|没|别|不|无需|甭|无关)|(?:不用|不要|不必)了?$|没(?:问题|事|坏|丢|碎)|(?:解决|处理|弄好|搞定)了|不提了|不说了/u,
  en: /^(?:(?:well|and|so|please|ok|okay|honestly|look|hi|hello) )*(?:(?:not|no|never|without|forget|i'm not|i am not|it's not|it is not|it isn't|this isn't|this is not|that's not|don't|do not|i don't|i do not|i didn't|i haven't|i won't|i can't|i wouldn't|we don't|nor) |nothing|nobody|none|neither)|\b(?:isn't|aren't|wasn't|not) (?:the|my|about|a) |\b(?:is|was|are|were) (?:fine|sorted|settled|ok|okay|done)|\bno (?:problem|issue|trouble)|\balready\b/u,
} as const
const TURNS = {
  zh: /^(?:就是|但是|但|可是|不过|只是|只想|就问|就想|可惜|话说|而是|是问|我是|我要|我问)/u,
  en: /^(?:but|just|only|though|however|i only|i just|i want|i'd like|i need|i ask|i'm asking|asking|need)\b/u,
} as const
const ASKS = {
  zh: /吗|呢|么$|怎么|怎样|什么|啥|多少|几|哪|谁|能不能|可以|可不可以|有没有|是不是|能否|咋|为何|多久|多长/u,
  en: /^(?:can|could|do|does|did|is|are|will|would|may|has|have|any)\b|\b(?:what|when|where|who|why|how|which|please)\b/u,
} as const

/** Of a text that `normaliseText` gave, in order; one at most where it has but one. */
export function clausesOf(text: string, language: Language): readonly Clause[] {
  const parts = partsOf(text, language)
  return parts.map(({ text, mark }, i) => {
    const asks = mark.includes('?')
    return {
      text,
      isFirst: i === 0,
      isLast: i === parts.length - 1,
      asks: asks || ASKS[language].test(text),
      isDenied: !asks && DENIES[language].test(text),
      turns: TURNS[language].test(text),
    }
  })
}

/** A mark behind what is too short for a clause goes to the clause before it. */
function partsOf(text: string, language: Language): readonly { text: string; mark: string }[] {
  const parts: { text: string; mark: string }[] = []
  const add = (from: number, to: number, mark: string): void => {
    const part = text.slice(from, to).trim()
    const last = parts.at(-1)
    if (part.replace(/[\s\p{P}]/gu, '').length >= LEAST[language]) parts.push({ text: part, mark })
    else if (last) last.mark += mark
  }
  let from = 0
  for (const { 0: mark, index } of text.matchAll(CUT[language])) {
    if (index === 0 && mark === '') continue
    add(from, index, mark)
    from = index + mark.length
  }
  add(from, text.length, '')
  return parts
}
