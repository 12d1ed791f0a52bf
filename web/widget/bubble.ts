// One bubble of the list: made once, updated in place, so that a message which turns from sending to sent neither moves nor is read out again.
import type { Row } from '../client/rows.ts'
import { make, setText } from './elements.ts'
import { withLinks } from './links.ts'
import type { PageLocale, Strings } from './strings.ts'

export interface BubbleContext {
  readonly strings: Strings
  readonly locale: PageLocale
  readonly isConnected: boolean
  readonly retry: (ref: string) => void
  readonly edit: (ref: string) => void
}

export interface Bubble {
  readonly element: HTMLElement
  update(row: Row, context: BubbleContext): void
}

/** Seen beside the words, not read out: the words say it. */
const ICONS = { sending: '◔', sent: '✓', failed: '!' } as const

export function createBubble(who: Row['who']): Bubble {
  const element = make('div', `row ${who}`)
  const speaker = make('span', 'unseen')
  const text = make('div', 'bubble')
  text.dir = 'auto'
  const meta = make('div', 'meta')
  meta.ariaLive = 'off' // a state that changes is no new message
  const time = make('time', '')
  const icon = make('span', 'icon')
  icon.ariaHidden = 'true'
  const state = make('span', 'state')
  const action = make('button', 'link')
  action.type = 'button'
  meta.append(time)
  if (who === 'customer') meta.append(icon, state, action)
  element.append(speaker, text, meta)
  let shown: string | undefined

  function showText(row: Row): void {
    if (shown === row.text) return
    shown = row.text
    text.replaceChildren(
      ...(row.who === 'shop' ? withLinks(row.text) : [row.text]).map(piece => (typeof piece === 'string' ? piece : anchor(piece))),
    )
  }

  return {
    element,
    update(row, { strings, locale, isConnected, retry, edit }) {
      setText(speaker, row.who === 'shop' ? strings.us : strings.you)
      showText(row)
      time.dateTime = new Date(row.at).toISOString()
      setText(time, timeOf(row.at, locale))
      if (row.who === 'shop') {
        text.lang = row.locale
        return
      }
      element.dataset.state = row.state
      setText(icon, ICONS[row.state])
      setText(state, row.state === 'sending' && !isConnected ? strings.queued : strings[row.state])
      action.hidden = row.state !== 'failed'
      setText(action, row.canRetry ? strings.retry : strings.edit)
      action.onclick = () => (row.canRetry ? retry(row.ref) : edit(row.ref))
    },
  }
}

function anchor({ href, text }: { readonly href: string; readonly text: string }): HTMLElement {
  const made = make('a', '', text)
  made.href = href
  made.rel = 'noopener noreferrer'
  made.target = '_blank'
  return made
}

/** The hour, with the day in front unless it is today. */
function timeOf(at: number, locale: PageLocale): string {
  const isToday = new Date(at).toDateString() === new Date().toDateString()
  const day = isToday ? {} : ({ month: 'short', day: 'numeric' } as const)
  return new Intl.DateTimeFormat(locale, { ...day, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at)
}
