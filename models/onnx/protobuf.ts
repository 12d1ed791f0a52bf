// As much of the protocol buffers' wire format as an ONNX file needs: varints, length-delimited fields, nested messages.

export type Field = Uint8Array

const VARINT = 0
const DELIMITED = 2

const encoder = new TextEncoder()

/** A whole number from 0 on; below 2^53. */
function varint(value: number): number[] {
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`not a varint: ${value}`)
  const bytes: number[] = []
  let rest = value
  while (rest > 0x7f) {
    bytes.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  bytes.push(rest)
  return bytes
}

export const integer = (field: number, value: number): Field => Uint8Array.from([...varint(field * 8 + VARINT), ...varint(value)])

export function bytes(field: number, value: Uint8Array): Field {
  return join([Uint8Array.from([...varint(field * 8 + DELIMITED), ...varint(value.length)]), value])
}

export const text = (field: number, value: string): Field => bytes(field, encoder.encode(value))

export const message = (field: number, fields: readonly Field[]): Field => bytes(field, join(fields))

export function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
