// What the newest message offers to press instead of writing: a row of buttons under it. Made anew only when the offer changes, so that the keyboard
// does not lose its place.
import type { QuickReply } from '@parley/core/protocol/server-message.ts'
import { element, make } from './elements.ts'
import type { Strings } from './strings.ts'

export interface QuickReplies {
  show(offered: readonly QuickReply[], strings: Strings): void
}

export function createQuickReplies(press: (text: string, event: MouseEvent) => void): QuickReplies {
  const group = element('quick-replies', HTMLDivElement)
  group.setAttribute('role', 'group')
  let shown = ''

  function button({ label, text }: QuickReply): HTMLButtonElement {
    const made = make('button', 'suggestion', label)
    made.type = 'button'
    made.dir = 'auto'
    made.addEventListener('click', event => press(text, event))
    return made
  }

  return {
    show(offered, strings) {
      group.ariaLabel = strings.quickReplies
      const key = JSON.stringify(offered)
      if (key === shown) return
      shown = key
      group.hidden = offered.length === 0
      group.replaceChildren(...offered.map(button))
    },
  }
}
