// Fetches a published encoder by its name from the hub (huggingface.co, or a mirror of it): what belongs to it and no more, at one commit, each file checked against the hash
// that the hub names. What was fetched whole before a break-off is not fetched again.
import { createHash, type Hash } from 'node:crypto'
import { createReadStream, createWriteStream, existsSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Fault } from '@parley/core/faults.ts'
import { ONNX_FILES, SETTING_FILES, TOKENIZER, TOKENIZER_CONFIG } from '@parley/models/encoder/export-folder.ts'
import { z } from 'zod'

/** `owner/name`, at will with a commit, tag or branch: `owner/name@v1`. */
const NAME = /^([\w.-]+\/[\w.-]+)(?:@([\w.-]+))?$/
const ANSWER_MS = 30_000

const Published = z.object({
  sha: z.string().regex(/^[0-9a-f]{40}$/),
  siblings: z.array(
    z.object({
      rfilename: z.string(),
      size: z.int(),
      blobId: z.string(),
      lfs: z.object({ sha256: z.string() }).nullish(),
    }),
  ),
})
type File = z.infer<typeof Published>['siblings'][number]

export interface HubName {
  readonly name: string
  readonly revision: string | undefined
}

/** Undefined for what cannot be the name of a model there. */
export function hubName(text: string): HubName | undefined {
  const [, name, revision] = NAME.exec(text) ?? []
  return name === undefined ? undefined : { name, revision }
}

export interface Fetched {
  readonly folder: string
  /** The commit that it is of. */
  readonly revision: string
}

export interface FetchOptions {
  readonly url: string
  /** The ONNX file to take; otherwise the first of those that are usual. */
  readonly onnx?: string | undefined
  /** Bytes that have come, of how many. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined
}

/** Into a folder below `into`. Faults: ENCODER_ABSENT where the hub has none of that name, ENCODER_INVALID, HUB_UNREACHABLE. */
export async function fetchEncoder(into: string, { name, revision = 'main' }: HubName, options: FetchOptions): Promise<Fetched> {
  const { url, onProgress } = options
  const { sha, siblings } = await published(url, name, revision)
  const files = wanted(name, siblings, options.onnx)
  const folder = join(into, `${name.replace('/', '--')}-${sha}`)
  const total = files.reduce((sum, { size }) => sum + size, 0)
  let done = 0
  for (const file of files) {
    const place = join(folder, file.rfilename)
    if (!(await isThere(place, file))) {
      const before = done
      await bring(`${url}/${name}/resolve/${sha}/${file.rfilename}`, place, file, name, bytes => onProgress?.(before + bytes, total))
    }
    done += file.size
    onProgress?.(done, total)
  }
  return { folder, revision: sha }
}

async function published(url: string, name: string, revision: string): Promise<z.infer<typeof Published>> {
  const at = `${url}/api/models/${name}/revision/${encodeURIComponent(revision)}?blobs=true`
  const response = await ask(at, AbortSignal.timeout(ANSWER_MS))
  // The hub answers 401 too for what is not there.
  if ([401, 403, 404].includes(response.status))
    throw new Fault('ENCODER_ABSENT', {
      encoder: `${name}@${revision}`,
      there: `nothing that everybody may read under that name at ${url}`,
    })
  if (!response.ok) throw new Fault('HUB_UNREACHABLE', { url, reason: `it answers ${response.status}` })
  const answer = Published.safeParse(await response.json().catch(() => undefined))
  if (!answer.success) throw new Fault('HUB_UNREACHABLE', { url, reason: 'its answer cannot be understood' })
  return answer.data
}

function wanted(name: string, siblings: readonly File[], wished: string | undefined): readonly File[] {
  const onnx = (wished === undefined ? ONNX_FILES : [wished]).find(file => siblings.some(({ rfilename }) => rfilename === file))
  if (onnx === undefined)
    throw new Fault('ENCODER_INVALID', { encoder: name, reason: `the hub has it without ${wished ?? 'an ONNX export'}` })
  const isWanted = ({ rfilename }: File): boolean =>
    rfilename === onnx ||
    rfilename.startsWith(`${onnx}_data`) ||
    rfilename === `${onnx}.data` ||
    [TOKENIZER, TOKENIZER_CONFIG, ...SETTING_FILES].includes(rfilename)
  return siblings.filter(isWanted)
}

async function bring(url: string, place: string, file: File, name: string, onProgress: (bytes: number) => void): Promise<void> {
  const response = await ask(url)
  if (!response.ok || !response.body) throw new Fault('HUB_UNREACHABLE', { url, reason: `it answers ${response.status}` })
  mkdirSync(dirname(place), { recursive: true, mode: 0o700 })
  const draft = `${place}.${process.pid}`
  const hash = hashFor(file)
  let bytes = 0
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, taken) {
      bytes += chunk.length
      hash.update(chunk)
      onProgress(Math.min(bytes, file.size))
      taken(bytes > file.size ? new Error('it is longer than the hub says') : null, chunk)
    },
  })
  try {
    await pipeline(response.body, counted, createWriteStream(draft, { mode: 0o600 }))
  } catch (cause) {
    throw new Fault('HUB_UNREACHABLE', { url, reason: 'the file did not come whole' }, { cause })
  }
  if (hash.digest('hex') !== expectedOf(file))
    throw new Fault('ENCODER_INVALID', { encoder: name, reason: `${file.rfilename} came with other content than the hub names` })
  renameSync(draft, place)
}

async function isThere(place: string, file: File): Promise<boolean> {
  if (!existsSync(place) || statSync(place).size !== file.size) return false
  const hash = hashFor(file)
  for await (const chunk of createReadStream(place)) hash.update(chunk)
  return hash.digest('hex') === expectedOf(file)
}

const expectedOf = ({ blobId, lfs }: File): string => lfs?.sha256 ?? blobId

/** Large files are named by their SHA-256, the others as Git names a blob. */
function hashFor({ size, lfs }: File): Hash {
  return lfs ? createHash('sha256') : createHash('sha1').update(`blob ${size}\0`)
}

async function ask(url: string, signal?: AbortSignal): Promise<Response> {
  try {
    return await fetch(url, signal ? { signal } : {})
  } catch (cause) {
    throw new Fault('HUB_UNREACHABLE', { url, reason: 'no answer' }, { cause })
  }
}
