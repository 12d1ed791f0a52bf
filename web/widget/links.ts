// Finds web addresses in a text. Only http and https become links: `javascript:` and its kin stay text.

export interface Link {
  readonly href: string
  readonly text: string
}

/**
 * Only the characters that an address is written in by RFC 3986: Chinese writes on after an address without a space, and must not become part of
 * it. (An address with Chinese characters in it is cut there; shops write such addresses percent-encoded.)
 */
const ADDRESS = /\bhttps?:\/\/[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]+/gi
/** Ends a sentence rather than an address. A bracket goes only if it was not opened within. */
const TRAILING = /[.,;:!?'*]+$/

/** The text in order, cut into plain pieces and links. Joined together again it is the text. */
export function withLinks(text: string): readonly (string | Link)[] {
  const pieces: (string | Link)[] = []
  let end = 0
  for (const match of text.matchAll(ADDRESS)) {
    const address = trim(match[0])
    if (!isWebAddress(address)) continue
    if (match.index > end) pieces.push(text.slice(end, match.index))
    pieces.push({ href: address, text: address })
    end = match.index + address.length
  }
  if (end < text.length) pieces.push(text.slice(end))
  return pieces
}

function trim(address: string): string {
  const trimmed = address.replace(TRAILING, '')
  const isOpen = trimmed.split('(').length >= trimmed.split(')').length
  return trimmed.endsWith(')') && !isOpen ? trim(trimmed.slice(0, -1)) : trimmed
}

function isWebAddress(address: string): boolean {
  try {
    const { protocol, username, password } = new URL(address)
    return (protocol === 'http:' || protocol === 'https:') && username === '' && password === '' // `https://shop.example@elsewhere` is a trap
  } catch {
    return false // `http://` alone, a port that is none: it stays text
  }
}
