// The console's page: shows the client's view and hands it what the agent does. Holds no state of a conversation. On a narrow screen the three parts
// are views, one at a time; which one is `data-view`, and the style does the rest.
import { element, make, setText } from '../widget/elements.ts'
import { type Alerts, type Noted, newsBetween, note } from './alerts.ts'
import type { BrowserDeskWorld } from './browser-desk-world.ts'
import { createChat } from './chat.ts'
import type { Desk, DeskView } from './desk-client.ts'
import { type FocusPlace, keyAction } from './keys.ts'
import { createQueueList } from './queue-list.ts'
import { createSide } from './side.ts'
import { createSignInPage } from './sign-in.ts'
import { createStatusLine } from './status-line.ts'
import { type PageLocale, STRINGS, type Strings } from './strings.ts'
import { unreadOf } from './watched.ts'

export interface DeskPage {
  show(view: DeskView): void
}

export interface DeskPageParts {
  readonly desk: () => Desk
  readonly world: BrowserDeskWorld
  readonly alerts: Alerts
  readonly locale: PageLocale
  readonly localeChosen: (locale: PageLocale) => void
}

type NarrowView = 'queue' | 'chat' | 'card'

const KEYS_KEY = 'parley.desk.keys'

export function createDeskPage({ desk, world, alerts, locale: startLocale, localeChosen }: DeskPageParts): DeskPage {
  let locale = startLocale
  let strings: Strings = STRINGS[locale]
  let last: DeskView | undefined
  let noted: Noted | undefined
  let deskNotice = ''
  let hasLetters = world.settings.read(KEYS_KEY) !== 'off'

  const queue = createQueueList()
  const chat = createChat(desk, () => strings)
  const side = createSide({
    world,
    opened: () => desk().view.opened,
    intoReply: text => chat.insert(text),
    changed: () => showLast(),
  })
  const showLine = createStatusLine(world.clock.monotonic)
  const signIn = createSignInPage(
    world.settings,
    () => strings,
    credentials => desk().signIn(credentials),
  )
  const help = element('help-overlay', HTMLDialogElement)

  function label(): void {
    document.documentElement.lang = locale
    for (const target of document.querySelectorAll<HTMLElement>('[data-word]'))
      setText(target, String(strings[target.dataset.word as keyof Strings])) // index.html names words of this table
    for (const target of document.querySelectorAll<HTMLElement>('[data-label]')) {
      const word = String(strings[target.dataset.label as keyof Strings])
      target.ariaLabel = word
      if (target instanceof HTMLButtonElement) target.title = word
    }
    for (const id of ['language', 'sign-in-language']) {
      const button = element(id, HTMLButtonElement)
      setText(button, strings.languageSwitch)
      button.ariaLabel = strings.languageSwitchLabel
      button.lang = locale === 'en' ? 'zh-CN' : 'en'
    }
    element('keys', HTMLDListElement).replaceChildren(
      ...strings.keys.flatMap(([key, words]) => {
        const term = make('dt', '')
        term.append(make('kbd', '', key))
        return [term, make('dd', '', words)]
      }),
    )
  }

  const setView = (view: NarrowView): void => {
    document.body.dataset.view = view
  }
  const isNarrow = (): boolean => !matchMedia('(min-width: 720px)').matches

  /** The address names the conversation: a reload finds it again, and a phone's own back button leaves it. */
  function openConversation(conversation: string | null, isNew = true): void {
    if (isNew) history.pushState(null, '', conversation === null ? location.pathname : `#${conversation}`)
    deskNotice = ''
    setView(conversation === null ? 'queue' : 'chat')
    desk().open(conversation)
    show(desk().view) // at once: what takes the focus next must be there
  }
  function openByHand(conversation: string): void {
    openConversation(conversation)
    if (isNarrow()) chat.focusTitle() // the list with the focus is out of sight
  }
  function leave(): void {
    const conversation = desk().view.opened
    if (conversation === null) return
    openConversation(null)
    queue.focus(conversation)
  }

  function show(view: DeskView): void {
    last = view
    signIn.show(view.isSignedOut)
    element('desk', HTMLDivElement).hidden = view.isSignedOut || view.session === null
    const isUnknown = !view.isSignedOut && view.session === null
    element('boot', HTMLParagraphElement).hidden = !isUnknown
    setText(
      element('boot', HTMLParagraphElement),
      !isUnknown ? '' : view.connection.name === 'waiting' ? strings.signInUnreached : strings.connecting,
    )
    if (view.isSignedOut || view.session === null) {
      document.title = strings.desk
      noted = undefined
      if (view.isSignedOut) side.forget()
      return
    }
    const { session, groups } = view
    const isMine = (conversation: string): boolean => view.owner(conversation).who === 'me'
    setText(element('shop-name', HTMLHeadingElement), session.shop.name)
    setText(element('agent-name', HTMLSpanElement), `${session.agent.name} · `)
    showLine(view.connection, strings)
    const isOutdated = view.connection.name === 'stopped'
    element('reload', HTMLButtonElement).hidden = !isOutdated
    document.title = `${groups.waiting.length > 0 ? `(${groups.waiting.length}) ` : ''}${session.shop.name} · ${strings.desk}`
    setText(element('desk-notice', HTMLSpanElement), deskNotice)
    setText(
      element('plugins-off', HTMLParagraphElement),
      view.pluginsOff.map(({ plugin, why }) => strings.pluginOff[why](plugin)).join(' '),
    )
    queue.show(groups, {
      strings,
      locale,
      now: world.clock.now(),
      opened: view.opened,
      isMine,
      unread(conversation) {
        const watched = view.watched.get(conversation)
        return watched && isMine(conversation) ? unreadOf(watched) : 0
      },
      open: openByHand,
    })
    chat.show(view, strings, locale)
    side.show(view, strings, locale)
    showTools()
    hearNews(view)
  }

  function showTools(): void {
    element('sound', HTMLButtonElement).ariaPressed = String(alerts.hasSound)
    element('notifications', HTMLButtonElement).ariaPressed = String(alerts.hasNotifications)
  }

  function hearNews(view: DeskView): void {
    if (!view.isQueueKnown) return
    const now = note(view, noted)
    const news = noted && newsBetween(noted, now)
    noted = now
    if (news) alerts.tell(news, news === 'waiting' ? strings.newWaiting : strings.newMessage)
  }

  const showLast = (): void => {
    if (last) show(last)
  }

  function chooseLanguage(): void {
    locale = locale === 'en' ? 'zh-CN' : 'en'
    strings = STRINGS[locale]
    label()
    showLast()
    localeChosen(locale)
  }
  for (const id of ['language', 'sign-in-language']) element(id, HTMLButtonElement).addEventListener('click', chooseLanguage)
  element('sound', HTMLButtonElement).addEventListener('click', () => {
    alerts.toggleSound()
    showLast()
  })
  element('notifications', HTMLButtonElement).addEventListener('click', async () => {
    deskNotice = (await alerts.toggleNotifications()) ? '' : strings.notificationsDenied
    showLast()
  })
  element('sign-out', HTMLButtonElement).addEventListener('click', async () => {
    try {
      await desk().signOut()
      deskNotice = ''
      history.replaceState(null, '', location.pathname)
      setView('queue')
    } catch {
      deskNotice = strings.signOutFailed
    }
    showLast()
  })
  element('reload', HTMLButtonElement).addEventListener('click', () => location.reload())
  element('back', HTMLButtonElement).addEventListener('click', leave)
  for (const id of ['show-card', 'show-customer'])
    element(id, HTMLButtonElement).addEventListener('click', () => {
      setView('card')
      side.focus()
    })
  element('card-back', HTMLButtonElement).addEventListener('click', () => {
    setView('chat')
    element(`show-${document.body.dataset.side ?? 'card'}`, HTMLButtonElement).focus()
  })
  element('skip', HTMLAnchorElement).addEventListener('click', event => {
    event.preventDefault()
    chat.focusTitle()
  })
  const singleKeys = element('single-keys', HTMLInputElement)
  singleKeys.checked = hasLetters
  singleKeys.addEventListener('change', () => {
    hasLetters = singleKeys.checked
    world.settings.write(KEYS_KEY, hasLetters ? 'on' : 'off')
  })
  element('help', HTMLButtonElement).addEventListener('click', () => help.showModal())
  element('help-close', HTMLButtonElement).addEventListener('click', () => help.close())
  addEventListener('popstate', () => openConversation(inAddress(), false))

  function placeOf(target: EventTarget | null): FocusPlace {
    if (!(target instanceof Element)) return 'elsewhere'
    if (target.closest('dialog')) return 'dialog'
    if (target instanceof HTMLTextAreaElement || target instanceof HTMLInputElement) return 'text'
    return target.closest('#queue') ? 'list' : 'elsewhere'
  }

  addEventListener('keydown', event => {
    if (element('desk', HTMLDivElement).hidden) return
    const action = keyAction(event, placeOf(event.target), hasLetters)
    if (action === undefined) return
    event.preventDefault()
    const { opened } = desk().view
    switch (action) {
      case 'next':
        return queue.move(1, opened)
      case 'previous':
        return queue.move(-1, opened)
      case 'claim': {
        const conversation = queue.focused ?? opened
        if (conversation === null || conversation === undefined || desk().view.owner(conversation).who !== 'queue') return
        if (conversation !== opened) openByHand(conversation)
        return void desk().claim(conversation)
      }
      case 'reply':
        return void chat.focusComposer()
      case 'side':
        return side.turn()
      case 'help':
        return help.showModal()
      case 'leave-text':
        return opened === null || isNarrow() ? chat.focusTitle() : queue.focus(opened)
      case 'leave':
        if (document.body.dataset.view === 'card') return element('card-back', HTMLButtonElement).click()
        return leave()
    }
  })

  setInterval(() => queue.tick(world.clock.now(), strings), 1_000)
  label()
  if (inAddress() !== null) openConversation(inAddress(), false)
  return { show }
}

/** The conversation that the address names. What cannot be one is nobody's: the server would end the line over it. */
const inAddress = (): string | null => /^#([A-Za-z0-9_-]{1,64})$/.exec(location.hash)?.[1] ?? null
