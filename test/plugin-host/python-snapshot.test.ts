// Python hosts that start from kept memory: made once, read by all, and never trusted when it is not what was written.
import assert from 'node:assert/strict'
import { appendFileSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { PyodideFiles } from '@parley/server/plugin-host/protocol.ts'
import { buildPyodide } from '@parley/server/plugin-host/pyodide-script.ts'
import { startPython, takeSnapshot } from '@parley/server/plugin-host/python.ts'
import { isSound, keepSnapshot, snapshotFileOf, withSnapshot } from '@parley/server/plugin-host/python-snapshot.ts'

const PROBER = `
import datetime, random, time, uuid
class Plugin:
    def process(self, text):
        if text == "set":
            return {"evidence": str({"crab", "refund", "parcel", "late", "size"})}
        if text == "clock":
            return {"evidence": time.time()}
        if text == "dice":
            return {"evidence": random.random()}
        return {"evidence": uuid.uuid4().hex}
`

describe('the memory that Python hosts start from', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-snapshot-'))
  let files: PyodideFiles
  let file: string
  let bytes: Uint8Array
  before(async () => {
    files = await buildPyodide()
    file = await snapshotFileOf(files, folder)
    bytes = await takeSnapshot(files)
  })
  after(() => rmSync(folder, { recursive: true }))

  const answers = async (from: PyodideFiles): Promise<readonly string[]> => {
    const runner = await startPython(
      {
        plugin: 'prober',
        runtime: 'python',
        code: PROBER,
        memoryMb: 32,
        timeoutMs: 1_000,
        startMs: 5_000,
        grants: [],
        settings: '{}',
        python: { module: 'plugin', className: 'Plugin' },
      },
      from,
      message => assert.fail(message),
    )
    const said: string[] = []
    for (const text of ['set', 'clock', 'dice', 'id']) {
      const outcomes = await runner.run(JSON.stringify([[{ text, original: text, language: 'en', locale: 'en' }]]), 10_000)
      const [outcome] = JSON.parse(String(outcomes)) as readonly { readonly json?: string; readonly reason?: string }[] // a runner's outcomes
      said.push(outcome?.json ?? outcome?.reason ?? '')
    }
    return said
  }

  test('[PLG3] a host that starts from it answers as one that starts without: no clock, no randomness, sets in the same order', async () => {
    keepSnapshot(file, bytes)
    const plain = await answers(files) // it has no snapshot
    assert.deepEqual(await answers({ ...files, snapshotFile: file }), plain)
    assert.match(plain[0]!, /crab/)
    assert.match(plain[1]!, /time\.time needs the grant "clock"/)
    assert.match(plain[2]!, /random\.random needs the grant "randomness"/)
    assert.match(plain[3]!, /uuid\.uuid4 needs the grant "randomness"/)
  })

  test('what is kept is sound; what was changed since is removed; other versions go', async () => {
    writeFileSync(join(folder, 'older.snapshot'), 'x')
    keepSnapshot(file, bytes)
    assert.equal(await isSound(file), true)
    assert.equal(readdirSync(folder).length, 2)
    appendFileSync(file, 'x')
    assert.equal(await isSound(file), false)
    assert.equal(existsSync(file), false)
  })

  test('its name is another for another SDK', async () => {
    const sdkFile = join(folder, 'parley_sdk.py')
    writeFileSync(sdkFile, '')
    assert.notEqual(await snapshotFileOf({ ...files, sdkFile }, folder), file)
  })

  test('without a place to keep it, hosts start without', async () => {
    const noFolder = join(folder, 'a-file')
    writeFileSync(noFolder, '')
    assert.deepEqual(await withSnapshot(files, noFolder), files)
  })

  test('one that is not there is no reason not to start', async () => {
    assert.match((await answers({ ...files, snapshotFile: join(folder, 'none') }))[0]!, /crab/)
  })
})
