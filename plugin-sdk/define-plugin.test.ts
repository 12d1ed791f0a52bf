// What the compiler holds an author to. Each `@ts-expect-error` fails the check of types when the line below it is no error any more.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { abstain, ask, definePlugin, evidence, remember, vote } from './index.ts'

const turn = { text: 'dead crabs', original: 'Dead crabs', language: 'en', locale: 'en' } as const

test('[SDK1] settings reach onTurn with the types that the manifest declares', () => {
  const plugin = definePlugin({
    manifest: {
      id: 'typed',
      version: '1.0.0',
      sdk: '^0.1.0',
      languages: ['en'],
      actions: ['COMPENSATE', 'PRODUCT_INFO'],
      settings: {
        words: { type: 'strings', about: 'Words to look for.', default: ['dead'] },
        confidence: { type: 'number', about: 'How sure.', default: 0.8, min: 0, max: 1 },
        tone: { type: 'string', about: 'How to say it.', options: ['plain', 'warm'], default: 'plain' },
        isStrict: { type: 'boolean', about: 'Whether to be strict.', default: false },
      },
    },
    onTurn({ text }, { settings }) {
      const tone: 'plain' | 'warm' = settings.tone
      const isStrict: boolean = settings.isStrict
      // @ts-expect-error there is no such setting
      settings.colour satisfies unknown
      const word = settings.words.find(each => text.includes(each))
      return word && !isStrict ? vote('COMPENSATE', settings.confidence, { evidence: evidence(word, tone) }) : abstain
    },
  })
  const settings = { words: ['crab'], confidence: 0.6, tone: 'warm', isStrict: false } as const
  assert.deepEqual(plugin.onTurn(turn, { settings }), { action: 'COMPENSATE', confidence: 0.6, evidence: 'crab, warm' })
})

test('[SDK1] a vote for an action that the manifest does not list is a type error', () => {
  const manifest = { id: 'strays', version: '1.0.0', sdk: '^0.1.0', languages: ['en'], actions: ['COMPENSATE'] } as const
  // @ts-expect-error COMPENSAT is not listed
  definePlugin({ manifest, onTurn: () => vote('COMPENSAT', 0.9) })
  // @ts-expect-error nor is one of several
  definePlugin({ manifest, onTurn: () => [vote('COMPENSATE', 0.5), vote('GREETING', 0.5)] })
  const any = definePlugin({ manifest: { ...manifest, actions: '*' }, onTurn: () => vote('COMPENSAT', 0.9) })
  assert.deepEqual(any.onTurn(turn, { settings: {} }), { action: 'COMPENSAT', confidence: 0.9 })
})

test('[GRANT1] the tool of a grant is there for a plugin that asks for it, and for no other', () => {
  const manifest = { id: 'clocked', version: '1.0.0', sdk: '^0.1.0', languages: ['en'], actions: ['COMPENSATE'] } as const
  const clocked = definePlugin({
    manifest: { ...manifest, grants: ['clock'] },
    onTurn(_, { clock, ...others }) {
      // @ts-expect-error it has not asked for randomness
      others.randomness satisfies unknown
      return clock.now() > 0 ? vote('COMPENSATE', 0.9) : abstain
    },
  })
  assert.equal(clocked.onTurn(turn, { settings: {}, clock: { now: () => 0 } }), abstain)
  // @ts-expect-error nor has this one for the clock
  definePlugin({ manifest, onTurn: (_, { clock }) => (clock ? abstain : abstain) })
  // @ts-expect-error there is no such grant
  definePlugin({ manifest: { ...manifest, grants: ['network'] }, onTurn: () => abstain })
})

test('[DLG8] a question for a slot that the manifest does not list is a type error', () => {
  const manifest = { id: 'asks', version: '1.0.0', sdk: '^0.1.0', languages: ['en'], actions: ['COMPENSATE'], grants: ['memory'] } as const
  const asking = definePlugin({
    manifest: { ...manifest, asks: ['order'] },
    onTurn: (_, { memory }) => remember({ before: memory }, [vote('COMPENSATE', 0.9, { evidence: 'crab', ...ask('order') })]),
  })
  assert.deepEqual(asking.onTurn(turn, { settings: {}, memory: {} }), {
    votes: [{ action: 'COMPENSATE', confidence: 0.9, evidence: 'crab', ask: 'order' }],
    memory: '{"before":{}}',
  })
  // @ts-expect-error it does not list count
  definePlugin({ manifest: { ...manifest, asks: ['order'] }, onTurn: () => vote('COMPENSATE', 0.9, ask('count')) })
  // @ts-expect-error this one lists nothing
  definePlugin({ manifest, onTurn: () => vote('COMPENSATE', 0.9, ask('order')) })
})

test('[SDK12] what onStart returns is given to onTurn with its type, and is not there without one', () => {
  const manifest = { id: 'prepares', version: '1.0.0', sdk: '^0.1.0', languages: ['en'], actions: ['COMPENSATE'] } as const
  const prepares = definePlugin({
    manifest: { ...manifest, settings: { words: { type: 'strings', about: 'Words.', default: ['crab'] } } },
    onStart: ({ settings }) => ({ pattern: new RegExp(settings.words.join('|')), words: settings.words.length }),
    onTurn({ text }, { prepared }) {
      // @ts-expect-error it is a number
      prepared.words satisfies string
      return prepared.pattern.test(text) ? vote('COMPENSATE', 0.9) : abstain
    },
  })
  const prepared = { pattern: /crab/, words: 1 }
  assert.deepEqual(prepares.onTurn(turn, { settings: { words: ['crab'] }, prepared }), { action: 'COMPENSATE', confidence: 0.9 })
  // @ts-expect-error nothing was prepared
  definePlugin({ manifest, onTurn: (_, { prepared }) => (prepared ? abstain : abstain) })
})

test('evidence leaves out what was not seen and is never longer than evidence may be', () => {
  assert.equal(evidence('crab', undefined, '', 'dead'), 'crab, dead')
  assert.equal(evidence('x'.repeat(499), 'y').length, 500)
  assert.ok(evidence(`${'x'.repeat(499)}🦀`).isWellFormed())
})
