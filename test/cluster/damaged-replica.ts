// Damage to what one NATS server keeps, as a disk does it: a bit that is another, an end that is missing.
import { globSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'

/** Of messages, what is known of where they stand, and what the servers have agreed on. */
const KINDS = [
  'streams/*/msgs/*.blk',
  'streams/*/msgs/index.db',
  '_js_/*/msgs/*.blk',
  '_js_/*/snapshots/*',
  '{streams/*,_js_/*}/*.{inf,idx}',
]

/** One kind of file of every stream, of those that are there. Gives what was done, in words. */
export function damageFiles(folder: string, random: () => number): string {
  const kinds = KINDS.map(kind => globSync(`jetstream/**/${kind}`, { cwd: folder }).map(file => join(folder, file))).filter(
    all => all.length > 0,
  )
  const files = kinds[Math.floor(random() * kinds.length)] ?? []
  const isCut = random() < 0.3
  for (const file of files) {
    const bytes = readFileSync(file)
    if (bytes.length === 0) continue
    const at = Math.floor(random() * bytes.length)
    if (isCut) truncateSync(file, at)
    else {
      bytes[at]! ^= 1 << Math.floor(random() * 8)
      writeFileSync(file, bytes)
    }
  }
  return `${isCut ? 'cut short' : 'a bit flipped in'} ${files.length} files like ${basename(files[0] ?? 'none')}`
}
