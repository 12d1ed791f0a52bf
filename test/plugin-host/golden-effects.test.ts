// `parley plugin test` on what a plugin has done: the lines `action` and `undo` of a golden transcript.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { temporaryFolder } from '../e2e/running-server.ts'
import { parley } from './command.ts'
import { writeFolder } from './harness.ts'

const scratch = temporaryFolder()
after(() => scratch.remove())

const PLUGIN = `import { abstain, definePlugin, mutate, refuse } from '@parley/plugin-sdk'

export default definePlugin({
  manifest: {
    id: 'doer', version: '1.0.0', sdk: '^0.1.0', languages: ['en'], actions: '*', grants: ['effects'], sources: ['crm'],
    effects: { 'open-compensation': { undo: 'withdraw-compensation' }, 'give-coupon': { undo: 'take-coupon' } },
    mutations: { withdraw: 'mutation ($case: String!) { withdrawCase(case: $case) { number } }' },
    limits: { timeoutMs: 1000 },
  },
  onTurn: () => abstain,
  onAction: ({ slots }) => (slots.order === 'throw' ? refuse('Not Well Formed') : refuse(\`order-\${slots.order}\`)),
  undo: ({ slots, result }) => mutate('withdraw', { case: \`\${result.case} of \${slots.order}\` }),
})
`

test('[SDK4] what a plugin has done is written down and held; an undo takes back the action above it; an effect that no line reaches is named', async () => {
  const golden = `action open-compensation { order: 7 }
----

undo open-compensation { case: CP-1 }
----
mutate withdraw {"case":"CP-1 of 8"}

action open-compensation { order: throw }
----

action close-everything {}
----
`
  const folder = writeFolder(join(scratch.path, 'doer'), { 'plugin.ts': PLUGIN, 'golden.txt': golden })
  const { status, stdout } = await parley(folder, 'plugin', 'test', '--update')
  assert.equal(status, 1, stdout)
  assert.match(stdout, /golden\.txt:1: action open-compensation \{ order: 7 \}\n {2}\+ refuse order-7/)
  assert.match(stdout, /- mutate withdraw \{"case":"CP-1 of 8"\}\n {2}\+ mutate withdraw \{"case":"CP-1 of 7"\}/)
  assert.match(stdout, /golden\.txt:8: .*\n {2}\+ ! plugin "doer" failed: .*lower-case|made neither by mutate nor by refuse/)
  assert.match(stdout, /\+ ! there is no effect close-everything in its manifest/)
  assert.match(stdout, /warning: no golden turn reaches give-coupon/)
  assert.match(readFileSync(join(folder, 'golden.txt'), 'utf8'), /^action open-compensation \{ order: 7 \}\n----\nrefuse order-7\n/)
  for (const line of ['action open-compensation', 'action Open {}', 'undo open-compensation { case: [1] }']) {
    writeFileSync(join(folder, 'golden.txt'), `${line}\n----\n`)
    const broken = await parley(folder, 'plugin', 'test')
    assert.equal(broken.status, 1)
    assert.match(broken.stderr, /golden\.txt:1: an effect is written/)
  }
})
