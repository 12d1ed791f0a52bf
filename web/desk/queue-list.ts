// The three lists at the left. What is there stays where it is; a row that had the focus keeps it when the list moves, and hands it to its neighbour
// when it goes, so that a keyboard never falls out of the list.
import type { QueueItem } from '@parley/core/protocol/desk-message.ts'
import { element, setText } from '../widget/elements.ts'
import type { Groups } from './queue.ts'
import { createQueueRow, type QueueRow, type RowContext } from './queue-row.ts'
import type { Strings } from './strings.ts'

const GROUPS = ['waiting', 'mine', 'colleagues'] as const

export interface QueueList {
  show(groups: Groups, context: RowContext): void
  tick(now: number, strings: Strings): void
  /** Moves the focus by one row from where it is, else from what is open. */
  move(by: 1 | -1, opened: string | null): void
  focus(conversation: string): void
  /** The conversation whose row has the focus. */
  readonly focused: string | undefined
}

export function createQueueList(): QueueList {
  const rows = new Map<string, QueueRow>()
  const nav = element('queue', HTMLElement)

  const buttons = (): HTMLButtonElement[] => [...nav.querySelectorAll<HTMLButtonElement>('button.item')]
  const focusedOf = (): string | undefined => {
    const active = document.activeElement
    return active instanceof HTMLButtonElement && nav.contains(active) ? active.dataset.conversation : undefined
  }

  function showGroup(group: (typeof GROUPS)[number], items: readonly QueueItem[], context: RowContext): void {
    const list = element(group, HTMLUListElement)
    setText(element(`${group}-count`, HTMLSpanElement), String(items.length))
    const none = element(`${group}-none`, HTMLParagraphElement)
    none.hidden = items.length > 0
    setText(none, context.strings.none[group])
    list.hidden = items.length === 0
    let next = list.firstElementChild
    for (const item of items) {
      const row = rows.get(item.conversation) ?? createQueueRow(item.conversation)
      rows.set(item.conversation, row)
      row.update(item, context)
      if (row.element !== next) list.insertBefore(row.element, next)
      next = row.element.nextElementSibling
    }
  }

  return {
    show(groups, context) {
      const focused = focusedOf()
      const place = buttons().findIndex(button => button.dataset.conversation === focused)
      const listed = new Set(GROUPS.flatMap(group => groups[group].map(({ conversation }) => conversation)))
      for (const [conversation, row] of rows) {
        if (listed.has(conversation)) continue
        row.element.remove()
        rows.delete(conversation)
      }
      for (const group of GROUPS) showGroup(group, groups[group], context)
      if (focused === undefined || focusedOf() === focused) return
      const left = buttons()
      ;(rows.get(focused)?.button ?? left[Math.min(place, left.length - 1)])?.focus({ preventScroll: true })
    },
    tick: (now, strings) => rows.forEach(row => row.tick(now, strings)),
    move(by, opened) {
      const all = buttons()
      const from = all.findIndex(button => button.dataset.conversation === (focusedOf() ?? opened))
      all[from < 0 ? 0 : Math.min(all.length - 1, Math.max(0, from + by))]?.focus()
    },
    focus: conversation => rows.get(conversation)?.button.focus(),
    get focused() {
      return focusedOf()
    },
  }
}
