// One bubble of the list: made once, updated in place, so that a message which turns from sending to sent neither moves nor is read out again.
import type { Thumb } from '@parley/core/protocol/client-message.ts'
import type { Row } from '../client/rows.ts'
import { make, setText } from './elements.ts'
import { withLinks } from './links.ts'
import type { PageLocale, Strings } from './strings.ts'
import { createThumbs } from './thumbs.ts'

export interface BubbleContext {
  readonly strings: Strings
  readonly locale: PageLocale
  readonly isConnected: boolean
  readonly retry: (ref: string) => void
  readonly edit: (ref: string) => void
  readonly recall: (ref: string, event: MouseEvent) => void
  readonly rate: (reply: number, thumb: Thumb | null) => void
}

export interface Bubble {
  readonly element: HTMLElement
  update(row: Row, context: BubbleContext): void
}

/** Seen beside the words, not read out: the words say it. */
const ICONS = { sending: '◔', sent: '✓', delivered: '✓✓', read: '✓✓', failed: '!' } as const

export const createBubble = (who: Row['who']): Bubble => (who === 'notice' ? createNotice() : createSpoken(who))

/** What happened, as a line across the middle. */
function createNotice(): Bubble {
  const element = make('div', 'row notice')
  const text = make('p', 'happened')
  const time = make('time', '')
  element.append(text, time)
  return {
    element,
    update(row, { locale }) {
      if (row.who === 'notice') text.lang = row.locale
      setText(text, row.text)
      showTime(time, row.at, locale)
    },
  }
}

function createSpoken(who: Row['who']): Bubble {
  const element = make('div', `row ${who}`)
  const speaker = make('span', 'speaker')
  const mark = make('span', 'initials')
  mark.ariaHidden = 'true'
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
  const recallButton = make('button', 'link recall')
  recallButton.type = 'button'
  meta.append(time)
  if (who === 'customer') meta.append(icon, state, action, recallButton)
  element.append(speaker, text, meta)
  const thumbs = who === 'shop' ? createThumbs() : undefined
  if (thumbs) meta.append(thumbs.element)
  if (who === 'person') element.append(mark)
  let shown: string | undefined

  function showText(row: Row): void {
    if (shown === row.text) return
    shown = row.text
    text.replaceChildren(
      ...(row.who === 'customer' ? [row.text] : withLinks(row.text)).map(piece => (typeof piece === 'string' ? piece : anchor(piece))),
    )
  }

  return {
    element,
    update(row, { strings, locale, isConnected, retry, edit, recall, rate }) {
      setText(speaker, row.who === 'person' ? row.name : row.who === 'shop' ? strings.bot : strings.you)
      // Named to the ear each time, to the eye at the first of a run.
      speaker.classList.toggle('unseen', !('isFirst' in row && row.isFirst))
      showText(row)
      showTime(time, row.at, locale)
      if (row.who === 'shop') {
        text.lang = row.locale
        element.classList.toggle('newest', row.isNewest)
        thumbs?.show(row.thumb, strings, thumb => rate(row.reply, thumb))
      }
      if (row.who === 'person') {
        mark.hidden = !row.isFirst
        setText(mark, initialsOf(row.name))
      }
      if (row.who !== 'customer') return
      element.dataset.state = row.state
      setText(icon, ICONS[row.state])
      setText(state, row.state === 'sending' && !isConnected ? strings.queued : strings[row.state])
      action.hidden = row.state !== 'failed'
      setText(action, row.canRetry ? strings.retry : strings.edit)
      action.onclick = () => (row.canRetry ? retry(row.ref) : edit(row.ref))
      recallButton.hidden = !(row.canRecall && isConnected)
      setText(recallButton, strings.recall)
      recallButton.onclick = event => recall(row.ref, event)
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

/** One character where names are written in Chinese, else the first letters of the first and the last name. */
function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/)
  const first = (word: string | undefined): string => [...(word ?? '')][0] ?? ''
  const last = words.length > 1 ? words.at(-1) : undefined
  return /\p{Script=Han}/u.test(name) ? first(name) : (first(words[0]) + first(last)).toUpperCase()
}

function showTime(time: HTMLTimeElement, at: number, locale: PageLocale): void {
  time.dateTime = new Date(at).toISOString()
  setText(time, timeOf(at, locale))
}

/** The hour, with the day in front unless it is today. */
function timeOf(at: number, locale: PageLocale): string {
  const isToday = new Date(at).toDateString() === new Date().toDateString()
  const day = isToday ? {} : ({ month: 'short', day: 'numeric' } as const)
  return new Intl.DateTimeFormat(locale, { ...day, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at)
}
