// What is known of the customers of conversations, without a page: asked when a conversation is opened, one question at a time, kept while the page
// lives. A shop without a mesh is asked once.
import type { CustomerPanel } from '@parley/core/protocol/customer-panel.ts'

export type CustomerAnswer =
  | { readonly result: 'panel'; readonly panel: CustomerPanel }
  /** The shop has no mesh, or nothing of it is a customer's. */
  | { readonly result: 'none' }
  | { readonly result: 'refused'; readonly code: string }

export interface Lookup {
  /** The newest that came. */
  readonly panel?: CustomerPanel
  /** When it came, on the wall's clock. */
  readonly at?: number
  readonly isAsking: boolean
  /** Why the last question has no answer; empty: none came. */
  readonly failed?: string
}

export interface Lookups {
  /** Asks unless it is known well enough. `reason` is what it depends on beside the conversation: when that changes, it is asked again. */
  want(conversation: string, locale: string, reason: string): void
  /** Asks again, unless a question is under way. */
  refresh(conversation: string, locale: string): void
  /** Undefined for what was never asked. */
  of(conversation: string, locale: string): Lookup | undefined
  /** Whether the shop has a panel, as far as that is known. */
  readonly hasPanel: boolean
  /** Nothing that was known is kept: somebody else may sign in, or the customer was erased. */
  forget(): void
}

/** What came so long ago is asked for again when the conversation is opened. */
const OLD_MS = 30_000
const MOST = 30

export interface LookupParts {
  readonly ask: (conversation: string, locale: string) => Promise<CustomerAnswer>
  readonly now: () => number
  readonly changed: () => void
  /** Taken to be so until an answer comes. */
  readonly hasPanel: boolean
  readonly learned: (hasPanel: boolean) => void
}

export function createLookups({ ask, now, changed, hasPanel: wasThere, learned }: LookupParts): Lookups {
  let known = new Map<string, Lookup & { readonly reason: string }>()
  let hasPanel = wasThere
  /** The shop has said that it has none. */
  let isNone = false
  let last = ''

  function begin(name: string, conversation: string, locale: string, reason: string): void {
    const mine = known
    const before = known.get(name)
    if (before?.isAsking) return
    known.delete(name)
    known.set(name, { ...before, reason, isAsking: true })
    if (known.size > MOST) known.delete(known.keys().next().value!) // it is full
    const keep = (lookup: Omit<Lookup, 'isAsking'>): void => {
      if (known !== mine) return // it was forgotten meanwhile
      known.set(name, { ...lookup, reason, isAsking: false })
      changed()
    }
    ask(conversation, locale).then(
      answer => {
        isNone = answer.result === 'none'
        hasPanel = !isNone
        learned(hasPanel)
        if (answer.result === 'panel') keep({ panel: answer.panel, at: now() })
        else if (answer.result === 'refused') keep({ ...before, failed: answer.code })
        else changed()
      },
      () => keep({ ...before, failed: '' }),
    )
    changed()
  }

  return {
    want(conversation, locale, reason) {
      if (isNone) return
      const name = `${conversation} ${locale}`
      const isOpened = name !== last
      last = name
      const before = known.get(name)
      const isOld = isOpened && before?.at !== undefined && now() - before.at > OLD_MS
      if (!before || isOld || (isOpened && before.failed !== undefined) || (!before.isAsking && before.reason !== reason))
        begin(name, conversation, locale, reason)
    },
    refresh: (conversation, locale) =>
      begin(`${conversation} ${locale}`, conversation, locale, known.get(`${conversation} ${locale}`)?.reason ?? ''),
    of: (conversation, locale) => known.get(`${conversation} ${locale}`),
    get hasPanel() {
      return hasPanel
    },
    forget() {
      known = new Map()
      isNone = false
      last = ''
    },
  }
}
