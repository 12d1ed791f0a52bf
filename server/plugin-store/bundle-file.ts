// A plugin as one signed file, which is what is published and installed: 16 bytes that say what it is, the publisher's public key (32), the
// signature (64), and to the end the content as canonical JSON. The hash of the content names it. There is no archive in it, and so no path: the one
// name that is kept, a Python module's, is a word by the manifest's schema. Nothing is compressed: bytes would then hang on the release that packed.
// Whoever made the file may be anybody: size, signature and the publisher come before the first byte is parsed.
import { createHash, type KeyObject, sign, verify } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { basename } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import { Manifest } from '@parley/plugin-sdk/manifest.ts'
import { z } from 'zod'
import { badDocumentOf } from '../plugin-host/manifest-documents.ts'
import { canonicalJson } from './canonical-json.ts'
import { fingerprintOf, KEY_BYTES, keyFrom, publicKeyOf } from './publisher.ts'

export const BUNDLE_ENDING = '.parley'

const MAGIC = Buffer.from('parley-plugin 1\n')
const SIGNATURE_BYTES = 64
const HEADER_BYTES = MAGIC.length + KEY_BYTES + SIGNATURE_BYTES
const MOST_BYTES = 4 * 2 ** 20
const MOST_CODE = 2 ** 20

/** Of esbuild's; what it names is shown to people. */
const CodeMap = z.strictObject({
  version: z.literal(3),
  sources: z.array(z.string().regex(/^[\w@.+/-]{1,200}$/)).max(2_000),
  names: z.array(z.string().max(200)).max(100_000),
  mappings: z.string().regex(/^[A-Za-z0-9+/,;]*$/),
})

const Content = z.strictObject({
  manifest: z.unknown(),
  /** Version of the SDK that it was packed with. */
  sdk: z.string().regex(/^\d+\.\d+\.\d+$/),
  /** The script, or the Python module's text. */
  code: z.string().max(MOST_CODE),
  /** Of a TypeScript plugin: the source map. */
  map: z
    .string()
    .max(2 * MOST_CODE)
    .optional(),
})

export interface BundleContent {
  readonly manifest: Manifest
  readonly sdk: string
  readonly code: string
  readonly map?: string | undefined
}

export interface SignedBundle extends BundleContent {
  /** SHA-256 of the content: two bundles with the same one are the same plugin, whoever signed them. */
  readonly hash: string
  /** Fingerprint of the key that signed it. */
  readonly publisher: string
}

/** The same content and key give the same bytes. */
export function writeBundle(content: BundleContent, key: KeyObject): { readonly bytes: Buffer; readonly hash: string } {
  const body = Buffer.from(canonicalJson(content))
  const bytes = Buffer.concat([MAGIC, publicKeyOf(key), sign(null, Buffer.concat([MAGIC, body]), key), body])
  return { bytes, hash: hashOf(body) }
}

/**
 * `admit` is told whose signature it bears, when that has proved right and before its content is looked at; what it throws is thrown. That the manifest
 * is the one of the code is not looked at here. Faults: BUNDLE_INVALID.
 */
export function readBundle(file: string, admit: (publisher: string) => void = () => {}): SignedBundle {
  const invalid = (reason: string, cause?: unknown): Fault => new Fault('BUNDLE_INVALID', { file: basename(file), reason }, { cause })
  const bytes = bytesOf(file, invalid)
  if (bytes.length < HEADER_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC))
    throw invalid('it is no bundle that this release reads')
  const publicKey = bytes.subarray(MAGIC.length, MAGIC.length + KEY_BYTES)
  const signature = bytes.subarray(HEADER_BYTES - SIGNATURE_BYTES, HEADER_BYTES)
  const body = bytes.subarray(HEADER_BYTES)
  if (!isSigned(body, publicKey, signature)) throw invalid('the signature is not that of its content: it was changed, or is not whole')
  const publisher = fingerprintOf(publicKey)
  admit(publisher)
  return { ...contentIn(body, invalid), hash: hashOf(body), publisher }
}

type Invalid = (reason: string, cause?: unknown) => Fault

function bytesOf(file: string, invalid: Invalid): Buffer {
  const stat = statSync(file, { throwIfNoEntry: false })
  if (!stat) throw invalid('it is not there')
  if (!stat.isFile()) throw invalid('it is no file')
  if (stat.size > MOST_BYTES) throw invalid(`it has ${stat.size} bytes, more than the ${MOST_BYTES} allowed`)
  return readFileSync(file)
}

function isSigned(body: Buffer, publicKey: Buffer, signature: Buffer): boolean {
  try {
    return verify(null, Buffer.concat([MAGIC, body]), keyFrom(publicKey), signature)
  } catch {
    return false // 32 bytes that are no key
  }
}

function contentIn(body: Buffer, invalid: Invalid): BundleContent {
  let given: unknown
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body)
    given = JSON.parse(text)
    // So that one plugin has one hash, and nothing in it two readings.
    if (canonicalJson(given) !== text) throw new Error('another text says the same')
  } catch (cause) {
    throw invalid('its content is not canonical JSON', cause)
  }
  const content = parsed(Content, given, '', invalid)
  const manifest = parsed(Manifest, content.manifest, 'manifest', invalid)
  const bad = badDocumentOf(manifest)
  if (bad) throw invalid(`manifest.${bad.path.join('.')}: ${bad.reason}`)
  if (content.map !== undefined) refuseBadMap(content.map, invalid)
  return { ...content, manifest }
}

/** The engine reads the map when the plugin fails for the first time: it must not fail with it then. */
function refuseBadMap(text: string, invalid: Invalid): void {
  try {
    new SourceMap(CodeMap.parse(JSON.parse(text)) as ConstructorParameters<typeof SourceMap>[0]) // it asks for optional fields too
  } catch (cause) {
    throw invalid('its source map is none', cause)
  }
}

function parsed<S extends z.ZodType>(schema: S, value: unknown, at: string, invalid: Invalid): z.infer<S> {
  const checked = schema.safeParse(value)
  if (checked.success) return checked.data
  const issue = checked.error.issues[0]! // it has failed
  throw invalid(`${[...(at ? [at] : []), ...issue.path].map(String).join('.') || 'content'}: ${issue.message}`)
}

const hashOf = (body: Buffer): string => createHash('sha256').update(body).digest('hex')
