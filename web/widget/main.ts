// Starts the widget: joins the client core to the browser and the page.
import { createClient } from '../client/client.ts'
import { visitorKey } from '../client/visitors.ts'
import { browserWorld } from './browser-world.ts'
import { createPage } from './page.ts'
import { type PageLocale, pageLocale } from './strings.ts'

/** `?shop=ID` names another shop of the installation. */
const shop = new URLSearchParams(location.search).get('shop') ?? 'demo'
const LOCALE_KEY = 'parley.locale'

const world = browserWorld(shop)
const chosen = world.shelf.read(LOCALE_KEY)
const locale: PageLocale = pageLocale(chosen === undefined ? navigator.languages : [chosen])

const page = createPage({
  client: () => client,
  monotonic: world.clock.monotonic,
  locale,
  localeChosen(next) {
    world.shelf.write(LOCALE_KEY, next)
    client.setLocale(next)
  },
})
const client = createClient(world, shop, locale, page.show)
page.show(client.view)
client.start()

// `offline` too: a line that is dead is found out at once instead of at the next heartbeat.
for (const event of ['online', 'offline', 'pageshow']) addEventListener(event, client.wake)
document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && client.wake())
addEventListener('storage', ({ key }) => key === visitorKey(shop) && client.shelfChanged())
