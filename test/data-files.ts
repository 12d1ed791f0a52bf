// What lies in a data folder, byte by byte: whether something that must not be there is.
import { globSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

/** The files under `folder` that hold one of these. */
export const filesWith = (folder: string, needles: readonly Buffer[]): string[] =>
  globSync('**/*', { cwd: folder, withFileTypes: true }).flatMap(entry => {
    const file = join(entry.parentPath, entry.name)
    if (!entry.isFile()) return []
    const bytes = readFileSync(file)
    return needles.some(needle => bytes.includes(needle)) ? [relative(folder, file)] : []
  })

/** A text as it may lie in a file: as UTF-8, as UTF-16 either way round, and as base64 at each of the three places where it may begin. */
export function formsOf(text: string): Buffer[] {
  const utf8 = Buffer.from(text)
  const utf16 = Buffer.from(text, 'utf16le')
  // Of base64 the characters that stand for nothing but the text: what is before it, and what is behind, changes the others.
  const encoded = [0, 1, 2].map(before => {
    const whole = Buffer.concat([Buffer.alloc(before), utf8])
      .toString('base64')
      .replaceAll('=', '')
    return Buffer.from(whole.slice(before === 0 ? 0 : before + 1, Math.floor(((before + utf8.length) * 8) / 6)))
  })
  return [utf8, utf16, Buffer.from(utf16).swap16(), ...encoded]
}
