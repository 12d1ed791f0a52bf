// Messages over a pipe: four bytes of length, then that many bytes of JSON. The length is looked at before anything is kept or parsed, so
// that whoever writes at the other end can make this one hold no more than a frame; and a message is believed only when it is of its shape.
import type { Duplex } from 'node:stream'
import type { Shape } from './shape.ts'

const HEAD_BYTES = 4

export interface Frames<Out> {
  /** Does nothing when the pipe is closed. A plain Error for a message that is larger than the other end takes. */
  send(message: Out): void
  /** The same of what `frameOf` has made. */
  sendFrame(frame: Buffer): void
}

export interface FramesOptions<In> {
  readonly shape: Shape<In>
  /** Bytes of a frame that is taken, and of one that is sent. */
  readonly takes: number
  readonly sends: number
  readonly onMessage: (message: In) => void
  /** What came is no message; called once, and nothing is read any more. */
  readonly onViolation: (what: string) => void
}

export function openFrames<In, Out>(pipe: Duplex, { shape, takes, sends, onMessage, onViolation }: FramesOptions<In>): Frames<Out> {
  let kept: Buffer<ArrayBufferLike> = Buffer.alloc(0)
  let missing = 0 // bytes without which `kept` holds no whole frame: it is put together once, however many pieces come
  const pieces: Buffer[] = []
  let isBroken = false

  const broken = (what: string): void => {
    isBroken = true
    pieces.length = 0
    pipe.removeListener('data', take)
    onViolation(what)
  }

  const take = (piece: Buffer): void => {
    pieces.push(piece)
    missing -= piece.length
    if (missing > 0) return
    kept = pieces.length === 1 ? piece : Buffer.concat(pieces)
    pieces.length = 0
    let at = 0
    while (!isBroken) {
      const rest = kept.length - at
      const length = rest < HEAD_BYTES ? 0 : kept.readUInt32LE(at)
      if (length > takes) return broken(`a frame of ${length} bytes, which is more than ${takes}`)
      if (rest < HEAD_BYTES || rest < HEAD_BYTES + length) {
        missing = HEAD_BYTES + length - rest
        if (rest > 0) pieces.push(kept.subarray(at))
        return
      }
      read(kept.toString('utf8', at + HEAD_BYTES, at + HEAD_BYTES + length))
      at += HEAD_BYTES + length
    }
  }

  const read = (text: string): void => {
    let message: unknown
    try {
      message = JSON.parse(text)
    } catch {
      return broken('a frame that is not JSON')
    }
    const problem = shape.problem(message)
    if (problem) return broken(`a message that is none: message${problem}`)
    onMessage(message as In) // it is of the shape
  }

  pipe.on('data', take)
  const isOpen = (): boolean => !pipe.destroyed && pipe.writable
  return {
    send(message) {
      if (isOpen()) pipe.write(frameOf(message, sends))
    },
    sendFrame(frame) {
      if (isOpen()) pipe.write(frame)
    },
  }
}

/** A plain Error for a message of more bytes than `most`. */
export function frameOf(message: unknown, most: number): Buffer {
  const text = JSON.stringify(message)
  const length = Buffer.byteLength(text)
  if (length > most) throw new Error(`a message of ${length} bytes, which is more than ${most}`)
  const frame = Buffer.allocUnsafe(HEAD_BYTES + length)
  frame.writeUInt32LE(length, 0)
  frame.write(text, HEAD_BYTES)
  return frame
}
