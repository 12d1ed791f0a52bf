// The customer's panel beside the conversation: what the shop's systems know, or why they do not tell it.
import { fill, h } from '../../look/dom.ts'
import { element, setText } from '../../widget/elements.ts'
import type { PageLocale } from '../strings.ts'
import { copyText } from './copy-text.ts'
import { glossary } from './glossary.ts'
import type { Lookup } from './lookups.ts'
import { type Drawing, drawRoot, whyNot } from './parts.ts'
import { agoWords } from './values.ts'
import { PANEL_WORDS, type PanelWords } from './words.ts'

export interface CustomerPanelView {
  /** Undefined while nothing is open. */
  readonly lookup: Lookup | undefined
  readonly conversation: string | null
  readonly locale: PageLocale
}

export interface CustomerPanelParts {
  readonly now: () => number
  readonly refresh: () => void
  /** Puts a text into the reply; else gives why it cannot be. */
  readonly intoReply: (text: string) => string | undefined
}

export function createCustomerPanel({ now, refresh, intoReply }: CustomerPanelParts): (view: CustomerPanelView) => void {
  const body = element('customer-body', HTMLDivElement)
  body.tabIndex = 0 // the arrow keys scroll it
  element('customer-title', HTMLHeadingElement).tabIndex = -1 // it takes the focus when it comes into view
  const notice = element('customer-notice', HTMLParagraphElement)
  const button = element('customer-refresh', HTMLButtonElement)
  button.addEventListener('click', () => button.ariaDisabled !== 'true' && refresh())
  const whole = new Set<string>()
  let isGlossaryOpen = false
  let hushed: ReturnType<typeof setTimeout> | undefined
  const say = (text: string): void => {
    setText(notice, text)
    clearTimeout(hushed)
    hushed = setTimeout(() => setText(notice, ''), NOTICE_MS)
  }
  let shown = ''
  let shownOf: string | null = null
  let last: CustomerPanelView | undefined

  function draw(view: CustomerPanelView): void {
    const { lookup, conversation, locale } = view
    last = view
    if (conversation !== shownOf) {
      whole.clear()
      shownOf = conversation
      body.scrollTop = 0
      setText(notice, '')
    }
    body.ariaBusy = String(lookup?.isAsking === true)
    button.ariaDisabled = String(lookup === undefined || lookup.isAsking)
    // Built anew only when something in it is new: what somebody is reading is not taken away under their eyes.
    const content = JSON.stringify([
      conversation,
      lookup?.panel,
      lookup?.at,
      lookup?.failed,
      lookup?.panel ? '' : lookup?.isAsking,
      locale,
      [...whole],
    ])
    if (content === shown) return
    shown = content
    fill(body, conversation === null || !lookup ? [] : contentOf(lookup, locale))
  }

  function contentOf(lookup: Lookup, locale: PageLocale): (HTMLElement | undefined)[] {
    const words = PANEL_WORDS[locale]
    const { panel, at = 0, failed } = lookup
    const trouble = failed === undefined ? undefined : h('p', { class: 'trouble', role: 'status' }, failedWords(failed, words))
    if (!panel) return [trouble ?? h('p', { class: 'none', role: 'status' }, words.loading)]
    const drawing: Drawing = {
      words,
      locale,
      now: now(),
      gaps: panel.gaps,
      stale: panel.stale,
      whole,
      copy: text => void copyText(text).then(isCopied => say(isCopied ? words.copied(text) : words.notCopied)),
      intoReply: text => say(intoReply(text) ?? words.putIn(text)),
      showWhole(path) {
        whole.add(path)
        if (last) draw(last)
      },
    }
    const time = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
    return [
      trouble,
      troublesOf(drawing),
      ...panel.fields.flatMap(field => drawRoot(field, panel.data[field.key], drawing)),
      glossary(panel, words.meanings, isGlossaryOpen, isOpen => (isGlossaryOpen = isOpen)),
      h('p', { class: 'as-of faint' }, words.asOf(time.format(at))),
    ]
  }
  return draw
}

/** What was done is said for so long. */
const NOTICE_MS = 4_000

/** Each system that fails is told once at the top, beside the places where something is missing. */
function troublesOf(drawing: Drawing): HTMLElement | undefined {
  const { gaps, stale, words, locale } = drawing
  const lines = new Set(gaps.map(gap => whyNot([gap], drawing)))
  for (const source of new Set(stale.map(each => each.source))) {
    const oldest = Math.max(...stale.filter(each => each.source === source).map(({ ageMs }) => ageMs))
    if (!lines.has(words.down(source))) lines.add(words.standsIn(source, agoWords(oldest, locale)))
  }
  if (lines.size === 0) return undefined
  return h(
    'div',
    { class: 'trouble', role: 'status' },
    [...lines].map(line => h('p', null, line)),
  )
}

function failedWords(code: string, words: PanelWords): string {
  if (code === 'RATE_LIMITED') return words.tooOften
  if (code === 'CONFIG_INVALID') return words.unreadable
  return code === '' || code === 'INTERNAL' || code === 'SHUTTING_DOWN' ? words.failed : words.locked
}
