// What one client may send. The server enforces these and says them in its welcome, so that a client need not guess.

export const LIMITS = {
  /** Bytes of one frame. */
  frameBytes: 64 * 1024,
  /** Fragments of one message, and chunks that may wait to be joined (the `ws` defaults let 0.9 MB of wire pin 13 MB of heap). */
  fragments: 64,
  bufferedChunks: 1_024,
  /** Code points of one message's text, after NFC. */
  textCharacters: 4_000,
  /** UTF-8 bytes of one message's text, after NFC. */
  textBytes: 16_000,
  /** Messages of one connection: a bucket of `burst`, refilled at `perSecond`. */
  messageBurst: 20,
  messagesPerSecond: 5,
  /** Frames of any sort of one connection, above which it is closed. */
  frameBurst: 200,
  framesPerSecond: 50,
  /** Bytes waiting to be sent to a client that does not read, above which it is closed and has to resume. */
  sendBufferBytes: 1024 * 1024,
  /** Time for the first frame. */
  helloMs: 10_000,
  /** Either side sends a ping when it has heard nothing for this long, and gives the connection up after twice that. */
  heartbeatMs: 25_000,
} as const
