// What a response of a source comes to: a value, or a SourceError.
import type { Incoming } from '../../upstream/send.ts'
import { SourceError, type Trouble } from '../../upstream/source-error.ts'

/** The JSON of a response that says that all is well. `isRead`: where there is no such thing (404) it is null. Throws a SourceError. */
export function answerOf(source: string, incoming: Incoming, isRead: boolean): unknown {
  const { status, text, retryAfterMs } = incoming
  const trouble = (code: Trouble, reason?: string): SourceError =>
    new SourceError(code, source, { ...(reason !== undefined && { reason }), ...(retryAfterMs !== undefined && { retryAfterMs }) })
  if (status === 204) return null
  if (status >= 200 && status < 300) {
    try {
      return JSON.parse(text)
    } catch {
      throw trouble('SOURCE_GARBLED')
    }
  }
  if (status === 404 && isRead) return null
  if (status === 401 || status === 403) throw trouble('SOURCE_LOCKED')
  if (status === 429 || status === 503) throw trouble('SOURCE_BUSY')
  if (status === 408) throw trouble('SOURCE_TIMEOUT')
  if (status >= 500) throw trouble('SOURCE_BROKEN')
  throw trouble('SOURCE_REFUSED', reasonIn(text) ?? `status ${status}`)
}

/** The short word of a problem: letters and dashes alone, so that nothing of a customer's or a credential comes out with it. */
export const wordOf = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[a-z][a-z0-9_-]{0,39}$/i.test(value) ? value : undefined

function reasonIn(text: string): string | undefined {
  try {
    const { error, code, type } = JSON.parse(text) as Readonly<Record<string, unknown>> // what is no object throws or has none of these
    return wordOf(error) ?? wordOf(code) ?? wordOf(type)
  } catch {
    return undefined
  }
}
