// Reads a bundle that somebody sent: signature, publisher and form first, and then whether its manifest, which people decide by, is what its code
// says of itself. A TypeScript manifest is a value of the code, so the code runs for it: in a host that is thrown away.
import { basename } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import { Manifest } from '@parley/plugin-sdk/manifest.ts'
import { createManifestReader } from '../plugin-host/manifest-reader.ts'
import { readBundle, type SignedBundle } from './bundle-file.ts'
import { canonicalJson } from './canonical-json.ts'

/** `admit` as that of `readBundle`. Faults: BUNDLE_INVALID, and those of `admit`. */
export async function examineBundle(file: string, admit: (publisher: string) => void): Promise<SignedBundle> {
  const bundle = readBundle(file, admit)
  if (bundle.manifest.runtime === 'typescript') await refuseLie(file, bundle)
  return bundle
}

async function refuseLie(file: string, { manifest, code }: SignedBundle): Promise<void> {
  const invalid = (reason: string): Fault => new Fault('BUNDLE_INVALID', { file: basename(file), reason })
  const reader = createManifestReader()
  try {
    const read = await reader.read(code)
    if (!read.isRead) throw invalid(`its code cannot be loaded: ${read.reason.slice(0, 300)}`)
    const given: unknown = JSON.parse(read.json)
    const own = Manifest.safeParse({ ...(typeof given === 'object' ? given : {}), runtime: 'typescript' })
    if (!own.success || canonicalJson(own.data) !== canonicalJson(manifest)) throw invalid('its manifest is not the one of its code')
  } finally {
    await reader.close()
  }
}
