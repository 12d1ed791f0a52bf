// One bubble or one line of the log: made once, updated in place. Text goes in as text; web addresses become links.
import { make, setText } from '../widget/elements.ts'
import { withLinks } from '../widget/links.ts'
import type { Row } from './rows.ts'
import type { PageLocale, Strings } from './strings.ts'

export interface MessageContext {
  readonly strings: Strings
  readonly locale: PageLocale
  readonly isConnected: boolean
  readonly retry: (ref: string) => void
  readonly edit: (ref: string) => void
  /** Takes the dialogue back to after this event; undefined where that is not the agent's to do. */
  readonly takeBack: ((toSeq: number) => void) | undefined
  /** Asks what the turn of this reply was about; undefined where the shop cannot be told. */
  readonly sayAbout: ((turn: number) => void) | undefined
  /** The last event of the dialogue: behind it there is nothing to take back. */
  readonly lastSeq: number
}

export interface MessageRow {
  readonly element: HTMLElement
  update(row: Row, context: MessageContext): void
}

/** Seen beside the words, not read out: the words say it. */
const ICONS = { sending: '◔', sent: '✓', delivered: '✓✓', read: '✓✓', failed: '!' } as const

export const createMessageRow = (who: Row['who']): MessageRow => (who === 'mark' ? createMark() : createBubble(who))

function createMark(): MessageRow {
  const element = make('div', 'mark-line')
  const words = make('span', '')
  const time = make('time', '')
  const note = make('span', 'note')
  element.append(words, time, note)
  return {
    element,
    update(row, { strings, locale }) {
      if (row.who !== 'mark') return
      element.dataset.about = row.about
      setText(words, strings.marks[row.about]?.(row.by) ?? row.about)
      showTime(time, row.at, locale)
      const told = row.effect ? strings.effectNote(row.effect) : row.note === undefined ? '' : strings.noteOf(row.note)
      note.hidden = told === ''
      setText(note, told)
    },
  }
}

function createBubble(who: Exclude<Row['who'], 'mark'>): MessageRow {
  const element = make('div', `row ${who}`)
  const head = make('div', 'meta')
  const speaker = make('span', 'speaker')
  const time = make('time', '')
  const back = make('button', 'take-back', '↶')
  back.type = 'button'
  const thumb = make('span', 'thumb')
  const about = make('button', 'say-about', '✎')
  about.type = 'button'
  head.append(speaker, time, thumb, ...(who === 'bot' ? [about] : []), back)
  const text = make('div', 'bubble')
  text.dir = 'auto'
  const foot = make('div', 'meta foot')
  foot.ariaLive = 'off' // a state that changes is no new message
  const icon = make('span', 'icon')
  icon.ariaHidden = 'true'
  const state = make('span', 'state')
  const action = make('button', 'link')
  action.type = 'button'
  foot.append(icon, state, action)
  element.append(head, text)
  if (who === 'agent') element.append(foot)
  const said = make('ul', 'said-about')
  if (who === 'bot') element.append(said)
  let saidBefore = ''
  let shown: string | undefined

  function showText(words: string): void {
    if (shown === words) return
    shown = words
    text.replaceChildren(...withLinks(words).map(piece => (typeof piece === 'string' ? piece : anchor(piece))))
  }

  function showBot({ turn, thumb: given, labels }: Extract<Row, { who: 'bot' }>, { strings, locale, sayAbout }: MessageContext): void {
    thumb.hidden = given === null
    if (given !== null) {
      thumb.dataset.thumb = given
      setText(thumb, strings.thumbs[given])
    }
    about.hidden = !sayAbout
    about.ariaLabel = strings.sayAbout
    about.title = strings.sayAbout
    about.onclick = () => sayAbout?.(turn)
    const now = JSON.stringify([labels, locale])
    if (now === saidBefore) return
    saidBefore = now
    said.hidden = labels.length === 0
    said.replaceChildren(
      ...labels.map(({ by, isMine, label }) => make('li', '', strings.saidAbout(isMine ? strings.you : by, label[locale]))),
    )
  }

  return {
    element,
    update(row, context) {
      const { strings, locale, isConnected, retry, edit, takeBack, lastSeq } = context
      if (row.who === 'mark') return
      const { seq } = row
      back.hidden = !takeBack || seq === undefined || seq >= lastSeq
      back.ariaLabel = strings.takeBack
      back.title = strings.takeBack
      back.onclick = () => seq !== undefined && takeBack?.(seq)
      showText(row.text)
      showTime(time, row.at, locale)
      if (row.who === 'bot') showBot(row, context)
      else thumb.hidden = true
      if (row.who !== 'agent') return setText(speaker, strings[row.who])
      setText(speaker, row.isMine ? strings.you : row.name)
      element.classList.toggle('mine', row.isMine)
      element.dataset.state = row.state
      foot.hidden = !row.isMine
      setText(icon, ICONS[row.state])
      const why = row.state === 'failed' ? ` · ${strings.faults[row.code] ?? strings.otherFault(row.code)}` : ''
      setText(state, row.state === 'sending' && !isConnected ? strings.queued : `${strings.states[row.state]}${why}`)
      action.hidden = row.state !== 'failed'
      const mayRetry = row.canRetry && row.code !== 'NOT_OWNER'
      setText(action, mayRetry ? strings.retry : strings.edit)
      action.onclick = () => (mayRetry ? retry(row.ref) : edit(row.ref))
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
function showTime(time: HTMLTimeElement, at: number, locale: PageLocale): void {
  const isToday = new Date(at).toDateString() === new Date().toDateString()
  const day = isToday ? {} : ({ month: 'short', day: 'numeric' } as const)
  time.dateTime = new Date(at).toISOString()
  setText(time, new Intl.DateTimeFormat(locale, { ...day, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at))
}
