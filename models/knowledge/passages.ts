// Cuts a text into passages that can be quoted: whole paragraphs as long as they fit, sentences where one paragraph is too long. Every passage stands in
// the text, letter for letter.
import { LONGEST_PASSAGE } from './article.ts'

/** None of them is blank. */
export function passagesOf(text: string): readonly string[] {
  const passages: string[] = []
  let open = { start: 0, end: 0 }
  const close = (): void => {
    const passage = text.slice(open.start, open.end).trim()
    if (passage !== '') passages.push(passage)
  }
  for (const { start, end } of piecesOf(text)) {
    if (open.end > open.start && text.slice(open.start, end).trim().length > LONGEST_PASSAGE) {
      close()
      open = { start, end }
    } else open = { start: open.end > open.start ? open.start : start, end }
  }
  close()
  return passages
}

interface Span {
  readonly start: number
  readonly end: number
}

/** Paragraphs; of one that is too long its sentences; of a sentence that is too long, stretches. In order, without a gap. */
function* piecesOf(text: string): Generator<Span> {
  for (const paragraph of spansOf(text, { start: 0, end: text.length }, /\n[^\S\n]*\n/g)) {
    if (isShort(paragraph)) yield paragraph
    else
      for (const sentence of spansOf(text, paragraph, /[。！？；…]+|[.!?]+(?=\s)|\n/g)) {
        if (isShort(sentence)) yield sentence
        else yield* stretchesOf(text, sentence)
      }
  }
}

const isShort = ({ start, end }: Span): boolean => end - start <= LONGEST_PASSAGE

/** Never cut between the halves of one character. */
function* stretchesOf(text: string, { start, end }: Span): Generator<Span> {
  let from = start
  while (from < end) {
    const most = Math.min(end, from + LONGEST_PASSAGE)
    const to = most < end && /[\udc00-\udfff]/.test(text.charAt(most)) ? most - 1 : most
    yield { start: from, end: to }
    from = to
  }
}

function* spansOf(text: string, { start, end }: Span, ends: RegExp): Generator<Span> {
  let from = start
  for (const match of text.slice(start, end).matchAll(ends)) {
    const to = start + match.index + match[0].length
    yield { start: from, end: to }
    from = to
  }
  if (from < end) yield { start: from, end }
}
