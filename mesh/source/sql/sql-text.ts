// Reads the text of a statement as far as we have to: where its parameters are, and whether it is one statement that reads. Texts, quoted names and
// comments are left as they are, so that nothing in them is taken for a parameter or a keyword.

export type Dialect = 'postgres' | 'sqlite'

export interface Token {
  readonly kind: 'comment' | 'space' | 'quoted' | 'parameter' | 'foreign' | 'word' | 'end' | 'other'
  readonly text: string
  /** Where it begins. */
  readonly at: number
}

/** In both dialects. `foreign` are other ways of writing a parameter. */
const COMMON = String.raw`(?<comment>--[^\n]*)|(?<space>\s+)|(?<cast>::)|:(?<parameter>[A-Za-z_]\w*)|(?<end>;)`
const TEXT = `'(?:[^']|'')*'|"(?:[^"]|"")*"`
const WORD = String.raw`(?<word>[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)|(?<number>\d[\w.]*)|(?<other>[\s\S])`
const PATTERNS: Readonly<Record<Dialect, RegExp>> = {
  postgres: new RegExp(
    String.raw`${COMMON}|(?<quoted>[eE]'(?:[^'\\]|''|\\[\s\S])*'|${TEXT}|\$(?<tag>[A-Za-z_]\w*)?\$[\s\S]*?\$\k<tag>\$)|(?<foreign>\$\d+)|${WORD}`,
    'y',
  ),
  sqlite: new RegExp(
    String.raw`${COMMON}|(?<quoted>${TEXT}|${'`(?:[^`]|``)*`'}|\[[^\]]*\])|(?<foreign>\?\d*|[@$][A-Za-z_]\w*)|${WORD}`,
    'y',
  ),
}

export function tokensOf(text: string, dialect: Dialect): readonly Token[] {
  const tokens: Token[] = []
  const pattern = PATTERNS[dialect]
  for (let at = 0; at < text.length; ) {
    if (text.startsWith('/*', at)) {
      const end = endOfComment(text, at, dialect === 'postgres')
      tokens.push({ kind: 'comment', text: text.slice(at, end), at })
      at = end
      continue
    }
    pattern.lastIndex = at
    const groups = pattern.exec(text)?.groups ?? {}
    const found = text.slice(at, pattern.lastIndex) // the last alternative is any character
    const kind = (['comment', 'space', 'parameter', 'quoted', 'foreign', 'word', 'end'] as const).find(each => groups[each] !== undefined)
    tokens.push({ kind: kind ?? 'other', text: found, at })
    at = pattern.lastIndex
  }
  return tokens
}

/** PostgreSQL's comments may have others within. */
function endOfComment(text: string, from: number, isNested: boolean): number {
  let depth = 0
  for (const { 0: mark, index } of text.slice(from).matchAll(/\/\*|\*\//g)) {
    if (mark === '/*') depth = isNested ? depth + 1 : 1
    else depth--
    if (depth === 0) return from + index + 2
  }
  return text.length
}

const READS = /^(select|with|values|table)$/i
const WRITES = /^(insert|update|delete|merge)$/i

/** What keeps it from being one statement that reads. The database refuses to write as well: this is to say so before anything is asked. */
export function problemOf(tokens: readonly Token[]): string | undefined {
  const told = tokens.filter(({ kind }) => kind !== 'comment' && kind !== 'space')
  while (told.at(-1)?.kind === 'end') told.pop()
  const first = told.find(({ text }) => text !== '(')
  if (!first) return 'there is no statement'
  if (told.some(({ kind }) => kind === 'end')) return 'it is more than one statement'
  if (first.kind !== 'word' || !READS.test(first.text))
    return `it begins with ${first.text}: a query begins with SELECT, WITH, VALUES or TABLE`
  const foreign = told.find(({ kind }) => kind === 'foreign')
  if (foreign) return `${foreign.text}: a parameter is written :name`
  const writing = told.find(
    ({ kind, text }, i) => kind === 'word' && ((WRITES.test(text) && told[i - 1]?.text === '(') || /^into$/i.test(text)),
  )
  return writing && `it writes (${writing.text.toUpperCase()}): the mesh only reads`
}

/** Without comments, and with one space where there are some: the same for what the database sees as the same. */
export const bareText = (tokens: readonly Token[]): string =>
  tokens
    .map(({ kind, text }) => (kind === 'comment' || kind === 'space' ? ' ' : text))
    .join('')
    .replaceAll(/ {2,}/g, ' ')
    .replace(/[ ;]+$/, '')
    .trim()
