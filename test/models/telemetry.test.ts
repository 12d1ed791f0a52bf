// onnxruntime's telemetry is off. Were it on, the library would make a folder for its identifier and queue in HOME as soon as a session is made.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const at = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href)
const SHIPPED = JSON.stringify(fileURLToPath(new URL('../../models/shipped', import.meta.url)))

/** Nothing listens there: where the library is let loose on purpose, it gets no further. */
const NO_WAY_OUT = { https_proxy: 'http://127.0.0.1:9', all_proxy: 'http://127.0.0.1:9' }

/** Runs a program with an environment that names an empty home, and says what the home holds afterwards. It must print `ran`. */
function homeAfter(program: string): readonly string[] {
  const home = mkdtempSync(join(tmpdir(), 'parley-test-home-'))
  try {
    const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', program]
    const done = spawnSync(process.execPath, args, { env: { HOME: home, ...NO_WAY_OUT }, encoding: 'utf8' })
    assert.equal(done.status, 0, done.stderr)
    assert.equal(done.stdout, 'ran\n')
    return readdirSync(home)
  } finally {
    rmSync(home, { recursive: true })
  }
}

test('models in threads and in the main thread send nothing home', () => {
  const inThread = `const { createModelVoters } = await import(${at('../../server/drivers/voters.models.ts')})
    const pool = await createModelVoters({ folders: { intent: ${SHIPPED}, sentiment: ${SHIPPED} } })
    await pool.close()
    console.log('ran')`
  assert.deepEqual(homeAfter(inThread), [])
  const inMain = `const { createSession } = await import(${at('../../models/session.ts')})
    const { readModelFile } = await import(${at('../../models/model-file.ts')})
    await createSession(readModelFile(${SHIPPED}, 'intent'))
    console.log('ran')`
  assert.deepEqual(homeAfter(inMain), [])
})

test('the library itself would: without the variable it writes into the home', () => {
  const bare = `const { InferenceSession } = (await import(${at('../../node_modules/onnxruntime-node/dist/index.js')})).default
    await InferenceSession.create(${SHIPPED} + '/intent.onnx')
    console.log('ran')`
  assert.deepEqual(homeAfter(bare), ['.cache'], 'onnxruntime has changed: is its switch still the same?')
})

test('a thread whose parent has not set it refuses to load the library', () => {
  const program = `const { Worker } = await import('node:worker_threads')
    const worker = new Worker(new URL(${at('../../models/session.ts')}), { execArgv: [] })
    worker.on('error', error => console.log(error.message.includes('would send telemetry') ? 'ran' : error))`
  assert.deepEqual(homeAfter(program), [])
})
