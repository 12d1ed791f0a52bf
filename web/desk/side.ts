// What stands beside a conversation: its customer, as the shop's systems know them, and the hand-off card; one of the two where there is no room for both.
// A shop without a mesh has the card alone.
import { element } from '../widget/elements.ts'
import type { BrowserDeskWorld } from './browser-desk-world.ts'
import { createCard } from './card.ts'
import { createLookups } from './customer/lookups.ts'
import { createCustomerPanel } from './customer/panel.ts'
import type { DeskView } from './desk-client.ts'
import type { PageLocale, Strings } from './strings.ts'

export interface Side {
  show(view: DeskView, strings: Strings, locale: PageLocale): void
  /** The other of the two; does nothing where there is one. */
  turn(): void
  focus(): void
  forget(): void
}

export interface SideParts {
  readonly world: Pick<BrowserDeskWorld, 'clock' | 'settings' | 'fetchCustomer'>
  readonly opened: () => string | null
  /** Puts a text into the reply; else gives why it cannot be. */
  readonly intoReply: (text: string) => string | undefined
  readonly changed: () => void
}

type Which = 'customer' | 'card'

const SIDE_KEY = 'parley.desk.side'
const PANEL_KEY = 'parley.desk.panel'

export function createSide({ world, opened, intoReply, changed }: SideParts): Side {
  const { settings, clock } = world
  let locale: PageLocale = 'en'
  let which: Which = settings.read(SIDE_KEY) === 'card' ? 'card' : 'customer'
  let hasPanel = false
  const lookups = createLookups({
    ask: world.fetchCustomer,
    now: clock.now,
    changed,
    // What this browser's shop had last: a page that has just been loaded does not jump once it knows.
    hasPanel: settings.read(PANEL_KEY) === 'on',
    learned: has => settings.write(PANEL_KEY, has ? 'on' : 'off'),
  })
  const showCard = createCard()
  const showCustomer = createCustomerPanel({
    now: clock.now,
    refresh() {
      const conversation = opened()
      if (conversation !== null) lookups.refresh(conversation, locale)
    },
    intoReply,
  })
  const buttons = { customer: element('side-customer', HTMLButtonElement), card: element('side-card', HTMLButtonElement) }

  function choose(next: Which): void {
    which = next
    settings.write(SIDE_KEY, which)
    showChoice()
  }

  function showChoice(): void {
    const shown = hasPanel ? which : 'card'
    document.body.dataset.side = shown
    document.body.dataset.panel = hasPanel ? 'on' : 'off'
    element('side-choice', HTMLFieldSetElement).hidden = !hasPanel
    element('show-customer', HTMLButtonElement).hidden = !hasPanel
    for (const [name, button] of Object.entries(buttons)) button.ariaPressed = String(name === shown)
  }

  for (const [name, button] of Object.entries(buttons) as [Which, HTMLButtonElement][]) button.addEventListener('click', () => choose(name)) // its keys
  for (const name of ['customer', 'card'] as const) element(`show-${name}`, HTMLButtonElement).addEventListener('click', () => choose(name))

  return {
    show(view, strings, next) {
      locale = next
      const conversation = view.opened
      const watched = conversation === null ? undefined : view.watched.get(conversation)
      const isErased = conversation !== null && view.outcomes.get(conversation)?.name === 'erased'
      if (isErased) lookups.forget()
      else if (conversation !== null && watched?.stage === 'synced') {
        // What an effect has done is in the systems now.
        const effects = watched.log.filter(event => event.type === 'mark' && event.effect !== undefined).length
        lookups.want(conversation, locale, String(effects))
      }
      const lookup = conversation === null || isErased ? undefined : lookups.of(conversation, locale)
      hasPanel = lookups.hasPanel
      showChoice()
      showCustomer({ lookup, conversation: isErased ? null : conversation, locale })
      showCard(isErased ? undefined : watched, { strings, locale, hasPanel })
    },
    turn() {
      if (hasPanel) choose(which === 'card' ? 'customer' : 'card')
    },
    focus: () => element(document.body.dataset.side === 'customer' ? 'customer-title' : 'card-title', HTMLHeadingElement).focus(),
    forget: lookups.forget,
  }
}
