// Comma-separated values as RFC 4180 has them: fields in quotes may hold commas, quotes (written twice) and line breaks. Each row knows its line.

export interface CsvRow {
  /** Where it begins, from 1. */
  readonly line: number
  readonly fields: readonly string[]
}

export interface CsvProblem {
  readonly line: number
  readonly reason: string
}

/** Rows without a single character are left out. A quote that is never closed ends the reading. */
export function parseCsv(text: string): { readonly rows: readonly CsvRow[]; readonly problems: readonly CsvProblem[] } {
  const rows: CsvRow[] = []
  const problems: CsvProblem[] = []
  const source = text.replace(/^\ufeff/, '')
  let line = 1
  let at = 0
  while (at < source.length) {
    const begin = line
    const fields: string[] = []
    let isOpen = true
    while (isOpen) {
      let field = ''
      if (source[at] === '"') {
        const opened = line
        const end = closingQuote(source, at + 1)
        if (end < 0) return { rows, problems: [...problems, { line: opened, reason: 'a quote is opened and never closed' }] }
        const quoted = source.slice(at + 1, end)
        line += quoted.split('\n').length - 1
        field = quoted.replaceAll('""', '"')
        at = end + 1
      }
      const stop = plainEnd(source, at)
      const rest = source.slice(at, stop)
      if (field !== '' && rest.trim() !== '')
        problems.push({ line, reason: 'something stands behind a closing quote: write quotes within twice' })
      fields.push(field === '' ? rest : field)
      at = stop + (source[stop] === '\r' && source[stop + 1] === '\n' ? 2 : 1)
      isOpen = source[stop] === ','
    }
    line++
    if (fields.some(field => field !== '')) rows.push({ line: begin, fields })
  }
  return { rows, problems }
}

function closingQuote(source: string, from: number): number {
  for (let at = source.indexOf('"', from); at >= 0; at = source.indexOf('"', at + 2)) if (source[at + 1] !== '"') return at
  return -1
}

function plainEnd(source: string, from: number): number {
  let at = from
  while (at < source.length && source[at] !== ',' && source[at] !== '\n' && source[at] !== '\r') at++
  return at
}
