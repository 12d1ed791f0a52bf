// What must not stand in the examples of a pack, each problem with the two places that it is about.

export interface ExampleLine {
  readonly locale: string
  readonly action: string
  /** `en/GREETING.txt:12` */
  readonly at: string
  readonly text: string
}

/** Fewest examples an action and language. */
export const FEWEST = 200

/**
 * A text that stands twice in a language; one that stands under two actions in any, capital letters, blanks and marks aside ("Alright?" is
 * "alright"; a text of marks alone is compared mark by mark); an action with fewer than `fewest` texts in a language.
 */
export function problemsOf(lines: readonly ExampleLine[], fewest: number): readonly string[] {
  const problems: string[] = []
  const byText = new Map<string, ExampleLine>()
  const byLetters = new Map<string, ExampleLine>()
  const counts = new Map<string, number>()
  for (const line of lines) {
    const { locale, action, at, text } = line
    const plain = text.normalize('NFKC').toLowerCase().trim()
    const letters = plain.replace(/[^\p{L}\p{N}]+/gu, '') || plain
    const twin = byText.get(`${locale} ${plain}`)
    const like = byLetters.get(letters)
    if (like && like.action !== action) problems.push(`${at} ${text} stands under ${like.action} too, at ${like.at} ${like.text}`)
    else if (twin) problems.push(`${at} ${text} stands at ${twin.at} already`)
    if (!twin) {
      byText.set(`${locale} ${plain}`, line)
      counts.set(`${locale}/${action}`, (counts.get(`${locale}/${action}`) ?? 0) + 1)
    }
    if (!like) byLetters.set(letters, line)
  }
  for (const [file, count] of counts) if (count < fewest) problems.push(`${file}.txt has ${count} different examples, fewer than ${fewest}`)
  return problems
}
