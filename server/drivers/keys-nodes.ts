// What each node is known to have heard of the keys' stream. A node says how far it has heard it in a row of its own, which goes through the servers' agreement, and
// hears that back: then it knows of every erasure up to the moment when it said so. For a while after that it may use what it has in memory. Who erases waits until
// each other node has said that it has heard of it, or may use nothing any more. So a node that was halted, or is cut off, opens nothing that was erased meanwhile: it
// can't say anything before it has heard.
import type { KeysLine } from './keys-line.ts'

export interface KeysNodes {
  /** Resolves when this node is known to have heard of every erasure up to a while ago. Faults: LOG_UNAVAILABLE, STORAGE_FULL. */
  fresh(): Promise<void>
  /** As `fresh`, up to now: whoever leads the stream leads it in truth. */
  prove(): Promise<void>
  /** Says how far this node has heard; gives the place where that stands. */
  announce(): Promise<number>
  /** There are others, who may wait to hear of this one. */
  readonly hasOthers: boolean
  heard(node: string, payload: Uint8Array): void
  /** Resolves when no other node can use anything any more that was destroyed at this place. */
  untilOthersHeard(seq: number): Promise<void>
  /** Says that this node has ended. */
  leave(): Promise<void>
}

export interface KeysNodesParts {
  readonly line: KeysLine
  readonly node: string
  readonly subject: string
  readonly provenMs: number
  /** How far this node has heard. */
  readonly place: () => number
  readonly reached: (seq: number) => Promise<void>
}

export function createKeysNodes({ line, node, subject, provenMs, place, reached }: KeysNodesParts): KeysNodes {
  /** Of each other node the place that it has told of, and when that was heard here: after it was said. */
  const nodes = new Map<string, { readonly place: number; readonly at: number }>()
  const listening = new Set<() => void>()
  let provenAt = Number.NEGATIVE_INFINITY
  let proving: Promise<void> | undefined

  function announce(): Promise<number> {
    const payload = Buffer.alloc(8)
    payload.writeDoubleBE(place())
    return line.put(subject, payload)
  }

  async function prove(): Promise<void> {
    const at = performance.now()
    await line.within(reached(await announce()))
    provenAt = at
  }

  return {
    announce,
    prove,
    async fresh() {
      for (;;) {
        const age = performance.now() - provenAt
        if (age > provenMs / 3) proving ??= prove().finally(() => (proving = undefined))
        if (age < provenMs) {
          proving?.catch(() => {}) // it is asked for again
          return
        }
        await proving
      }
    },
    get hasOthers() {
      return nodes.size > 0
    },
    heard(other, payload) {
      if (other === node) return
      if (payload.length === 8) nodes.set(other, { place: Buffer.from(payload).readDoubleBE(), at: performance.now() })
      else nodes.delete(other)
      for (const look of listening) look()
    },
    async untilOthersHeard(seq) {
      const behind = [...nodes].filter(([, { place }]) => place < seq)
      await Promise.all(
        behind.map(async ([other, { at }]) => {
          const { promise, resolve } = Promise.withResolvers<void>()
          const look = (): void => {
            if ((nodes.get(other)?.place ?? seq) >= seq) resolve()
          }
          const timer = setTimeout(resolve, Math.max(0, at + provenMs - performance.now()))
          listening.add(look)
          look()
          await promise
          clearTimeout(timer)
          listening.delete(look)
        }),
      )
    },
    async leave() {
      await line.put(subject, Buffer.alloc(0)).catch(() => {}) // then whoever erases waits a little
    },
  }
}
