// Starts the Studio: who is signed in, which page the address names, the language, and what is said while the server is away.
import type { ShopView, StudioSession } from '@parley/core/protocol/studio.ts'
import { createSignInPage } from '../desk/sign-in.ts'
import { fill, h, icon } from '../look/dom.ts'
import { browserWorld } from '../widget/browser-world.ts'
import { element, setText } from '../widget/elements.ts'
import { type PageLocale, pageLocale } from '../widget/strings.ts'
import { ICONS, openPage } from './pages.ts'
import { hashOf, PAGES, type PageName, routeOf } from './route.ts'
import { createServer, Refused } from './server.ts'
import type { Page, Studio } from './studio.ts'
import { WORDS, type Words } from './words.ts'

const LOCALE_KEY = 'parley.studio.locale'
const NOTICE_MS = 6_000

const settings = browserWorld('').shelf // of its shop's parts nothing is used
const chosen = settings.read(LOCALE_KEY)
let locale: PageLocale = pageLocale(chosen === undefined ? navigator.languages : [chosen])
let session: StudioSession | undefined
let shop: Promise<ShopView> | undefined
let known: ShopView | undefined
let pages = new Map<PageName, Page>()
let current: PageName | undefined

const words = (): Words => WORDS[locale]
const frame = element('studio', HTMLDivElement)
const main = element('page', HTMLElement)
const boot = element('boot', HTMLParagraphElement)

const server = createServer({
  lost: () => setText(element('lost', HTMLParagraphElement), words().shell.lost),
  back() {
    setText(element('lost', HTMLParagraphElement), '')
    if (session === undefined) return void begin()
    tell(words().shell.found)
    reopen()
  },
  signedOut: () => leave(),
})

const signIn = createSignInPage(
  settings,
  () => words().shell,
  async credentials => {
    try {
      enter(await server.post<StudioSession>('session', credentials))
      return { result: 'signed-in' }
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      if (error.status === 429) return { result: 'too-often', retryAfterMs: Number(error.details.retryAfterMs ?? 1_000) }
      return error.code === 'ROLE_REFUSED' ? { result: 'told', text: words().shell.signInNotData } : { result: 'refused' }
    }
  },
)

const studio = (of: StudioSession): Studio => ({
  server,
  words,
  session: of,
  shop: async () => {
    shop ??= server.get<ShopView>('shop')
    try {
      known = await shop
    } catch (error) {
      shop = undefined // asked again by whoever is next
      throw error
    }
    return known
  },
  nameOf: action => {
    if (action === null || action === 'OUT_OF_SCOPE') return words().common.outOfScope
    return known?.actions.find(({ id }) => id === action)?.label[locale] ?? action
  },
  actions: () => known?.actions ?? [],
  go: hash => {
    location.hash = hash
  },
  stay: hash => history.replaceState(null, '', hash),
  tell,
})

let hushed: ReturnType<typeof setTimeout> | undefined
function tell(text: string): void {
  const notice = element('notice', HTMLParagraphElement)
  setText(notice, text)
  clearTimeout(hushed)
  hushed = setTimeout(() => setText(notice, ''), NOTICE_MS)
}

function label(): void {
  document.documentElement.lang = locale
  const table = words().shell
  for (const target of document.querySelectorAll<HTMLElement>('[data-word]'))
    setText(target, String(table[target.dataset.word as keyof typeof table])) // index.html names words of this table
  for (const target of document.querySelectorAll<HTMLElement>('[data-label]'))
    target.ariaLabel = String(table[target.dataset.label as keyof typeof table])
  for (const id of ['language', 'sign-in-language']) {
    const button = element(id, HTMLButtonElement)
    setText(button, table.languageSwitch)
    button.ariaLabel = table.languageSwitchLabel
    button.lang = locale === 'en' ? 'zh-CN' : 'en'
  }
  showNav()
}

function showNav(): void {
  fill(
    element('pages', HTMLElement),
    PAGES.map(name =>
      h(
        'a',
        { href: hashOf({ page: name }), 'data-key': name, 'aria-current': name === current && 'page' },
        icon(ICONS[name]),
        h('span', null, words().shell.page[name]),
      ),
    ),
  )
  const { shell } = words()
  document.title = `${current && session ? `${shell.page[current]} · ` : ''}Parley ${shell.studio}`
}

/** Shows the page that the address names; `isNew`: somebody went there, so that the focus goes along. */
function open(isNew: boolean): void {
  if (session === undefined) return
  const route = routeOf(location.hash)
  if (current !== undefined && current !== route.page) pages.get(current)?.leave()
  const isOther = current !== route.page
  current = route.page
  const page = pages.get(route.page) ?? openPage(route.page, studio(session))
  pages.set(route.page, page)
  if (page.element.parentElement !== main) main.replaceChildren(page.element)
  page.open(route)
  showNav()
  if (isNew && isOther) {
    scrollTo(0, 0)
    main.focus({ preventScroll: true })
  }
}
const reopen = (): void => open(false)

function enter(entered: StudioSession): void {
  session = entered
  boot.hidden = true
  setText(element('shop-name', HTMLHeadingElement), entered.shop.name)
  setText(element('who', HTMLParagraphElement), entered.person.name)
  frame.hidden = false
  signIn.show(false)
  open(true)
}

/** What was shown is forgotten: the next to sign in here may be somebody else. */
function leave(): void {
  if (current) pages.get(current)?.leave()
  pages = new Map()
  main.replaceChildren()
  session = shop = known = current = undefined
  boot.hidden = true
  frame.hidden = true
  signIn.show(true)
  showNav()
}

async function begin(): Promise<void> {
  boot.hidden = false
  setText(boot, words().shell.loading)
  try {
    enter(await server.get<StudioSession>('session'))
  } catch (error) {
    if (error instanceof Refused && error.status === 401) leave()
    else setText(boot, words().shell.lost)
  }
}

for (const id of ['language', 'sign-in-language'])
  element(id, HTMLButtonElement).addEventListener('click', () => {
    locale = locale === 'en' ? 'zh-CN' : 'en'
    settings.write(LOCALE_KEY, locale)
    label()
    if (current) pages.get(current)?.draw()
  })
element('sign-out', HTMLButtonElement).addEventListener('click', async () => {
  try {
    await server.remove('session')
    leave()
  } catch {
    tell(words().shell.signOutFailed)
  }
})
element('skip', HTMLAnchorElement).addEventListener('click', event => {
  event.preventDefault() // the address is the page's
  main.focus()
})
addEventListener('hashchange', () => open(true))
addEventListener('keydown', event => {
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.altKey || event.metaKey || current === undefined) return
  if (document.querySelector('dialog[open]')) return
  pages.get(current)?.key?.(event)
})

label()
void begin()
