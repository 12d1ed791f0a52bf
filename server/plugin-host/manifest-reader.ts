// Reads the manifests of TypeScript plugins. They are values of the plugin's own code, so that code must run; it does so in a host of its
// own, one plugin after another, and a plugin that breaks the host has no manifest.
import { foundBefore, keepFound } from '../found-before.ts'
import { type Host, startHost } from './host.ts'
import { keyOfSources } from './host-program.ts'
import type { FromHost } from './protocol.ts'

/** The start of a host and the run of a plugin's top level, which the isolate limits to one second. */
const BUDGET_MS = 10_000
const MEMORY_MB = 300
const TICK_MS = 10

export type ManifestText = { readonly isRead: true; readonly json: string } | { readonly isRead: false; readonly reason: string }

export interface ManifestReader {
  read(code: string): Promise<ManifestText>
  close(): Promise<void>
}

export function createManifestReader(): ManifestReader {
  let host: Host | undefined
  let settle: (text: ManifestText) => void = () => {}
  let last: Promise<unknown> = Promise.resolve()

  const onMessage = (message: FromHost): void => {
    if (message.type === 'manifest') settle({ isRead: true, json: message.json })
    if (message.type === 'manifest-failed') settle({ isRead: false, reason: message.reason })
  }
  const stop = async (): Promise<void> => {
    const stopped = host
    host = undefined
    stopped?.kill()
    await stopped?.ended
  }
  /** With no clock and no chance in an isolate, the same code has the same manifest each time. */
  const readNow = async (code: string): Promise<ManifestText> => {
    const from = ['manifest', keyOfSources(), code]
    const before = foundBefore(from)
    if (before !== undefined) return { isRead: true, json: before }
    const text = await askHost(code)
    if (text.isRead) keepFound(from, text.json)
    return text
  }
  const askHost = async (code: string): Promise<ManifestText> => {
    const asked = host ?? startHost(onMessage, how => settle({ isRead: false, reason: `it took its process down: ${how}` }))
    host = asked
    const started = performance.now()
    const text = await new Promise<ManifestText>(resolve => {
      const watch = setInterval(() => {
        const isLate = performance.now() - started > BUDGET_MS
        if (isLate || (asked.residentMb() ?? 0) > MEMORY_MB)
          settle({ isRead: false, reason: isLate ? 'its top level does not end' : 'its top level takes too much memory' })
      }, TICK_MS)
      settle = result => {
        clearInterval(watch)
        resolve(result)
      }
      asked.send({ type: 'read-manifest', code })
    })
    if (!text.isRead) await stop() // whatever it did, the next plugin begins in a fresh process
    return text
  }
  return {
    read: code => {
      const result = last.then(() => readNow(code))
      last = result.catch(() => {}) // the caller of this read is told
      return result
    },
    close: stop,
  }
}
