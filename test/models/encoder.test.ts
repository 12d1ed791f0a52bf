// The path of a sentence encoder, on a small one that the test builds: its folder, what is kept of it, and its vectors.
import assert from 'node:assert/strict'
import { appendFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { isFault } from '@parley/core/faults.ts'
import { openEncoder } from '@parley/models/encoder/encode.ts'
import { readExport } from '@parley/models/encoder/export-folder.ts'
import { copyEncoder, encoderOf, keepEncoder, listEncoders, verifyEncoder } from '@parley/models/encoder/kept-encoder.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { writeSmallEncoder } from './small-encoder.ts'

const temp = temporaryFolder()
after(temp.remove)
const TEXTS = ['螃蟹死了怎么赔', 'where is my order 20251103887?', '', 'x', '谢谢 thanks 😀', 'unbelievably long words '.repeat(40)]

let made = 0
function exported(options?: Parameters<typeof writeSmallEncoder>[1]): string {
  const folder = join(temp.path, `export-${made++}`)
  mkdirSync(folder)
  writeSmallEncoder(folder, options)
  return folder
}
const kept = (folder: string, wishes?: Parameters<typeof keepEncoder>[3]) =>
  keepEncoder(join(temp.path, 'models', 'encoders'), folder, { name: 'small' }, wishes)
const refused = (reason: RegExp) => (error: unknown) => isFault(error, 'ENCODER_INVALID') && reason.test(error.message)
const cosine = (a: Float32Array, b: Float32Array): number => {
  const dot = (x: Float32Array, y: Float32Array): number => x.reduce((sum, value, i) => sum + value * y[i]!, 0)
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
}

test('[ENC1] how an encoder is run is read from its own files, and what somebody says goes before that', () => {
  const folder = exported({ prompts: { query: 'query: ', passage: 'passage: ' } })
  const settings = { pooling: 'mean', isNormalised: true, longest: 48, prefix: 'query: ' }
  assert.deepEqual(readExport(folder).settings, settings)
  assert.deepEqual(readExport(folder, { pooling: 'cls', longest: 20, prefix: '', isNormalised: false }).settings, {
    pooling: 'cls',
    isNormalised: false,
    longest: 20,
    prefix: '',
  })
  assert.equal(readExport(folder).onnx, 'model.onnx')
  assert.equal(readExport(folder, { onnx: 'onnx/model_quantized.onnx' }).onnx, 'model_quantized.onnx')
  assert.equal(readExport(exported({ pooling: 'cls' })).settings.pooling, 'cls')
  writeFileSync(join(folder, 'modules.json'), JSON.stringify([{ type: 'sentence_transformers.models.Transformer' }]))
  rmSync(join(folder, 'sentence_bert_config.json'))
  assert.deepEqual(readExport(folder).settings, { ...settings, isNormalised: false, longest: 64 })
})

test('[ENC1] a folder that cannot be run as it was trained is refused with what it lacks', () => {
  const silent = exported({ pooling: undefined })
  assert.throws(() => readExport(silent), refused(/does not say how its vectors are pooled.*mean for MiniLM and E5, cls for BGE/))
  assert.equal(readExport(silent, { pooling: 'mean' }).settings.pooling, 'mean')
  assert.throws(() => readExport(exported({ pooling: 'max' })), refused(/asks for pooling_mode_max_tokens; there are mean and cls/))
  assert.throws(() => readExport(silent, { pooling: 'mean', onnx: 'onnx/other.onnx' }), refused(/it has no onnx\/other\.onnx/))
  for (const [name, reason] of [
    ['tokenizer.json', /no tokenizer\.json/],
    ['onnx', /no ONNX export \(model\.onnx, onnx\/model\.onnx/],
  ] as const) {
    const folder = exported()
    rmSync(join(folder, name), { recursive: true })
    assert.throws(() => readExport(folder), refused(reason))
  }
  const broken = exported()
  writeFileSync(join(broken, 'modules.json'), '{')
  assert.throws(() => readExport(broken), refused(/modules\.json cannot be understood/))
})

for (const onnx of ['onnx/model.onnx', 'onnx/model_quantized.onnx'])
  test(`[ENC2] ${onnx}: a text has one vector, whatever was asked before it, and other settings give another`, async () => {
    const folder = exported()
    const encoder = await openEncoder(await kept(folder, { onnx }))
    assert.equal(encoder.size, 32)
    const first = []
    for (const text of TEXTS) first.push(await encoder.encode(text))
    for (const [i, text] of TEXTS.entries()) assert.deepEqual(await encoder.encode(text), first[i], text)
    for (const vector of first) {
      assert.ok(vector.every(Number.isFinite))
      assert.ok(Math.abs(vector.reduce((sum, value) => sum + value * value, 0) - 1) < 1e-5)
    }
    assert.ok(cosine(first[0]!, first[1]!) < 0.99)
    for (const wishes of [{ pooling: 'cls' as const }, { prefix: 'query: ' }, { longest: 5 }, { isNormalised: false }]) {
      const other = await openEncoder(await kept(folder, { onnx, ...wishes }))
      assert.notEqual(other.hash, encoder.hash)
      assert.notDeepEqual(await other.encode(TEXTS[1]!), first[1], JSON.stringify(wishes))
      await other.close()
    }
    await encoder.close()
  })

test('[ENC2] eight bits say nearly what the exact graph says', async () => {
  const folder = exported()
  const [exact, quantised] = [
    await openEncoder(await kept(folder)),
    await openEncoder(await kept(folder, { onnx: 'onnx/model_quantized.onnx' })),
  ]
  for (const text of TEXTS) {
    const [a, b] = [await exact.encode(text), await quantised.encode(text)]
    assert.ok(cosine(a, b) > 0.99, `${text}: ${cosine(a, b)}`)
    assert.notDeepEqual(a, b)
  }
  await Promise.all([exact.close(), quantised.close()])
})

test('[ENC2] a long text is cut within, and what stands around it stays: words after the cut change nothing', async () => {
  const encoder = await openEncoder(await kept(exported(), { longest: 6 }))
  const vector = await encoder.encode('a b c d')
  assert.deepEqual(await encoder.encode('a b c d e f'), vector)
  assert.notDeepEqual(await encoder.encode('a b c'), vector)
  await encoder.close()
})

test('[ENC3] an encoder is kept once, by its content; one that was changed or is gone is refused', async () => {
  const encoders = join(temp.path, 'elsewhere', 'encoders')
  const folder = exported({ seed: 7 })
  const one = await keepEncoder(encoders, folder, { name: 'small', revision: 'abc' })
  assert.equal((await keepEncoder(encoders, folder, { name: 'other name' })).hash, one.hash)
  assert.deepEqual(listEncoders(encoders), [{ hash: one.hash, name: 'small', revision: 'abc' }])
  assert.deepEqual(readdirSync(one.folder).sort(), ['encoder.json', 'model.onnx', 'source.json', 'tokenizer.json', 'tokenizer_config.json'])
  await verifyEncoder(one)

  // A model beside the kept encoders, and one that carries its own.
  const model = join(temp.path, 'elsewhere', 'intent', 'version')
  mkdirSync(model, { recursive: true })
  assert.equal(encoderOf(model, one.hash).folder.endsWith(one.hash), true)
  const out = join(temp.path, 'out')
  mkdirSync(out)
  assert.throws(() => encoderOf(out, one.hash), refused(/a model stands on it, and it is not here/))
  cpSync(one.folder, join(out, 'encoder'), { recursive: true })
  const copy = copyEncoder(join(temp.path, 'third', 'encoders'), encoderOf(out, one.hash))
  await verifyEncoder(copy)

  const onnx = readFileSync(join(copy.folder, 'model.onnx'))
  onnx[onnx.length - 100]! ^= 1
  writeFileSync(join(copy.folder, 'model.onnx'), onnx)
  await assert.rejects(verifyEncoder(copy), refused(/model\.onnx is not the one that it was kept with/))
  appendFileSync(join(one.folder, 'tokenizer.json'), ' ')
  assert.throws(() => encoderOf(model, one.hash), refused(/tokenizer\.json is not the one/))
  writeFileSync(join(out, 'encoder', 'encoder.json'), '{}')
  assert.throws(() => encoderOf(out, one.hash), refused(/encoder\.json is not the one/))
})

test('[ENC3] files that are no graph or no tokenizer are refused when they are loaded', async () => {
  const graphless = exported()
  writeFileSync(join(graphless, 'onnx/model.onnx'), 'no graph')
  await assert.rejects(openEncoder(await kept(graphless)), refused(/onnxruntime refuses its graph/))
  const wordless = exported()
  writeFileSync(join(wordless, 'tokenizer.json'), '{"model":{"type":"Nothing"}}')
  await assert.rejects(openEncoder(await kept(wordless)), refused(/tokenizer\.json cannot be used/))
})
