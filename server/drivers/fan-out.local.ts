// Fan-out within one process: a set of listeners a conversation. There is no other node.
import type { ConversationKey } from '@parley/core/ids.ts'
import type { FanOut, Sign } from '@parley/core/ports/fan-out.ts'

/** `onBroken` is told of a listener that threw; the others hear the sign all the same. */
export function createLocalFanOut(onBroken: (error: unknown) => void): FanOut {
  const listeners = new Map<string, Set<(sign: Sign) => void>>()
  const idOf = (key: ConversationKey): string => `${key.shop}/${key.conversation}`
  return {
    publish(key, sign) {
      for (const listener of listeners.get(idOf(key)) ?? []) {
        try {
          listener(sign)
        } catch (error) {
          onBroken(error)
        }
      }
    },
    subscribe(key, listener) {
      const id = idOf(key)
      const set = listeners.get(id) ?? new Set()
      listeners.set(id, set.add(listener))
      return () => {
        set.delete(listener)
        if (set.size === 0 && listeners.get(id) === set) listeners.delete(id)
      }
    },
    isHeard: key => listeners.has(idOf(key)),
    tell() {},
    meet() {},
  }
}
