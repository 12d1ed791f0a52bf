// Reading an ensemble's YAML takes milliseconds, and a list of versions has many: what a text says is worked out once.
import { createHash } from 'node:crypto'
import { type ParsedEnsemble, parseEnsemble } from '@parley/ensembles/ensemble-file.ts'

/** The one unused for longest goes. */
const KEPT = 500
const parsed = new Map<string, ParsedEnsemble>()

/** SHA-256 of a version's text. */
export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')

/** As `parseEnsemble`, with the hash; nobody changes what it gives. Faults: ENSEMBLE_INVALID. */
export function parseOnce(text: string, name: string): ParsedEnsemble & { readonly hash: string } {
  const hash = hashOf(text)
  const found = parsed.get(hash) ?? parseEnsemble(text, name)
  parsed.delete(hash)
  parsed.set(hash, found)
  if (parsed.size > KEPT) parsed.delete([...parsed.keys()][0]!) // there is a first
  return { ...found, hash }
}
