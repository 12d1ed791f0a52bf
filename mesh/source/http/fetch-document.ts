// Fetches a document by which a source says what it is. What is no secret may lie elsewhere than the source; its credential goes nowhere but to the source.
import type { Means } from '../kind.ts'
import { connect, type HttpSettings } from './connection.ts'

/** Bytes: the largest documents in use have some 12 million. */
export const LARGEST_DOCUMENT = 32 * 1024 * 1024

/** Rejects with a SourceError, with the signal's reason, or with an Error that says what came instead. */
export async function fetchDocument(
  source: string,
  place: URL,
  settings: HttpSettings,
  means: Means,
  signal: AbortSignal,
): Promise<string> {
  const { tokenEnv: _, tokenFile: __, ...rest } = settings
  const isAtSource = new URL(settings.url).origin === place.origin
  const connection = connect(source, isAtSource ? settings : { ...rest, headers: {} }, means, LARGEST_DOCUMENT)
  try {
    const headers = { accept: 'application/json, application/yaml, text/yaml, */*;q=0.5' }
    const { status, text, location } = await connection.send({ method: 'GET', url: place, headers }, signal)
    // Followed, it could lead to where nobody has pointed.
    if (status >= 300 && status < 400)
      throw new Error(`its document is elsewhere: ${location ? new URL(location, place).href : 'it does not say where'}`)
    if (status === 401 || status === 403) throw new Error(`it does not show its document to us (status ${status})`)
    if (status !== 200) throw new Error(`its document is answered with status ${status}`)
    return text
  } finally {
    connection.close()
  }
}
