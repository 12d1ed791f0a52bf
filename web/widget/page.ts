// The page: shows the client's view and hands it what the customer does. Holds no state of the conversation.
import type { Client, ClientView } from '../client/client.ts'
import { rowsOf } from '../client/rows.ts'
import type { BubbleContext } from './bubble.ts'
import { createComposer } from './composer.ts'
import { element, make, setText } from './elements.ts'
import { createMessageList, labelList } from './message-list.ts'
import { createQuickReplies } from './quick-replies.ts'
import { createStatusLine, withWhom } from './status-line.ts'
import { type PageLocale, STRINGS, type Strings } from './strings.ts'

export interface Page {
  show(view: ClientView): void
  /** Puts the keyboard where one writes; on a touch screen at the page's head, so that no keyboard jumps up over what there is to read. */
  focus(): void
  readonly isAtEnd: boolean
}

export interface PageParts {
  readonly client: () => Client
  readonly monotonic: () => number
  readonly locale: PageLocale
  readonly localeChosen: (locale: PageLocale) => void
  /** The customer has one conversation for life: none can be begun anew. */
  readonly isNamed: boolean
  /** The newest message has come into sight or gone out of it. */
  readonly moved: () => void
}

export function createPage(parts: PageParts): Page {
  let locale = parts.locale
  let strings = STRINGS[locale]
  let notice = ''
  let last: ClientView | undefined
  let failed = 0
  const { client } = parts

  const list = createMessageList(parts.moved)
  const showLine = createStatusLine(parts.monotonic)
  const composer = createComposer(say, () => client().typing())
  const quickReplies = createQuickReplies(press)
  const person = element('person', HTMLButtonElement)
  const whom = element('whom', HTMLSpanElement)
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

  /** Says what a button stands for. With a mouse or the keyboard one may write on at once; a touch keyboard stays down. */
  function press(text: string, event: MouseEvent): void {
    say(text)
    if (event.detail === 0 || matchMedia('(pointer: fine)').matches) composer.focus()
  }

  function label(): void {
    document.documentElement.lang = locale
    const language = element('language', HTMLButtonElement)
    setText(language, strings.languageSwitch)
    language.ariaLabel = strings.languageSwitchLabel
    element('close', HTMLButtonElement).ariaLabel = strings.close
    language.lang = locale === 'en' ? 'zh-CN' : 'en'
    const words: readonly (readonly [string, keyof Strings])[] = [
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
        button.addEventListener('click', event => press(text, event))
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
    rate: (reply, thumb) => client().rate(reply, thumb),
    recall(ref, event) {
      // The button goes with the message: the keyboard goes on where one writes.
      if (client().recall(ref) && event.detail === 0) composer.focus()
    },
  })

  function show(view: ClientView): void {
    last = view
    const { connection, timeline } = view
    const rows = rowsOf(timeline)
    setText(element('shop-name', HTMLHeadingElement), view.shopName ?? strings.shop)
    document.title = view.shopName ?? strings.shop
    showLine(connection, timeline.state, strings)
    const isLoading = timeline.log.length === 0 && connection.name !== 'connected'
    greeting.hidden = rows.length > 0
    list.show(rows, context(view), isLoading)
    quickReplies.show(view.quickReplies, strings)
    list.settle()
    showStrip(view)
    const isPersonComing = timeline.state !== null && timeline.state.with !== 'bot'
    person.hidden = isPersonComing
    whom.hidden = !isPersonComing
    setText(whom, withWhom(timeline.state, strings))
  }

  function showStrip({ connection, timeline, isReplyAwaited, typist, isRecallRefused }: ClientView): void {
    const failures = timeline.outbox.filter(({ delivery }) => delivery.state === 'failed')
    if (failures.length > failed) notice = failureNotice(failures.at(-1)?.delivery)
    else if (failures.length < failed) notice = ''
    failed = failures.length
    const said = notice || (isRecallRefused ? strings.recallRefused : '')
    setText(element('notice', HTMLSpanElement), said)
    typing.hidden = !(isReplyAwaited || typist) || said !== ''
    setText(element('typing-text', HTMLSpanElement), typist ? strings.personTyping(typist.name) : strings.typing)
    wayOut.hidden = connection.name !== 'stopped'
    if (connection.name === 'stopped')
      setText(wayOut, connection.reason === 'unknown-conversation' && !parts.isNamed ? strings.newConversation : strings.reload)
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
  person.addEventListener('click', event => press(strings.personMessage, event))
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
    if (connection.name === 'stopped' && connection.reason === 'unknown-conversation' && !parts.isNamed) confirm.showModal()
    else location.reload()
  })
  element('new-conversation', HTMLButtonElement).hidden = parts.isNamed
  label()
  return {
    show,
    focus() {
      if (matchMedia('(pointer: fine)').matches) composer.focus()
      else element('shop-name', HTMLHeadingElement).focus()
    },
    get isAtEnd() {
      return list.isAtEnd
    },
  }
}
