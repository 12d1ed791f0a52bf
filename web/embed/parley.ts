// The one script that a shop puts on its pages: a button, and behind it the widget in a frame that is made when it is opened for the first time. It
// leaves one name behind, `Parley`, changes nothing of the page, and relies on nothing that pages are known to overwrite.
import { createLauncher } from './launcher.ts'
import { optionsOf, widgetAddress } from './options.ts'
import type { FromLoader, FromWidget } from './talk.ts'
import { wordsOf } from './words.ts'

/** The global `Parley`. */
export interface ParleyGlobal {
  open(): void
  close(): void
  /** Somebody has signed in (with a fresh identity token) or out (without one): what is open begins again as theirs. */
  identify(identity?: string): void
  /** Takes everything away again, the global too. */
  destroy(): void
}

declare global {
  interface Window {
    Parley?: ParleyGlobal
  }
}

function start(script: HTMLScriptElement): ParleyGlobal {
  const options = optionsOf(script)
  const words = wordsOf(options.locale)
  const launcher = createLauncher(options, words, { toggle: () => (isOpen ? close() : open()), close })
  let identity = options.identity
  let frame: HTMLIFrameElement | undefined
  let isReady = false
  let isOpen = false

  function tell(message: FromLoader): void {
    if (isReady) frame?.contentWindow?.postMessage(message, options.server)
  }

  function heard({ source, origin, data }: MessageEvent<FromWidget | null>): void {
    if (!frame || source !== frame.contentWindow || origin !== options.server || !data) return
    switch (data.parley) {
      case 'ready':
        isReady = true
        return isOpen ? opened() : tell({ parley: 'closed' })
      case 'close':
        return close()
      case 'unread':
        return launcher.unread(Number(data.count) || 0, `${data.preview}`)
    }
  }

  function opened(): void {
    frame?.focus()
    tell({ parley: 'opened' })
  }

  function load(): void {
    frame = document.createElement('iframe')
    frame.title = words.open
    frame.referrerPolicy = 'no-referrer'
    frame.src = widgetAddress(options, identity)
    launcher.panel.appendChild(frame)
  }

  function unload(): void {
    if (frame) launcher.panel.removeChild(frame)
    frame = undefined
    isReady = false
  }

  function open(): void {
    if (isOpen) return
    isOpen = true
    launcher.show(true)
    if (frame) opened()
    else load()
  }

  function close(): void {
    if (!isOpen) return
    isOpen = false
    launcher.show(false)
    tell({ parley: 'closed' })
    launcher.focus()
  }

  window.addEventListener('message', heard)
  return {
    open,
    close,
    identify(next) {
      identity = next
      unload()
      launcher.unread(0, '')
      if (isOpen) load()
    },
    destroy() {
      window.removeEventListener('message', heard)
      unload()
      launcher.remove()
      delete window.Parley
    },
  }
}

// A second tag on the same page is passed over; so is a copy that was not loaded by a tag and knows no server.
const script = document.currentScript
if (!window.Parley && script instanceof HTMLScriptElement && script.src) window.Parley = start(script)
