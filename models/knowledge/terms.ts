// The words of a text as the index has them: English ones by their stem, Chinese ones as single characters and pairs, since nothing there says where a
// word ends. What stands in every question and tells none from another is left out.
import { stemmer } from 'stemmer'

/** Of a text that `normaliseText` gave; in order, with repeats. */
export function termsOf(text: string): string[] {
  const terms: string[] = []
  for (const [run] of text.matchAll(/\p{Script=Han}+|[\p{L}\p{N}']+/gu)) {
    if (HAN.test(run)) addHan([...run], terms)
    else {
      const word = run.replace(/'s$/, '').replaceAll("'", '')
      if (word !== '' && !COMMON.has(word)) terms.push(stemmer(word))
    }
  }
  return terms
}

const HAN = /\p{Script=Han}/u

function addHan(characters: readonly string[], terms: string[]): void {
  for (const [i, character] of characters.entries()) {
    const next = characters[i + 1]
    const isCommon = COMMON_HAN.has(character)
    if (!isCommon) terms.push(character)
    if (next !== undefined && !(isCommon && COMMON_HAN.has(next))) terms.push(character + next)
  }
}

const COMMON = new Set(
  `a an the is are was be been am do does did to of in on at for it its i my me you your we our this that these those with and or if can could should
  would will may how what when where which who why there here have has had so not no them they he she as by from up out about get got one any some just`.split(
    /\s+/,
  ),
)
const COMMON_HAN = new Set('的了吗呢吧啊呀么我你他她它是在有和就也都要不能可以怎什多少几咋')
