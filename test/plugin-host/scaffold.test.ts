// `parley plugin new`, and what a newcomer sees with each template: the first run is kept in test/transcripts/plugins/, with `#` for figures.
// `PARLEY_REWRITE=1 npm test test/plugin-host/scaffold.test.ts` writes the transcripts anew; review the diff.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { TEMPLATES } from '@parley/server/plugin-bench/scaffold.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { parley } from './command.ts'

const KEPT = fileURLToPath(new URL('../transcripts/plugins', import.meta.url))
const scratch = temporaryFolder()
after(() => scratch.remove())

/** Nor does it say whether a busy machine made a start or a call look slow. */
const withoutFigures = (text: string): string =>
  text
    .replaceAll(/\d+\.\d+\.\d+-[0-9a-f]{12}\+[0-9a-f]{8}/g, '#')
    .replaceAll(/\d+(\.\d+)?(?= (ms|MB|KB)\b)/g, '#')
    .replaceAll(/^\w+ +(cold start|p95) (.*\n)( {21}.*\n)?/gm, '#        $1 $2')
    .replaceAll(/^0 errors, \d+ warnings$/gm, '0 errors, # warnings')

for (const template of Object.keys(TEMPLATES)) {
  test(`[SDK5] the ${template} template votes, passes its golden turns and its check as it stands`, async () => {
    const name = `my-${template}`
    const folder = join(scratch.path, name)
    let transcript = ''
    for (const [cwd, args] of [
      [scratch.path, ['plugin', 'new', name, '--template', template]],
      [folder, ['plugin', 'test']],
      [folder, ['plugin', 'check']],
    ] as const) {
      const { status, stdout, stderr } = await parley(cwd, ...args)
      assert.equal(status, 0, stdout + stderr)
      transcript += `$ parley ${args.join(' ')}\n${withoutFigures(stdout)}\n`
    }
    const kept = join(KEPT, `first-run.${template}.txt`)
    if (process.env.PARLEY_REWRITE) {
      mkdirSync(KEPT, { recursive: true })
      writeFileSync(kept, transcript)
    }
    assert.equal(transcript, readFileSync(kept, 'utf8'))
    assert.ok(readFileSync(join(folder, 'README.md'), 'utf8').includes(name))
  })
}

test('[SDK5] writes over nothing, and into no folder that a plugin cannot be called by', async () => {
  writeFileSync(join(scratch.path, 'note.txt'), 'mine')
  mkdirSync(join(scratch.path, 'taken'))
  writeFileSync(join(scratch.path, 'taken', 'mine.txt'), 'mine')
  const taken = await parley(scratch.path, 'plugin', 'new', 'taken')
  assert.equal(taken.status, 1)
  assert.match(taken.stderr, /FOLDER_NOT_EMPTY/)
  assert.ok(!existsSync(join(scratch.path, 'taken', 'plugin.ts')))
  for (const name of ['Big', '../up', 'a b', '']) {
    const { status, stderr } = await parley(scratch.path, 'plugin', 'new', name)
    assert.equal(status, 2, name)
    assert.match(stderr, /lower-case words joined by hyphens/)
  }
})
