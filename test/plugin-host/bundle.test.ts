// Signed bundles: what is packed is always the same, and what was changed on its way is refused with a fault that says so.
import assert from 'node:assert/strict'
import { createPrivateKey, type KeyObject, sign } from 'node:crypto'
import { chmodSync, cpSync, mkdirSync, readFileSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { SDK_VERSION } from '@parley/plugin-sdk/manifest.ts'
import { writeBundle } from '@parley/server/plugin-store/bundle-file.ts'
import { canonicalJson } from '@parley/server/plugin-store/canonical-json.ts'
import { examineBundle } from '@parley/server/plugin-store/examine-bundle.ts'
import { packPlugin } from '@parley/server/plugin-store/pack-plugin.ts'
import { fingerprintOf, makeKeyPair, publicKeyOf, readPrivateKey } from '@parley/server/plugin-store/publisher.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { faultCodeOf } from '../fault-code.ts'
import { parley } from './command.ts'
import { type Files, pythonPlugin, startTrial, typescriptPlugin, writeFolder } from './harness.ts'

const scratch = temporaryFolder()
after(() => scratch.remove())
const at = (...names: readonly string[]): string => join(scratch.path, ...names)

makeKeyPair(at('key'))
const key = readPrivateKey(at('key'))
const publisher = fingerprintOf(publicKeyOf(key))

const GREETS = typescriptPlugin('greets', "return text.includes('hello') ? vote('PRODUCT_INFO', 0.7) : abstain")
const folderOf = (name: string, files: Files): string => writeFolder(at(name), files)
const pack = (name: string, files: Files, out = `${name}-out`) => packPlugin(folderOf(name, files), at('key'), at(out))

describe('packing', () => {
  test('[PACK1] the same source and key give the same bytes, wherever the folder lies', async () => {
    const first = await pack('here', GREETS)
    mkdirSync(at('far', 'away', 'below'), { recursive: true })
    cpSync(at('here'), at('far', 'away', 'below', 'greets'), { recursive: true })
    const second = await packPlugin(at('far', 'away', 'below', 'greets'), at('key'), at('second'))
    assert.deepEqual(readFileSync(first.file), readFileSync(second.file))
    assert.equal(first.hash, second.hash)
    assert.equal(first.publisher, publisher)
  })

  test('[PACK1] what it holds votes as its folder does, with its hash in the version, and tells the author’s own lines', async () => {
    const said = "if (text === 'fail') throw new Error('no')\n    return vote('COMPENSATE', 0.6)"
    const { file, hash } = await pack('votes', typescriptPlugin('votes', said, { manifest: 'limits: { timeoutMs: 1_000 }' }))
    const python = await pack(
      'snake',
      pythonPlugin(
        'snake',
        'class Plugin:\n    def process(self, text):\n        return {"action": "COMPENSATE"}\n',
        'limits: { timeoutMs: 1000 }',
      ),
    )
    const trial = await startTrial({}, {}, [file, python.file])
    try {
      await trial.ready
      assert.deepEqual(trial.invalid, [])
      const ballots = await trial.ask('hello')
      assert.deepEqual(ballots.map(({ voter, version, votes }) => [voter, version, votes[0]?.action]).sort(), [
        ['plugin:snake', `1.0.0-${python.hash.slice(0, 12)}`, 'COMPENSATE'],
        ['plugin:votes', `1.0.0-${hash.slice(0, 12)}`, 'COMPENSATE'],
      ])
      await trial.ask('fail')
      assert.match(trial.faults.map(fault => fault?.message).join(), /no \(at plugin\.ts:6\)/)
    } finally {
      await trial.end()
    }
  })

  test('[PACK4] a version that was packed is not packed with other content', async () => {
    await pack('same', GREETS)
    assert.equal((await pack('same', GREETS)).manifest.version, '1.0.0')
    const changed = typescriptPlugin('greets', "return vote('PRODUCT_INFO', 0.8)")
    assert.equal(await faultCodeOf(pack('same', changed)), 'VERSION_PUBLISHED')
  })

  test('a link out of the folder carries nothing into a bundle', async () => {
    writeFileSync(at('secret.ts'), 'export const secret = 1')
    // Beside the folder, and called as it is with more behind.
    writeFolder(at('links-py-secret'), { 'plugin.py': 'secret = 1' })
    folderOf(
      'links',
      typescriptPlugin('links', 'return abstain', { outside: "import { secret } from './words.ts'\nglobalThis.x = secret" }),
    )
    symlinkSync(at('secret.ts'), at('links', 'words.ts'))
    assert.equal(await faultCodeOf(packPlugin(at('links'), at('key'), at('links-out'))), 'PLUGIN_INVALID')
    folderOf('links-py', { 'plugin.yaml': pythonPlugin('links-py', '')['plugin.yaml']! })
    symlinkSync(at('links-py-secret', 'plugin.py'), at('links-py', 'plugin.py'))
    assert.equal(await faultCodeOf(packPlugin(at('links-py'), at('key'), at('links-out'))), 'PLUGIN_INVALID')
  })

  test('the command makes a key that its owner alone can read, never over another, and packs with it', async () => {
    folderOf('by-command', GREETS)
    const made = await parley(scratch.path, 'plugin', 'key', 'mine')
    assert.equal(made.status, 0, made.stderr)
    assert.equal(statSync(at('mine')).mode & 0o777, 0o600)
    assert.match((await parley(scratch.path, 'plugin', 'key', 'mine')).stderr, /KEY_INVALID/)
    const packed = await parley(scratch.path, 'plugin', 'pack', 'by-command', '--key', 'mine', '--out', 'published')
    assert.match(packed.stdout, /^published\/greets-1\.0\.0\.parley: greets 1\.0\.0, \d/, packed.stderr)
    chmodSync(at('mine'), 0o000)
    assert.match((await parley(scratch.path, 'plugin', 'pack', 'by-command', '--key', 'mine.pub')).stderr, /KEY_INVALID/)
  })
})

const MAGIC = 'parley-plugin 1\n'
const HEADER = 112

/** As a bundle would be that is signed well: what is wrong with it is its content. */
const signed = (body: string | Buffer, by: KeyObject = key): Buffer => {
  const content = Buffer.from(body)
  return Buffer.concat([Buffer.from(MAGIC), publicKeyOf(by), sign(null, Buffer.concat([Buffer.from(MAGIC), content]), by), content])
}
const MANIFEST = {
  id: 'greets',
  version: '1.0.0',
  sdk: '^0.1.0',
  languages: ['zh', 'en'],
  actions: ['COMPENSATE'],
  runtime: 'python',
  module: 'plugin',
  class: 'Plugin',
}
const bodyOf = (manifest: object, more: object = {}): string => canonicalJson({ manifest, sdk: SDK_VERSION, code: '', ...more })
const MAP = { version: 3, sources: ['plugin.ts'], names: [], mappings: 'AAAA' }

/** Each made of a good bundle's bytes, and what is said of it. */
const BAD: Readonly<Record<string, readonly [(good: Buffer) => Buffer, RegExp]>> = {
  'an empty file': [() => Buffer.alloc(0), /no bundle that this release reads/],
  'another file': [() => Buffer.from('PK\u0003\u0004 a zip with ../../etc/passwd in it'.padEnd(300)), /no bundle that this release reads/],
  'a later format': [good => Buffer.concat([Buffer.from('parley-plugin 2\n'), good.subarray(16)]), /no bundle that this release reads/],
  'a byte of the code changed': [good => changedAt(good, good.length - 40), /the signature is not that of its content/],
  'a byte of the signature changed': [good => changedAt(good, 60), /the signature is not that of its content/],
  'a byte of the key changed': [good => changedAt(good, 20), /the signature is not that of its content/],
  'a signature of zeros': [good => Buffer.concat([good.subarray(0, 48), Buffer.alloc(64), good.subarray(HEADER)]), /the signature/],
  'the end cut off': [good => good.subarray(0, good.length - 1), /the signature/],
  'more at its end': [good => Buffer.concat([good, Buffer.from(' ')]), /the signature/],
  "another bundle's content": [good => Buffer.concat([good.subarray(0, HEADER), Buffer.from(bodyOf(MANIFEST))]), /the signature/],
  'five megabytes': [good => Buffer.concat([good, Buffer.alloc(5_000_000)]), /bytes, more than the 4194304 allowed/],
  'no JSON': [() => signed('hello'), /no canonical JSON|not canonical JSON/],
  'no UTF-8': [() => signed(Buffer.from([0x22, 0xff, 0x22])), /not canonical JSON/],
  'ten thousand brackets': [() => signed('['.repeat(10_000) + ']'.repeat(10_000)), /content|canonical/],
  'a key twice': [() => signed(bodyOf(MANIFEST).replace('{"code":""', '{"code":"","code":""')), /not canonical JSON/],
  'a field too many': [() => signed(bodyOf(MANIFEST, { files: { '../../evil': '' } })), /Unrecognized key: "files"/],
  'a prototype in it': [() => signed(`{"__proto__":{"x":1},${bodyOf(MANIFEST).slice(1)}`), /__proto__/],
  'a module with a path': [() => signed(bodyOf({ ...MANIFEST, module: '../../evil' })), /manifest\.module: a module is a file/],
  'an id with a path': [() => signed(bodyOf({ ...MANIFEST, id: '../evil' })), /manifest\.id: an id is/],
  'a version with a path': [() => signed(bodyOf({ ...MANIFEST, version: '1.0.0/../..' })), /manifest\.version/],
  'a grant that is none': [() => signed(bodyOf({ ...MANIFEST, grants: ['network'] })), /manifest\.grants\.0: there is no such grant/],
  'a query that is none': [
    () => signed(bodyOf({ ...MANIFEST, grants: ['facts'], queries: { all: '{ customer { ...all } }' } })),
    /manifest\.queries\.all: fragments are not taken/,
  ],
  'a mutation without its grant': [
    () => signed(bodyOf({ ...MANIFEST, effects: { 'open-case': { undo: 'close-case' } } })),
    /manifest\.effects: having something done needs the grant "effects"/,
  ],
  'another SDK': [() => signed(bodyOf({ ...MANIFEST, sdk: '^9.0.0' })), /manifest\.sdk: this server has SDK/],
  'code of two megabytes': [() => signed(bodyOf(MANIFEST, { code: 'x'.repeat(2_000_000) })), /code: Too big/],
  'a source map that is none': [() => signed(bodyOf(MANIFEST, { map: '{}' })), /its source map is none/],
  'a source map with odd names': [
    () => signed(bodyOf(MANIFEST, { map: JSON.stringify({ ...MAP, sources: ['\u001b[2Jplugin.ts'] }) })),
    /its source map is none/,
  ],
  'a manifest that claims less than its code': [
    good => {
      const content = JSON.parse(good.subarray(HEADER).toString())
      return writeBundle({ ...content, manifest: { ...content.manifest, actions: ['COMPENSATE'] } }, key).bytes
    },
    /its manifest is not the one of its code/,
  ],
  'a manifest of another runtime': [
    good => {
      const { map: _, ...content } = JSON.parse(good.subarray(HEADER).toString())
      return writeBundle({ ...content, code: 'while (true) {}' }, key).bytes
    },
    /its code cannot be loaded/,
  ],
}

const changedAt = (bytes: Buffer, index: number): Buffer => {
  const changed = Buffer.from(bytes)
  changed[index]! ^= 1
  return changed
}

describe('a bundle that is refused', async () => {
  const good = readFileSync((await pack('good', GREETS)).file)
  const refusal = async (file: string): Promise<string> => {
    try {
      await examineBundle(file, () => {})
      return 'it was taken'
    } catch (fault) {
      return String(fault)
    }
  }

  for (const [name, [make, words]] of Object.entries(BAD))
    test(`[PACK2] [PACK3] ${name}`, async () => {
      writeFileSync(at('bad.parley'), make(good))
      const said = await refusal(at('bad.parley'))
      assert.match(said, /^Fault: the bundle bad\.parley can't be used: /)
      assert.match(said, words)
    })

  test('[PACK2] a folder, a device and a file that is not there are no bundles, and a sparse gigabyte is not read', async () => {
    mkdirSync(at('folder.parley'))
    assert.match(await refusal(at('folder.parley')), /it is no file/)
    symlinkSync('/dev/zero', at('zero.parley'))
    assert.match(await refusal(at('zero.parley')), /it is no file/)
    assert.match(await refusal(at('nowhere.parley')), /it is not there/)
    writeFileSync(at('sparse.parley'), good)
    truncateSync(at('sparse.parley'), 2 ** 30)
    assert.match(await refusal(at('sparse.parley')), /more than the 4194304 allowed/)
  })

  test('[PACK2] the publisher is asked about before the content is looked at', async () => {
    makeKeyPair(at('stranger'))
    const stranger = createPrivateKey(readFileSync(at('stranger')))
    writeFileSync(at('strange.parley'), signed('no JSON at all', stranger))
    const asked: string[] = []
    await assert.rejects(
      examineBundle(at('strange.parley'), each => {
        asked.push(each)
        throw new Error('not of ours')
      }),
      /not of ours/,
    )
    assert.deepEqual(asked, [fingerprintOf(publicKeyOf(stranger))])
  })
})
