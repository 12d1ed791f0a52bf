// What may stand in a message, checked at the edge: the log keeps exactly what passes here.
import { Fault } from '../faults.ts'
import { LIMITS } from './limits.ts'

/**
 * The text as it is kept: NFC, lone surrogates replaced by U+FFFD, NUL removed. Odd text is data and passes; only its size can be wrong.
 * Faults: TEXT_EMPTY, TEXT_TOO_LONG (code points after NFC), TEXT_TOO_LARGE (bytes).
 */
export function messageText(raw: string): string {
  const text = raw.toWellFormed().replaceAll('\0', '').normalize('NFC')
  if (text.trim() === '') throw new Fault('TEXT_EMPTY', {})
  let characters = 0
  for (const _ of text) characters++
  if (characters > LIMITS.textCharacters) throw new Fault('TEXT_TOO_LONG', { characters, limit: LIMITS.textCharacters })
  const bytes = new TextEncoder().encode(text).length
  if (bytes > LIMITS.textBytes) throw new Fault('TEXT_TOO_LARGE', { bytes, limit: LIMITS.textBytes })
  return text
}
