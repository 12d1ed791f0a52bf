// Fetching an encoder by its name, from a server that answers as the hub does: large files under their SHA-256 and after a redirect, small ones as Git's blobs.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { isFault } from '@parley/core/faults.ts'
import { listEncoders } from '@parley/models/encoder/kept-encoder.ts'
import { encodersFolder, keptEncoder, taskEncoder } from '@parley/server/training/encoders.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { writeSmallEncoder } from '../models/small-encoder.ts'

const COMMIT = 'a'.repeat(40)
const temp = temporaryFolder()
after(temp.remove)
const published = join(temp.path, 'published')
mkdirSync(published)
writeSmallEncoder(published)

const PATHS = readdirSync(published, { recursive: true, encoding: 'utf8' }).filter(path => statSync(join(published, path)).isFile())

interface Hub {
  readonly url: string
  readonly asked: string[]
  /** What goes out in a file's place. */
  change: (path: string, bytes: Buffer) => Buffer
  stop(): Promise<void>
}

async function startHub(t: TestContext): Promise<Hub> {
  const server = createServer((request, response) => {
    const url = request.url ?? ''
    hub.asked.push(url)
    const path = url.split(`/resolve/${COMMIT}/`)[1]
    if (url === '/api/models/owner/minilm/revision/main?blobs=true' || url === '/api/models/owner/minilm/revision/v2?blobs=true')
      response.end(JSON.stringify({ id: 'owner/minilm', sha: COMMIT, siblings: [...PATHS.map(sibling), UNWANTED] }))
    else if (path !== undefined && PATHS.includes(path)) {
      if (path.endsWith('.onnx') && !url.startsWith('/lfs')) return response.writeHead(302, { location: `/lfs${url}` }).end()
      response.end(hub.change(path, readFileSync(join(published, path))))
    } else response.writeHead(404).end()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const stop = (): Promise<void> =>
    new Promise(resolve => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  t.after(stop)
  const hub: Hub = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: [], change: (_, bytes) => bytes, stop } // a TCP server's address
  return hub
}

/** Nobody asks for what does not belong to an encoder. */
const UNWANTED = { rfilename: 'pytorch_model.bin', size: 9, blobId: '0'.repeat(40) }

function sibling(rfilename: string) {
  const bytes = readFileSync(join(published, rfilename))
  const blobId = createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex')
  const lfs = rfilename.endsWith('.onnx')
    ? { sha256: createHash('sha256').update(bytes).digest('hex'), size: bytes.length, pointerSize: 130 }
    : undefined
  return { rfilename, size: bytes.length, blobId, ...(lfs && { lfs }) }
}

const asked = { wishes: {}, isBlended: false }
const refused = (code: 'ENCODER_ABSENT' | 'ENCODER_INVALID' | 'HUB_UNREACHABLE', reason: RegExp) => (error: unknown) =>
  isFault(error, code) && reason.test(error.message)

test('[ENC4] an encoder is fetched by its name once, at the commit of that time, and works without the hub from then on', async t => {
  const hub = await startHub(t)
  const data = join(temp.path, 'once')
  const access = { url: hub.url, isOffline: false }
  await assert.rejects(
    taskEncoder(data, { ...asked, encoder: 'owner/minilm' }, { ...access, isOffline: true }),
    refused('ENCODER_ABSENT', /offline/),
  )
  assert.deepEqual(hub.asked, [])
  const shares: number[] = []
  const one = await taskEncoder(
    data,
    { ...asked, encoder: 'owner/minilm' },
    { ...access, onProgress: (done, total) => shares.push(done / total) },
  )
  assert.deepEqual([one?.name, one?.size], ['owner/minilm', 32])
  assert.deepEqual(listEncoders(encodersFolder(data)), [{ hash: one!.hash, name: 'owner/minilm', revision: COMMIT }])
  assert.equal(shares.at(-1), 1)
  assert.ok(
    hub.asked.every(url => !/pytorch|quantized/.test(url)),
    hub.asked.join('\n'),
  )
  assert.deepEqual(readdirSync(join(data, 'hub')), [])

  // The same folder brought by hand is the same encoder.
  const other = join(temp.path, 'by-hand')
  assert.equal((await taskEncoder(other, { ...asked, encoder: published }, access))?.hash, one!.hash)

  await hub.stop()
  for (const encoder of ['owner/minilm', `owner/minilm@${COMMIT}`])
    assert.deepEqual(await taskEncoder(data, { ...asked, encoder }, { ...access, isOffline: true }), one)
  await assert.rejects(taskEncoder(data, { ...asked, encoder: 'owner/minilm@v2' }, access), refused('HUB_UNREACHABLE', /no answer/))
})

test('[ENC4] the 8-bit file is taken where it is asked for', async t => {
  const hub = await startHub(t)
  const data = join(temp.path, 'quantised')
  const wishes = { onnx: 'onnx/model_quantized.onnx' }
  const one = await taskEncoder(data, { ...asked, encoder: 'owner/minilm@v2', wishes }, { url: hub.url, isOffline: false })
  assert.equal(keptEncoder(data, one!.hash).onnx, 'model_quantized.onnx')
})

test('[ENC4] a file that comes with other content, or not whole, is not taken, and what came whole is not fetched twice', async t => {
  const hub = await startHub(t)
  let data = ''
  let damaged = 0
  const fetchIt = () => taskEncoder(data, { ...asked, encoder: 'owner/minilm' }, { url: hub.url, isOffline: false })
  for (const [spoiled, change, code, reason] of [
    [
      'onnx/model.onnx',
      (bytes: Buffer) => Buffer.from(bytes.map((byte, i) => (i === 1_000 ? byte ^ 1 : byte))),
      'ENCODER_INVALID',
      /model\.onnx came with other content/,
    ],
    ['tokenizer.json', (bytes: Buffer) => bytes.subarray(1), 'ENCODER_INVALID', /tokenizer\.json came with other content/],
    ['tokenizer.json', (bytes: Buffer) => Buffer.concat([bytes, bytes]), 'HUB_UNREACHABLE', /did not come whole/],
  ] as const) {
    data = join(temp.path, `damaged-${damaged++}`)
    hub.change = (path, bytes) => (path === spoiled ? change(bytes) : bytes)
    await assert.rejects(fetchIt(), refused(code, reason))
    assert.deepEqual(listEncoders(encodersFolder(data)), [])
  }
  hub.change = (_, bytes) => bytes
  hub.asked.length = 0
  const whole = PATHS.filter(path => existsSync(join(data, 'hub', `owner--minilm-${COMMIT}`, path)))
  assert.ok(whole.length > 0 && !whole.includes('tokenizer.json'))
  assert.equal((await fetchIt())?.size, 32)
  const again = hub.asked.filter(url => whole.some(path => url.endsWith(`/${COMMIT}/${path}`)))
  assert.deepEqual(again, [])
})

test('[ENC4] what the hub has not is told', async t => {
  const hub = await startHub(t)
  const access = { url: hub.url, isOffline: false }
  const data = join(temp.path, 'absent')
  await assert.rejects(
    taskEncoder(data, { ...asked, encoder: 'owner/nothing' }, access),
    refused('ENCODER_ABSENT', /"owner\/nothing@main".*nothing that everybody may read/),
  )
  const wishes = { onnx: 'onnx/model_fp16.onnx' }
  await assert.rejects(
    taskEncoder(data, { ...asked, encoder: 'owner/minilm', wishes }, access),
    refused('ENCODER_INVALID', /has it without onnx\/model_fp16\.onnx/),
  )
})
