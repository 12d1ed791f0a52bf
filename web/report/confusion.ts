// The confusion matrix: what turns are about, and what they were taken for. Only rows and columns with turns; the sentences behind a cell are one press away.
import type { Cell } from '@parley/ensembles/evaluation/by-action.ts'
import { make } from '../widget/elements.ts'
import { choice } from './choice.ts'
import { told } from './numbers.ts'
import { createSentencesDialog, type SentencesDialog, saidOf } from './sentences.ts'
import type { Strings } from './strings.ts'
import { card, figure, table, words } from './table.ts'

type Order = keyof Strings['confusionOrders']
const ORDERS: readonly Order[] = ['misses', 'turns', 'name']
/** Of the commonest confusions. */
const MOST = 20

export function confusionMatrix(cells: readonly Cell[], strings: Strings): HTMLElement {
  const dialog = createSentencesDialog(strings)
  const place = make('div', 'matrix-place')
  const state = { order: ORDERS[0]!, onlyMissed: cells.some(isMiss) } // there are some
  const fill = (): void => place.replaceChildren(matrixOf(cells, state, dialog, strings))
  const only = make('label', 'only')
  const box = make('input', '')
  box.type = 'checkbox'
  box.checked = state.onlyMissed
  box.addEventListener('change', () => {
    state.onlyMissed = box.checked
    fill()
  })
  only.append(box, strings.onlyMissed)
  const tools = make('div', 'tools')
  tools.append(
    choice(
      strings.confusionOrder,
      ORDERS.map(order => [order, strings.confusionOrders[order]] as const),
      order => {
        state.order = order
        fill()
      },
    ),
    only,
  )
  return card(strings.confusionTitle, strings.confusionExplained, tools, place, ...commonest(cells, dialog, strings), dialog.element)
}

const isMiss = ({ right, said }: Cell): boolean => right !== said
const total = (cells: readonly Cell[]): number => cells.reduce((sum, { count }) => sum + count, 0)

function matrixOf(
  cells: readonly Cell[],
  { order, onlyMissed }: { readonly order: Order; readonly onlyMissed: boolean },
  dialog: SentencesDialog,
  strings: Strings,
): HTMLElement {
  const misses = cells.filter(isMiss)
  const kept = onlyMissed ? new Set(misses.flatMap(({ right, said }) => [right, said])) : undefined
  const isKept = (name: string | null): boolean => kept === undefined || kept.has(name)
  const weigh = {
    misses: (those: readonly Cell[]) => -total(those.filter(isMiss)),
    turns: (those: readonly Cell[]) => -total(those),
    name: () => 0,
  }
  const byRight = Map.groupBy(cells, ({ right }) => right)
  const rows = [...byRight]
    .filter(([name]) => isKept(name))
    .sort(([a, first], [b, second]) => weigh[order](first) - weigh[order](second) || (a < b ? -1 : 1))
  const place = new Map<string | null, number>(rows.map(([name], i) => [name, i]))
  const columns = [...new Set(cells.map(({ said }) => said))]
    .filter(isKept)
    .sort((a, b) => (place.get(a) ?? rows.length) - (place.get(b) ?? rows.length) || ((a ?? '￿') < (b ?? '￿') ? -1 : 1))

  const box = make('div', 'scroll matrix')
  const made = make('table', '')
  made.setAttribute('role', 'grid')
  made.setAttribute('aria-label', strings.confusionMatrix)
  const tip = make('div', 'tip')
  tip.hidden = true
  const head = make('tr', '')
  head.append(make('td', 'corner', `${strings.aboutHead} ↓ ${strings.takenHead} →`))
  const heads = columns.map(said => {
    const cell = make('th', 'column')
    cell.scope = 'col'
    cell.append(make('span', '', said ?? strings.nobody))
    head.append(cell)
    return cell
  })
  const top = make('thead', '')
  top.append(head)
  const body = make('tbody', '')
  const grid: HTMLTableCellElement[][] = []
  for (const [right, those] of rows) {
    const row = make('tr', '')
    const all = total(those)
    const name = make('th', 'name', right)
    name.scope = 'row'
    row.append(name)
    grid.push(
      columns.map((said, column) => {
        const found = those.find(each => each.said === said)
        const cell = make('td', '')
        cell.setAttribute('role', 'gridcell')
        cell.tabIndex = -1
        if (found) {
          const share = found.count / all
          cell.textContent = String(found.count)
          cell.className = `${isMiss(found) ? 'miss' : 'hit'} level-${levelOf(share, isMiss(found))}`
          const lines = [strings.cellTitle(right, saidOf(found, strings)), strings.ofRow(found.count, all, told(share, 'share'))]
          cell.setAttribute('aria-label', lines.join(', '))
          shownIn.set(cell, { found, lines })
        } else if (said === right) cell.className = 'hit none'
        places.set(cell, { row: grid.length, column, name, head: heads[column]! }) // a head a column
        row.append(cell)
        return cell
      }),
    )
    body.append(row)
  }
  made.append(top, body)
  box.append(made, tip)
  answer(made, box, tip, grid, dialog)
  return box
}

/** From 1 to 5: a miss is worth a look from a few per cent on. */
const levelOf = (share: number, isOfMiss: boolean): number =>
  1 + (isOfMiss ? [0.03, 0.06, 0.1, 0.2] : [0.3, 0.5, 0.7, 0.85]).filter(from => share >= from).length

interface Shown {
  readonly found: Cell
  readonly lines: readonly string[]
}
interface Place {
  readonly row: number
  readonly column: number
  readonly name: HTMLElement
  readonly head: HTMLElement
}
/** Of cells with turns; of every cell. A cell that is gone is forgotten. */
const shownIn = new WeakMap<Element, Shown>()
const places = new WeakMap<Element, Place>()

/** Hover, focus and touch name a cell's numbers; a press or Enter opens its sentences; the arrow keys move. */
function answer(
  made: HTMLTableElement,
  box: HTMLElement,
  tip: HTMLElement,
  grid: readonly (readonly HTMLTableCellElement[])[],
  dialog: SentencesDialog,
): void {
  let marked: Place | undefined
  const first = grid.flat().find(cell => shownIn.has(cell))
  if (first) first.tabIndex = 0
  let current = first

  function point(cell: Element | null): void {
    marked?.name.classList.remove('marked')
    marked?.head.classList.remove('marked')
    marked = cell ? places.get(cell) : undefined
    marked?.name.classList.add('marked')
    marked?.head.classList.add('marked')
    const shown = cell ? shownIn.get(cell) : undefined
    tip.hidden = shown === undefined
    if (!cell || !shown) return
    tip.replaceChildren(...shown.lines.map((line, i) => make('div', i === 0 ? 'tip-title' : '', line)))
    const [outer, inner] = [box.getBoundingClientRect(), cell.getBoundingClientRect()]
    const left = inner.left - outer.left + inner.width / 2 - tip.offsetWidth / 2
    tip.style.left = `${box.scrollLeft + Math.max(2, Math.min(box.clientWidth - tip.offsetWidth - 2, left))}px`
    const above = inner.top - outer.top - tip.offsetHeight - 6
    tip.style.top = `${box.scrollTop + (above > 2 ? above : inner.bottom - outer.top + 6)}px`
  }
  const cellOf = (event: Event): HTMLTableCellElement | null =>
    event.target instanceof Element ? event.target.closest<HTMLTableCellElement>('td[role="gridcell"]') : null
  function open(cell: HTMLTableCellElement | null): void {
    const shown = cell && shownIn.get(cell)
    if (shown) dialog.show(shown.found)
  }

  made.addEventListener('pointerover', event => point(cellOf(event)))
  made.addEventListener('pointerleave', () => point(null))
  made.addEventListener('focusin', event => point(cellOf(event)))
  made.addEventListener('focusout', () => point(null))
  made.addEventListener('click', event => open(cellOf(event)))
  made.addEventListener('keydown', event => {
    const cell = cellOf(event)
    const at = cell && places.get(cell)
    if (!at) return
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault()
      return open(cell)
    }
    const row = grid[at.row] ?? []
    const next = {
      ArrowLeft: row[at.column - 1],
      ArrowRight: row[at.column + 1],
      ArrowUp: grid[at.row - 1]?.[at.column],
      ArrowDown: grid[at.row + 1]?.[at.column],
      Home: row[0],
      End: row.at(-1),
    }[event.key]
    if (!next) return
    event.preventDefault()
    if (current) current.tabIndex = -1
    next.tabIndex = 0
    current = next
    next.focus()
  })
}

function commonest(cells: readonly Cell[], dialog: SentencesDialog, strings: Strings): readonly Node[] {
  const misses = cells.filter(isMiss).slice(0, MOST)
  if (misses.length === 0) return [make('p', '', strings.noMisses)]
  const about = Map.groupBy(cells, ({ right }) => right)
  return [
    make('h3', '', strings.commonest),
    table({
      title: strings.commonest,
      columns: [
        { title: strings.aboutHead },
        { title: strings.takenHead },
        { title: strings.turnsHead, isNumber: true },
        { title: '%', isNumber: true },
        { title: strings.example },
      ],
      rows: misses.map(cell => {
        const share = cell.count / total(about.get(cell.right) ?? [])
        const button = make('button', 'count', String(cell.count))
        button.type = 'button'
        button.setAttribute('aria-label', `${cell.count} · ${strings.cellTitle(cell.right, saidOf(cell, strings))}`)
        button.addEventListener('click', () => dialog.show(cell))
        return [
          words(cell.right),
          words(saidOf(cell, strings)),
          figure(cell.count, button),
          figure(share, told(share, 'share')),
          { by: null, show: cell.sentences[0]?.text ?? '', kind: 'example' }, // the surest
        ]
      }),
      sorted: { column: 2, isDown: true },
    }),
  ]
}
