// Two small buttons at a reply of the bot's: it helped, it did not. Pressing the one that is pressed takes it back.
import type { Thumb } from '@parley/core/protocol/client-message.ts'
import { make } from './elements.ts'
import type { Strings } from './strings.ts'

export interface Thumbs {
  readonly element: HTMLElement
  show(thumb: Thumb | null, strings: Strings, rate: (thumb: Thumb | null) => void): void
}

export function createThumbs(): Thumbs {
  const element = make('span', 'thumbs')
  element.role = 'group'
  const button = (thumb: Thumb): HTMLButtonElement => {
    const made = make('button', `thumb ${thumb}`)
    made.type = 'button'
    element.append(made)
    return made
  }
  const buttons = [['up', button('up'), 'helped'] as const, ['down', button('down'), 'helpedNot'] as const]
  return {
    element,
    show(shown, strings, rate) {
      element.ariaLabel = strings.rate
      for (const [thumb, made, words] of buttons) {
        made.ariaLabel = strings[words]
        made.title = strings[words]
        made.ariaPressed = String(shown === thumb)
        made.onclick = () => rate(shown === thumb ? null : thumb)
      }
    },
  }
}
