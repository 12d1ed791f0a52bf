import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { PluginManifest } from './define-plugin.ts'
import { Manifest, SDK_VERSION } from './manifest.ts'
import packageJson from './package.json' with { type: 'json' }

const authored: PluginManifest = { id: 'fresh-goods', version: '1.0.0', sdk: '^0.1.0', languages: ['zh'], actions: ['COMPENSATE'] }
const admits = (sdk: string): boolean => Manifest.safeParse({ ...authored, sdk, runtime: 'typescript' }).success

describe('a manifest', () => {
  test('as an author types it is taken, with its defaults filled in', () => {
    const full: Required<PluginManifest> = {
      ...authored,
      asks: [],
      grants: ['facts', 'effects'],
      queries: { refund: 'query { customer { refund { status } } }' },
      sources: ['crm'],
      effects: { 'open-compensation': { undo: 'withdraw-compensation' } },
      mutations: { withdraw: 'mutation ($number: String!) { withdrawCase(number: $number) { state } }' },
      limits: { timeoutMs: 20, memoryMb: 16, startMs: 100 },
      defaultConfidence: 0.5,
      settings: {},
    }
    assert.ok(Manifest.safeParse({ ...full, runtime: 'typescript' }).success)
    assert.deepEqual(Manifest.parse({ ...authored, runtime: 'typescript' }), {
      ...authored,
      runtime: 'typescript',
      asks: [],
      grants: [],
      queries: {},
      sources: [],
      effects: {},
      mutations: {},
      limits: { timeoutMs: 50, memoryMb: 32, startMs: 500 },
      defaultConfidence: 0.9,
      settings: {},
    })
  })

  test('of Python names module and class and has more memory', () => {
    const manifest = Manifest.parse({ ...authored, runtime: 'python', module: 'complaint_analyzer', class: 'ComplaintAnalyzer' })
    assert.equal(manifest.limits.memoryMb, 256)
    assert.ok(!Manifest.safeParse({ ...authored, runtime: 'python' }).success)
    assert.ok(!Manifest.safeParse({ ...authored, runtime: 'python', module: '../secrets', class: 'X' }).success)
  })

  test('names a range of the SDK that this one must be in', () => {
    for (const range of ['0.1.0', '^0.1.0', '~0.1.0']) assert.ok(admits(range), range)
    for (const range of ['^0.2.0', '^0.0.9', '^1.0.0', '0.1.1', '^0.1.1', '~0.0.1', '*', '>=0.1.0']) assert.ok(!admits(range), range)
  })

  test("the SDK's version is that of its package", () => assert.equal(SDK_VERSION, packageJson.version))

  for (const [what, change] of Object.entries({
    'an id that is no name': { id: 'Fresh Goods' },
    'a version that is none': { version: '1' },
    'no language': { languages: [] },
    'an action in lower case': { actions: ['compensate'] },
    'a disposition as an action': { actions: ['HANDOFF'] },
    'a grant that does not exist': { grants: ['network'] },
    'a grant listed twice': { grants: ['clock', 'clock'] },
    'queries without their grant': { queries: { one: 'x' } },
    'effects without their grant': { effects: { give: { undo: 'take' } } },
    'mutations without an effect': { grants: ['effects'], mutations: { one: 'x' } },
    'an effect that undoes itself': { grants: ['effects'], effects: { give: { undo: 'give' } } },
    'no time': { limits: { timeoutMs: 0 } },
    'a key that means nothing': { limit: {} },
  })) {
    test(`is refused for ${what}`, () => assert.ok(!Manifest.safeParse({ ...authored, runtime: 'typescript', ...change }).success))
  }
})
