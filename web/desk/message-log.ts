// The log in the middle. Keyed by row; it stays at the newest message when the reader is there, and otherwise leaves the reader alone and offers a
// button. What was there when a conversation is opened is not read out; what comes after is.
import { element } from '../widget/elements.ts'
import { createMessageRow, type MessageContext, type MessageRow } from './message-row.ts'
import type { Row } from './rows.ts'

export interface MessageLog {
  show(conversation: string, rows: readonly Row[], context: MessageContext, isSynced: boolean): void
}

/** The reader counts as being at the end when this near to it. */
const NEAR_PX = 80

export function createMessageLog(): MessageLog {
  const log = element('log', HTMLDivElement)
  const scroller = element('scroller', HTMLElement)
  scroller.tabIndex = 0 // the arrow keys scroll it
  const button = element('to-newest', HTMLButtonElement)
  const shown = new Map<string, MessageRow>()
  let shownOf: string | undefined
  let isAtEnd = true
  let newestKey: string | undefined

  const toNewest = (): void => {
    scroller.scrollTop = scroller.scrollHeight
    isAtEnd = true
    button.hidden = true
  }
  scroller.addEventListener(
    'scroll',
    () => {
      isAtEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_PX
      if (isAtEnd) button.hidden = true
    },
    { passive: true },
  )
  button.addEventListener('click', () => {
    toNewest()
    scroller.focus() // the button is gone
  })
  new ResizeObserver(() => isAtEnd && toNewest()).observe(scroller)

  function begin(conversation: string): void {
    shownOf = conversation
    log.ariaLive = 'off'
    log.replaceChildren()
    shown.clear()
    newestKey = undefined
    isAtEnd = true
  }

  return {
    show(conversation, rows, context, isSynced) {
      if (conversation !== shownOf) begin(conversation)
      const keys = new Set(rows.map(({ key }) => key))
      for (const [key, row] of shown) {
        if (keys.has(key)) continue
        row.element.remove()
        shown.delete(key)
      }
      let next = log.firstElementChild
      for (const row of rows) {
        const place = shown.get(row.key) ?? createMessageRow(row.who)
        shown.set(row.key, place)
        place.update(row, context)
        if (place.element !== next) log.insertBefore(place.element, next)
        next = place.element.nextElementSibling
      }
      const newest = rows.at(-1)
      if (newest?.key !== newestKey) {
        newestKey = newest?.key
        if (isAtEnd || (newest?.who === 'agent' && newest.isMine)) toNewest()
        else button.hidden = newest === undefined
      }
      // Only once the history has been put in: the region's next change is news.
      if (isSynced && log.ariaLive === 'off') requestAnimationFrame(() => (log.ariaLive = 'polite'))
    },
  }
}
