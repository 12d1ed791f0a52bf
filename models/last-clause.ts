// The last clause of a message, which tells by itself what many messages are about: what stands before it is the story, the thanks, or what is not wanted.

/** Ends a clause, or begins one that turns against what stands before it. */
const CUT = {
  zh: /[,，。.!！?？;；:：、~…\n]+|(?=就是|但是|可是|不过|只是|只想|就问|就想)/u,
  en: /[,.;:!?\n]+\s|[.!?]+$|\s(?=but\s|just\s|only\s|though\b|so\s)|\s[-–—]\s/u,
} as const
/** Fewer letters or characters are no clause. */
const LEAST = { zh: 3, en: 6 } as const

/** Of a normalised text; undefined where it has only one. */
export function lastClause(text: string, language: 'zh' | 'en'): string | undefined {
  const clauses = text
    .split(CUT[language])
    .map(clause => clause.trim())
    .filter(clause => clause.replace(/[\s\p{P}]/gu, '').length >= LEAST[language])
  return clauses.length > 1 ? clauses.at(-1) : undefined
}
