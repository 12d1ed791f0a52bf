// Starts the console: joins the desk client to the browser and the page.

import { pageLocale } from '../widget/strings.ts'
import { createAlerts } from './alerts.ts'
import { browserDeskWorld } from './browser-desk-world.ts'
import { createDesk } from './desk-client.ts'
import { createDeskPage } from './page.ts'
import type { PageLocale } from './strings.ts'

const LOCALE_KEY = 'parley.desk.locale'

const world = browserDeskWorld()
const chosen = world.settings.read(LOCALE_KEY)
const locale: PageLocale = pageLocale(chosen === undefined ? navigator.languages : [chosen])

/** One frame may change much at once; the page is drawn once. Not by animation frames: a hidden tab has none, and its title counts on. */
let isDue = false
function draw(): void {
  if (isDue) return
  isDue = true
  queueMicrotask(() => {
    isDue = false
    page.show(desk.view)
  })
}

const desk = createDesk(world, draw)
const page = createDeskPage({
  desk: () => desk,
  world,
  alerts: createAlerts(world.settings),
  locale,
  localeChosen: next => world.settings.write(LOCALE_KEY, next),
})
desk.start()

const showVisible = (): void => desk.setVisible(document.visibilityState === 'visible')
showVisible()
// `offline` too: a line that is dead is found out at once instead of at the next heartbeat.
for (const event of ['online', 'offline', 'pageshow']) addEventListener(event, desk.wake)
document.addEventListener('visibilitychange', () => {
  showVisible()
  if (document.visibilityState === 'visible') desk.wake()
})
