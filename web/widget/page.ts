// The page: shows the client's view and hands it what the customer does. Holds no state of the conversation.
import type { Client, ClientView } from '../client/client.ts'
import { rowsOf } from '../client/rows.ts'
import type { BubbleContext } from './bubble.ts'
import { createComposer } from './composer.ts'
import { element, make, setText } from './elements.ts'
import { createMessageList, labelList } from './message-list.ts'
import { createStatusLine } from './status-line.ts'
import { type PageLocale, STRINGS, type Strings } from './strings.ts'

export interface Page {
  show(view: ClientView): void
}

export interface PageParts {
  readonly client: () => Client
  readonly monotonic: () => number
  readonly locale: PageLocale
  readonly localeChosen: (locale: PageLocale) => void
}

export function createPage(parts: PageParts): Page {
  let locale = parts.locale
  let strings = STRINGS[locale]
  let notice = ''
  let last: ClientView | undefined
  let failed = 0
  const { client } = parts

  const list = createMessageList()
  const showLine = createStatusLine(parts.monotonic)
  const composer = createComposer(say, () => client().typing())
  const greeting = element('greeting', HTMLDivElement)
  const suggestions = element('suggestions', HTMLDivElement)
  const typing = element('typing', HTMLSpanElement)
  const wayOut = element('way-out', HTMLButtonElement)
  const confirm = element('confirm', HTMLDialogElement)

  function say(text: string): boolean {
    const isTaken = client().say(text)
    notice = isTaken ? '' : strings.tooManyUnsent
    if (last) show(last)
    if (isTaken) list.toNewest()
    return isTaken
  }

  function label(): void {
    document.documentElement.lang = locale
    const language = element('language', HTMLButtonElement)
    setText(language, strings.languageSwitch)
    language.ariaLabel = strings.languageSwitchLabel
    language.lang = locale === 'en' ? 'zh-CN' : 'en'
    const words: readonly (readonly [string, keyof Strings])[] = [
      ['typing-text', 'typing'],
      ['person', 'person'],
      ['new-conversation', 'newConversation'],
      ['greeting-text', 'greeting'],
      ['confirm-title', 'confirmTitle'],
      ['confirm-text', 'confirmText'],
      ['confirm-yes', 'confirmYes'],
      ['confirm-no', 'confirmNo'],
    ]
    for (const [id, key] of words) setText(element(id, HTMLElement), String(strings[key]))
    suggestions.replaceChildren(
      ...strings.suggestions.map(text => {
        const button = make('button', 'suggestion', text)
        button.type = 'button'
        button.addEventListener('click', () => {
          say(text)
          composer.focus()
        })
        return button
      }),
    )
    composer.label(strings)
    labelList(strings)
  }

  const context = (view: ClientView): BubbleContext => ({
    strings,
    locale,
    isConnected: view.connection.name === 'connected',
    retry: ref => client().retry(ref),
    edit: ref => composer.putBack(client().discard(ref) ?? ''),
  })

  function show(view: ClientView): void {
    last = view
    const { connection, timeline } = view
    const rows = rowsOf(timeline)
    setText(element('shop-name', HTMLHeadingElement), view.shopName ?? strings.shop)
    document.title = view.shopName ?? strings.shop
    showLine(connection, strings)
    const isLoading = timeline.log.length === 0 && connection.name !== 'connected'
    greeting.hidden = rows.length > 0
    list.show(rows, context(view), isLoading)
    showStrip(view)
  }

  function showStrip({ connection, timeline, isReplyAwaited }: ClientView): void {
    const failures = timeline.outbox.filter(({ delivery }) => delivery.state === 'failed')
    if (failures.length > failed) notice = failureNotice(failures.at(-1)?.delivery)
    else if (failures.length < failed) notice = ''
    failed = failures.length
    setText(element('notice', HTMLSpanElement), notice)
    typing.hidden = !isReplyAwaited || notice !== ''
    wayOut.hidden = connection.name !== 'stopped'
    if (connection.name === 'stopped')
      setText(wayOut, connection.reason === 'unknown-conversation' ? strings.newConversation : strings.reload)
  }

  function failureNotice(delivery: ClientView['timeline']['outbox'][number]['delivery'] | undefined): string {
    const reason = delivery?.state === 'failed' ? strings.faults[delivery.code] : undefined
    return reason ? `${strings.messageFailed} (${reason})` : strings.messageFailed
  }

  element('language', HTMLButtonElement).addEventListener('click', () => {
    locale = locale === 'en' ? 'zh-CN' : 'en'
    strings = STRINGS[locale]
    notice = ''
    label()
    if (last) show(last)
    parts.localeChosen(locale)
  })
  element('person', HTMLButtonElement).addEventListener('click', () => void say(strings.personMessage))
  element('new-conversation', HTMLButtonElement).addEventListener('click', () => confirm.showModal())
  element('confirm-no', HTMLButtonElement).addEventListener('click', () => confirm.close())
  element('confirm-yes', HTMLButtonElement).addEventListener('click', () => {
    confirm.close()
    notice = ''
    client().startAnew()
    composer.focus()
  })
  wayOut.addEventListener('click', () => {
    const { connection } = client().view
    if (connection.name === 'stopped' && connection.reason === 'unknown-conversation') confirm.showModal()
    else location.reload()
  })
  label()
  return { show }
}
