// What stands on the shop's page: the button that opens the chat, a preview of what was said while it was closed, and the panel for the frame. All in
// a shadow root with a stylesheet made by script: no rule of the page reaches in, and a policy against inline styles has nothing to refuse.
import css from './launcher.css'
import { textOn } from './luminance.ts'
import type { Options } from './options.ts'
import type { Words } from './words.ts'

export interface Launcher {
  /** Where the frame is put. */
  readonly panel: HTMLElement
  show(isOpen: boolean): void
  unread(count: number, preview: string): void
  focus(): void
  remove(): void
}

export interface LauncherActs {
  toggle(): void
  /** Escape, while the keyboard is on the button. */
  close(): void
}

const BUBBLE = 'M5 6.5A2.5 2.5 0 0 1 7.5 4h9A2.5 2.5 0 0 1 19 6.5v6a2.5 2.5 0 0 1-2.5 2.5H12l-4.5 4v-4A2.5 2.5 0 0 1 5 12.5Z'
const CROSS = 'm6.5 6.5 11 11m0-11-11 11'
const SVG = 'http://www.w3.org/2000/svg'

export function createLauncher({ color, side, locale }: Options, words: Words, acts: LauncherActs): Launcher {
  const host = document.createElement('parley-widget')
  const shadow = host.attachShadow({ mode: 'open' })
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(css + (color ? `:host{--accent:${color};--on-accent:${textOn(color)}}` : ''))
  shadow.adoptedStyleSheets = [sheet]

  const region = make('section', side, shadow)
  region.lang = locale
  region.setAttribute('aria-label', words.open)
  const news = make('div', 'news', region)
  news.setAttribute('role', 'status')
  const launcher = button('launcher', region)
  launcher.setAttribute('aria-expanded', 'false')
  const path = icon(launcher, BUBBLE)
  const badge = make('span', 'badge', launcher)
  badge.setAttribute('aria-hidden', 'true')
  badge.hidden = true
  const panel = make('div', 'panel', region)
  panel.setAttribute('role', 'dialog')
  panel.setAttribute('aria-label', words.open)
  let isOpen = false

  launcher.addEventListener('click', acts.toggle)
  region.addEventListener('keydown', event => event.key === 'Escape' && isOpen && acts.close())
  label(0)
  // Beside the body, not in it: a body may be a grid, transformed or counted by `:last-child`.
  document.documentElement.appendChild(host)

  function label(count: number): void {
    const said = isOpen ? words.close : words.open
    launcher.setAttribute('aria-label', count > 0 && !isOpen ? `${said} (${words.unread(count)})` : said)
  }

  function clearNews(): void {
    while (news.firstChild) news.removeChild(news.firstChild)
  }

  function preview(text: string): void {
    const open = button('preview', news)
    open.textContent = text
    open.dir = 'auto'
    open.addEventListener('click', acts.toggle)
    const hide = button('dismiss', news)
    hide.setAttribute('aria-label', words.dismiss)
    icon(hide, CROSS)
    hide.addEventListener('click', () => {
      clearNews()
      launcher.focus()
    })
  }

  return {
    panel,
    show(next) {
      isOpen = next
      region.className = next ? `${side} open` : side
      launcher.setAttribute('aria-expanded', next ? 'true' : 'false')
      path.setAttribute('d', next ? CROSS : BUBBLE)
      if (next) this.unread(0, '')
      label(0)
    },
    unread(count, text) {
      clearNews()
      badge.hidden = count === 0 || isOpen
      badge.textContent = count > 9 ? '9+' : `${count}`
      label(count)
      if (!isOpen && text) preview(text)
    },
    focus: () => launcher.focus(),
    remove() {
      if (host.parentNode) host.parentNode.removeChild(host)
    },
  }
}

function make(tag: string, className: string, parent: Node): HTMLElement {
  const made = document.createElement(tag)
  made.className = className
  parent.appendChild(made)
  return made
}

function button(className: string, parent: Node): HTMLElement {
  const made = make('button', className, parent)
  made.setAttribute('type', 'button')
  return made
}

function icon(parent: Node, shape: string): Element {
  const svg = document.createElementNS(SVG, 'svg')
  svg.setAttribute('viewBox', '0 0 24 24')
  svg.setAttribute('aria-hidden', 'true')
  const path = document.createElementNS(SVG, 'path')
  path.setAttribute('d', shape)
  svg.appendChild(path)
  parent.appendChild(svg)
  return path
}
