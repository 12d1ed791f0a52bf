// The list of bubbles. Keyed by row: what is there stays where it is, what is new is put in its place. It stays at the newest message when the
// reader is there, and otherwise leaves the reader alone and offers a button.
import type { Row } from '../client/rows.ts'
import { type Bubble, type BubbleContext, createBubble } from './bubble.ts'
import { element, setText } from './elements.ts'
import type { Strings } from './strings.ts'

export interface MessageList {
  /** `isLoading`: the history is on its way; what comes now is no news to be read out. */
  show(rows: readonly Row[], context: BubbleContext, isLoading: boolean): void
  toNewest(): void
  /** Something below the messages has come or gone: the newest stays in sight. */
  settle(): void
  readonly isAtEnd: boolean
}

/** The reader counts as being at the end when this near to it. */
const NEAR_PX = 80

/** `moved`: the reader has scrolled to the end or away from it. */
export function createMessageList(moved: () => void): MessageList {
  const log = element('log', HTMLDivElement)
  const scroller = element('scroller', HTMLElement)
  scroller.tabIndex = 0 // the arrow keys scroll it
  const button = element('to-newest', HTMLButtonElement)
  const bubbles = new Map<string, Bubble>()
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
      moved()
    },
    { passive: true },
  )
  button.addEventListener('click', toNewest)
  // The keyboard of a phone or a growing text takes height away: the newest message stays in sight.
  new ResizeObserver(() => isAtEnd && toNewest()).observe(scroller)

  function place(row: Row, context: BubbleContext, before: Element | null): Element {
    const bubble = bubbles.get(row.key) ?? createBubble(row.who)
    bubbles.set(row.key, bubble)
    bubble.update(row, context)
    if (bubble.element !== before) log.insertBefore(bubble.element, before)
    return bubble.element
  }

  return {
    toNewest,
    settle: () => void (isAtEnd && toNewest()),
    get isAtEnd() {
      return isAtEnd
    },
    show(rows, context, isLoading) {
      log.ariaBusy = String(isLoading)
      const keys = new Set(rows.map(row => row.key))
      for (const [key, bubble] of bubbles) {
        if (keys.has(key)) continue
        bubble.element.remove()
        bubbles.delete(key)
      }
      let next = log.firstElementChild
      for (const row of rows) next = place(row, context, next).nextElementSibling
      const newest = rows.at(-1)
      setText(button, context.strings.newest)
      if (newest?.key === newestKey) return
      newestKey = newest?.key
      if (isAtEnd || newest?.who === 'customer') toNewest()
      else button.hidden = newest === undefined
    },
  }
}

/** Words of the list that do not belong to a bubble. */
export function labelList(strings: Strings): void {
  element('log', HTMLDivElement).ariaLabel = strings.conversation
  element('scroller', HTMLElement).ariaLabel = strings.conversation
}
