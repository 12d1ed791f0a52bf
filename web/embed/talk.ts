// What the loader on a shop's page and the widget in its frame say to each other, by postMessage. Either side takes a message only from the window
// and the origin that it expects.

export type FromWidget =
  /** The page is there and listens. */
  | { readonly parley: 'ready' }
  /** The customer wants to go back to the page around. */
  | { readonly parley: 'close' }
  /** Messages that the customer has not seen, and the beginning of the newest. */
  | { readonly parley: 'unread'; readonly count: number; readonly preview: string }

export type FromLoader = { readonly parley: 'opened' } | { readonly parley: 'closed' }
