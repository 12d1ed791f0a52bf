// One row of the queue: a button, made once and updated in place, so that a new queue takes nobody's focus away.
import type { QueueItem } from '@parley/core/protocol/desk-message.ts'
import { make, setText } from '../widget/elements.ts'
import { moodWord, span, trendWord, urgencyWord } from './describe.ts'
import type { PageLocale, Strings } from './strings.ts'
import { balance } from './svg.ts'

export interface RowContext {
  readonly strings: Strings
  readonly locale: PageLocale
  /** Milliseconds since 1970. */
  readonly now: number
  readonly opened: string | null
  readonly isMine: (conversation: string) => boolean
  readonly unread: (conversation: string) => number
  readonly open: (conversation: string) => void
}

export interface QueueRow {
  readonly element: HTMLLIElement
  readonly button: HTMLButtonElement
  update(item: QueueItem, context: RowContext): void
  /** The time goes on. */
  tick(now: number, strings: Strings): void
}

export function createQueueRow(conversation: string): QueueRow {
  const row = make('li', '')
  const button = make('button', 'item')
  button.type = 'button'
  button.dataset.conversation = conversation
  const label = make('span', 'label')
  const urgency = make('span', 'urgency')
  const overdue = make('span', 'overdue')
  const time = make('span', 'time')
  const reason = make('span', 'reason')
  const mood = make('span', 'mood')
  const moodBar = make('span', 'mood-bar')
  const moodText = make('span', '')
  const trend = make('span', 'trend')
  const locale = make('abbr', 'locale')
  const who = make('span', 'who')
  const unread = make('span', 'unread')
  const preview = make('span', 'preview')
  preview.dir = 'auto'
  const first = make('span', 'first')
  const second = make('span', 'second')
  const third = make('span', 'third')
  first.append(urgency, overdue, label, time)
  mood.append(moodBar, moodText, trend)
  second.append(reason, mood, who, locale)
  third.append(preview, unread)
  button.append(first, second, third)
  row.append(button)
  let since = 0
  let isWaiting = true
  let shownMood: number | undefined

  function tick(now: number, strings: Strings): void {
    const lasted = span(now - since, strings)
    setText(time, lasted)
    time.title = isWaiting ? strings.waitedFor(lasted) : strings.heldFor(lasted)
  }

  function showMood(value: number | undefined, strings: Strings): void {
    mood.hidden = value === undefined
    if (value === undefined) return
    setText(moodText, strings.moods[moodWord(value)])
    mood.title = strings.moodLabel
    if (value !== shownMood) moodBar.replaceChildren(balance(value, moodWord(value)))
    shownMood = value
  }

  return {
    element: row,
    button,
    tick,
    update(item, context) {
      const { strings } = context
      since = item.since
      isWaiting = item.with === 'queue'
      const pressing = isWaiting ? urgencyWord(item.urgency) : undefined
      urgency.hidden = pressing === undefined
      urgency.dataset.level = pressing ?? ''
      setText(urgency, pressing === undefined ? '' : strings.urgencies[pressing])
      overdue.hidden = item.overdue === undefined
      setText(overdue, strings.overdue)
      overdue.title = strings.overdueTitle
      setText(label, item.label[context.locale])
      setText(reason, strings.reasons[item.reason])
      showMood(item.mood, strings)
      const moved = item.trend === undefined ? undefined : trendWord(item.trend)
      trend.hidden = moved !== 'falling' // that somebody calms down is for the card to say
      setText(trend, moved === undefined ? '' : strings.trends[moved])
      who.hidden = item.agent === undefined || context.isMine(conversation)
      setText(who, item.agent?.name ?? '')
      setText(locale, strings.writesIn[item.locale])
      locale.title = strings.writesInLabel[item.locale]
      setText(preview, item.preview)
      preview.lang = item.locale
      const count = context.unread(conversation)
      unread.hidden = count === 0
      setText(unread, count === 0 ? '' : strings.unread(count))
      if (context.opened === conversation) button.setAttribute('aria-current', 'true')
      else button.removeAttribute('aria-current')
      button.onclick = () => context.open(conversation)
      tick(context.now, strings)
    },
  }
}
