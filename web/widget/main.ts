// Starts the widget: joins the client core to the browser, the page and, where there is one, the page around it.
import { createClient } from '../client/client.ts'
import { customerOf, forgetOthers, scopeOf } from '../client/identity.ts'
import { visitorKey } from '../client/visitors.ts'
import { readableAccent } from './accent.ts'
import { browserWorld } from './browser-world.ts'
import { element } from './elements.ts'
import { connectHostPage } from './host-page.ts'
import { createPage } from './page.ts'
import { settingsOf } from './settings.ts'
import { type PageLocale, pageLocale, STRINGS } from './strings.ts'

const settings = settingsOf(location.href)
const { shop, identity } = settings
if (identity !== undefined) history.replaceState(null, '', location.pathname + location.search) // it has been read: nobody copies it with the address
const customer = customerOf(identity)
const scope = scopeOf(shop, customer)
const LOCALE_KEY = 'parley.locale'

const world = browserWorld(shop)
if (settings.host !== undefined) forgetOthers(world.shelf, shop, customer)
const chosen = settings.locale ?? world.shelf.read(LOCALE_KEY)
const locale: PageLocale = pageLocale(chosen === undefined ? navigator.languages : [chosen])

const page = createPage({
  client: () => client,
  monotonic: world.clock.monotonic,
  locale,
  localeChosen(next) {
    world.shelf.write(LOCALE_KEY, next)
    client.setLocale(next)
  },
  isNamed: customer !== undefined,
  moved: lookAgain,
})
const client = createClient(
  world,
  scope,
  locale,
  view => {
    page.show(view)
    host?.show(view)
  },
  identity,
)
const host = settings.host === undefined ? undefined : connectHostPage(settings.host, hostMoved)
if (settings.color !== undefined) colour(settings.color)
if (host) embed(host.close)
page.show(client.view)
lookAgain()
client.start()

/** A panel that is closed still counts as visible to the browser. */
function lookAgain(): void {
  client.setInSight(document.visibilityState === 'visible' && page.isAtEnd && (host?.isOpen ?? true))
}

function hostMoved(isOpen: boolean): void {
  lookAgain()
  if (!isOpen) return
  client.wake()
  page.focus()
}

/** The page around shows its own head and has chosen the language; this one offers the way back. */
function embed(close: () => void): void {
  document.documentElement.dataset.embedded = ''
  const button = element('close', HTMLButtonElement)
  button.hidden = false
  button.ariaLabel = STRINGS[locale].close
  button.addEventListener('click', close)
  element('language', HTMLButtonElement).hidden = settings.locale !== undefined
  // An open dialog takes its own Escape, and one that ends a composition belongs to the input method.
  addEventListener('keydown', event => {
    if (event.key === 'Escape' && !event.isComposing && event.keyCode !== 229 && !document.querySelector('dialog[open]')) close()
  })
}

function colour(color: string): void {
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const { style } = document.documentElement
  const apply = (): void => {
    style.setProperty('--accent', readableAccent(color, dark.matches ? 'dark' : 'light'))
    style.setProperty('--accent-soft', 'color-mix(in srgb, var(--accent) 14%, var(--panel))')
    style.setProperty('--accent-text', dark.matches ? '#000000' : '#ffffff')
  }
  apply()
  dark.addEventListener('change', apply)
}

// `offline` too: a line that is dead is found out at once instead of at the next heartbeat.
for (const event of ['online', 'offline', 'pageshow']) addEventListener(event, client.wake)
document.addEventListener('visibilitychange', () => {
  lookAgain()
  if (document.visibilityState === 'visible') client.wake()
})
addEventListener('storage', ({ key }) => key === visitorKey(scope) && client.shelfChanged())
