// The page around this one, when the widget is embedded: it is told what waits to be read and that the customer wants back, and tells when the panel
// is opened and closed. Only the window around, and only under the origin that the address named, is listened to or spoken to.

import type { ClientView } from '../client/client.ts'
import { textOf } from '../client/rows.ts'
import { newestOfShop } from '../client/timeline.ts'
import type { FromLoader, FromWidget } from '../embed/talk.ts'

export interface HostPage {
  show(view: ClientView): void
  close(): void
  /** The panel is open, as far as the page around has told. */
  readonly isOpen: boolean
}

/** Longest beginning of a message that the page around is shown. */
const PREVIEW_CHARACTERS = 120

export function connectHostPage(origin: string, moved: (isOpen: boolean) => void): HostPage {
  const tell = (message: FromWidget): void => parent.postMessage(message, origin)
  let isOpen = false
  let told = ''

  addEventListener('message', ({ source, origin: from, data }: MessageEvent<FromLoader | null>) => {
    if (source !== parent || from !== origin) return
    if (data?.parley !== 'opened' && data?.parley !== 'closed') return
    isOpen = data.parley === 'opened'
    moved(isOpen)
  })
  tell({ parley: 'ready' })

  return {
    show({ timeline, unread }) {
      const newest = newestOfShop(timeline)
      const text = unread > 0 && newest ? textOf(newest).replace(/\s+/g, ' ') : ''
      const preview = [...text].slice(0, PREVIEW_CHARACTERS).join('')
      if (told === `${unread} ${preview}`) return
      told = `${unread} ${preview}`
      tell({ parley: 'unread', count: unread, preview })
    },
    close: () => tell({ parley: 'close' }),
    get isOpen() {
      return isOpen
    },
  }
}
