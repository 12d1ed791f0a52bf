// Tables of a report. One that sorts does so by a button in each head; one that is too wide scrolls by itself, never the page.
import { make } from '../widget/elements.ts'
import type { Strings } from './strings.ts'

export interface Column {
  readonly title: string
  /** Said where the title alone does not tell. */
  readonly hint?: string
  readonly isNumber?: boolean
}

export interface CellValue {
  /** What it is sorted by; null comes last either way. */
  readonly by: number | string | null
  readonly show: string | Node
  /** A class for the cell. */
  readonly kind?: string
}

export interface TableParts {
  /** What a screen reader calls it. */
  readonly title: string
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly CellValue[])[]
  /** The place of the column that it begins sorted by, and whether the greatest is first. Without it, it doesn't sort. */
  readonly sorted?: { readonly column: number; readonly isDown: boolean }
}

/** A cell that is sorted by what it shows. */
export const words = (text: string, kind?: string): CellValue => ({ by: text, show: text, ...(kind && { kind }) })
export const figure = (value: number | null, show: string | Node, kind?: string): CellValue => ({ by: value, show, ...(kind && { kind }) })

export function table({ title, columns, rows, sorted }: TableParts): HTMLElement {
  const box = make('div', 'scroll')
  box.tabIndex = 0 // the arrow keys scroll it
  box.setAttribute('role', 'region')
  box.setAttribute('aria-label', title)
  const made = make('table', 'figures')
  made.append(make('caption', 'unseen', title))
  const head = make('tr', '')
  const body = make('tbody', '')
  const heads = columns.map(({ title: name, hint, isNumber }, i) => {
    const cell = make('th', isNumber ? 'number' : '')
    cell.scope = 'col'
    if (hint) cell.title = hint
    if (!sorted || rows.every(row => (row[i]?.by ?? null) === null)) cell.textContent = name
    else {
      const button = make('button', 'sort', name)
      button.type = 'button'
      button.addEventListener('click', () => sortBy(i))
      cell.append(button)
    }
    head.append(cell)
    return cell
  })
  let state = sorted

  function sortBy(column: number): void {
    // The greatest number, but the first name.
    state = { column, isDown: state?.column === column ? !state.isDown : columns[column]?.isNumber === true }
    fill()
  }
  function fill(): void {
    const order = state ? inOrder(rows, state.column, state.isDown) : rows
    for (const [i, cell] of heads.entries())
      if (state) cell.setAttribute('aria-sort', state.column !== i ? 'none' : state.isDown ? 'descending' : 'ascending')
    body.replaceChildren(...order.map(cells => rowOf(cells, columns)))
  }
  fill()
  const top = make('thead', '')
  top.append(head)
  made.append(top, body)
  box.append(made)
  return box
}

function rowOf(cells: readonly CellValue[], columns: readonly Column[]): HTMLTableRowElement {
  const row = make('tr', '')
  for (const [i, { show, kind = '' }] of cells.entries()) {
    const cell = make(i === 0 ? 'th' : 'td', `${columns[i]?.isNumber ? 'number ' : ''}${kind}`.trim())
    if (i === 0) cell.scope = 'row'
    cell.append(show)
    row.append(cell)
  }
  return row
}

function inOrder(rows: TableParts['rows'], column: number, isDown: boolean): TableParts['rows'] {
  const keyOf = (row: readonly CellValue[]): number | string | null => row[column]?.by ?? null
  return rows.toSorted((first, second) => {
    const [a, b] = [keyOf(first), keyOf(second)]
    if (a === null || b === null) return (a === null ? 1 : 0) - (b === null ? 1 : 0)
    return (a < b ? -1 : a > b ? 1 : 0) * (isDown ? -1 : 1)
  })
}

/** A card with a heading; what is given after it stands below one another. */
export function card(title: string, explanation: string, ...parts: readonly (Node | string)[]): HTMLElement {
  const made = make('section', 'card')
  made.append(make('h2', '', title))
  if (explanation) made.append(make('p', 'explained', explanation))
  made.append(...parts)
  return made
}

/** The numbers behind a plot, folded. They are made when they are first asked for. */
export function behind(strings: Strings, parts: () => TableParts): HTMLElement {
  const details = make('details', 'behind')
  details.append(make('summary', '', strings.asTable))
  details.addEventListener('toggle', () => details.childElementCount === 1 && details.append(table(parts())))
  return details
}
