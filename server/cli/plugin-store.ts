// `parley plugin …`: what publishes plugins, and what an operator does with those that are published (docs/plugins-in-production.md).
import { resolve } from 'node:path'
import { packPlugin } from '../plugin-store/pack-plugin.ts'
import { makeKeyPair } from '../plugin-store/publisher.ts'

/** Faults: KEY_INVALID. */
export function makeKey(file: string): void {
  const fingerprint = makeKeyPair(resolve(file))
  say(`${file} is secret: it signs what you publish. ${file}.pub is for operators: parley plugin trust ${file}.pub`)
  say(`Fingerprint, for them to compare: ${fingerprint}`)
}

/** Faults: PLUGIN_INVALID, KEY_INVALID, BUNDLE_INVALID, VERSION_PUBLISHED. */
export async function packFolder(folder: string, { key, out }: { readonly key: string; readonly out: string }): Promise<void> {
  const { file, manifest, hash, publisher, bytes } = await packPlugin(folder, key, out)
  say(`${file}: ${manifest.id} ${manifest.version}, ${(bytes / 1_024).toFixed(1)} KB, content ${hash}`)
  say(`signed by ${publisher}; install it with: parley plugin install ${file}`)
}

const say = (line: string): void => void process.stdout.write(`${line}\n`)
