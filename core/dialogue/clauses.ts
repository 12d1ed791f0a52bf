// Cuts a message that may hold two requests into its clauses, so that each can be asked about. Most messages hold one and are not cut: a request
// with its story before or behind it is one request.

/** Begins another matter. */
const LINK =
  /另外|oh[, ]+and\b|还有(?!多久|多少|几|没|货|吗|什么|问题)|顺便|顺带|对了[,，]|再问|再帮|再查|还想|还要(?!多久|等|几)|同时|by the way|btw|also\b|another (?:thing|question)|one more (?:thing|question)|and (?:also|can you|could you|how|when|where|what|please|i (?:want|would like|also))|plus[, ]|besides[, ]|on top of that|while you're at it/
/** Ends a clause: a full stop and its kin, or what begins another matter. A comma alone does not: it stands within most requests. */
const CUT = new RegExp(`(?<=[。！？!?;；\\n]|\\.(?=\\s))|[,，、\\s]*(?=(?:${LINK.source}))`, 'gu')
const STARTS_LINKED = new RegExp(`^(?:${LINK.source})`, 'u')
/** Asks or demands something, rather than telling what happened. */
const REQUEST =
  /[?？]\s*$|[吗呢么]\s*[。！!]?\s*$|怎么|怎样|如何|什么时候|多少|多久|哪[里儿个些]|能不能|可不可以|是不是|有没有|帮我|帮忙|我要|我想|想问|请问|麻烦|给我|^(?:can|could|would|will|how|when|where|what|which|who|why|do|does|did|is|are|please|help|i (?:want|need|would like|'d like)|i'd like|tell me|send me)\b/u

/** Shortest clause that can be a request: letters and characters, blanks not counted. */
const LEAST = { zh: 4, en: 9 } as const
const MOST = 3

/** The clauses of a normalised text in order; empty unless at least two of them may be requests. */
export function clausesOf(text: string, language: 'zh' | 'en'): readonly string[] {
  if (text.length < 2 * LEAST[language] || text.length > 400) return []
  const clauses = text
    .split(CUT)
    .map(clause => clause.trim())
    .filter(clause => clause.replace(/[\s\p{P}]/gu, '').length >= LEAST[language])
  const isLinked = clauses.slice(1).some(clause => STARTS_LINKED.test(clause))
  const requests = clauses.filter(clause => REQUEST.test(clause))
  if (clauses.length < 2 || (!isLinked && requests.length < 2)) return []
  // With a link any clause may be a request; without one only those that ask.
  return (isLinked ? clauses : requests).slice(0, MOST)
}
