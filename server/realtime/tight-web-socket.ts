// A WebSocket that says why before it closes. `ws` ends a connection whose frame is too large with a bare 1009; a client deserves the fault
// with its limit, and a close code of ours that tells it not to try again.
import { Fault } from '@parley/core/faults.ts'
import { CLOSE } from '@parley/core/protocol/close-codes.ts'
import { LIMITS } from '@parley/core/protocol/limits.ts'
import { WebSocket } from 'ws'

const TOO_LARGE = 1009
const TOO_MANY_FRAGMENTS = 1008

export class TightWebSocket extends WebSocket {
  override close(code?: number, reason?: string | Buffer): void {
    if ((code !== TOO_LARGE && code !== TOO_MANY_FRAGMENTS) || this.readyState !== WebSocket.OPEN) return super.close(code, reason)
    const fault = new Fault('FRAME_TOO_LARGE', { limit: LIMITS.frameBytes })
    this.send(JSON.stringify({ type: 'fault', code: fault.code, message: fault.message }))
    super.close(CLOSE.FRAME_TOO_LARGE, fault.code)
  }
}

/** `ws` with its generous defaults drawn in: one client must not pin megabytes. */
export const TIGHT_OPTIONS = {
  WebSocket: TightWebSocket,
  maxPayload: LIMITS.frameBytes,
  maxFragments: LIMITS.fragments,
  maxBufferedChunks: LIMITS.bufferedChunks,
  closeTimeout: 5_000,
  clientTracking: false,
  perMessageDeflate: false,
} as const
