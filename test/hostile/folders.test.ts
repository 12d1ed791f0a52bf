// Hostile folders: what of them is refused is told, nothing of the machine gets in, and a shop's other plugins are loaded and vote.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { startTrial, typescriptPlugin, writeFolder } from '../plugin-host/harness.ts'
import { type Canaries, placeCanaries } from './canaries.ts'
import { FOLDERS, type FolderCase } from './cases/folders.ts'
import { drawShare } from './draw-share.ts'

const WITNESS = typescriptPlugin('witness', "return vote('COMPENSATE', 0.7)", { manifest: 'limits: { timeoutMs: 1000 }' })

describe('hostile folders', () => {
  let canaries: Canaries
  before(async () => {
    canaries = await placeCanaries(randomUUID())
  })
  after(() => canaries.close())

  const play = async ({ id, files, arrange, told }: FolderCase): Promise<void> => {
    const root = mkdtempSync(join(tmpdir(), 'parley-hostile-'))
    const folder = writeFolder(join(root, id), {
      'readme.txt': 'so that there is a folder',
      ...(typeof files === 'function' ? files(canaries) : files),
    })
    arrange?.(folder, canaries)
    const trial = await startTrial({ witness: WITNESS }, {}, [folder], undefined, 1)
    try {
      await trial.ready
      const invalid = trial.invalid.map(({ message }) => message).join('\n')
      if (told === undefined) assert.equal(invalid, '')
      else assert.match(invalid, told)
      const ballots = await trial.ask('x')
      assert.deepEqual(ballots.find(({ voter }) => voter === 'plugin:witness')?.votes, [{ action: 'COMPENSATE', confidence: 0.7 }])
      canaries.check(JSON.stringify([invalid, ballots, trial.faults, trial.plugins.map(({ guest }) => guest)]))
    } finally {
      await trial.end()
      rmSync(root, { recursive: true })
    }
  }

  for (const one of drawShare(FOLDERS))
    test(`[PLG3] [PLG4] a folder reaches nothing and stops nobody: ${one.id}, which ${one.tries}`, () => play(one))
})
