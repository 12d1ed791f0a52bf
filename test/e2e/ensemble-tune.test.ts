// The real command tunes the shipped ensemble on real turns, with the real voters.
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseEnsemble } from '@parley/ensembles/ensemble-file.ts'
import { parley } from './parley-command.ts'
import { temporaryFolder } from './running-server.ts'

/** Six of each action. */
const TURNS = ((seen: Record<string, number>) =>
  readFileSync(new URL('../turns/retail.en.jsonl', import.meta.url), 'utf8')
    .split('\n')
    .filter(line => {
      if (line === '' || line.includes('"turns"')) return false
      const { action } = JSON.parse(line) as { readonly action: string } // our own file
      seen[action] = (seen[action] ?? 0) + 1
      return seen[action] <= 6
    }))({})

interface Told {
  readonly version: string
  readonly written: string | null
  readonly turns: number
  readonly verdict: { readonly isBetter: boolean; readonly reasons: readonly string[]; readonly turnsNeeded: number | null }
}

test('[TUNE3] [TUNE5] [TUNE6] what is shown to be better is written as the next version, and nothing else is', {
  timeout: 240_000,
}, async t => {
  const data = temporaryFolder()
  t.after(data.remove)
  const path = (name: string): string => join(data.path, name)
  writeFileSync(path('parley.yaml'), JSON.stringify({ shops: [{ id: 'demo', plugins: [] }] }))
  const env = { PARLEY_CONFIG: path('parley.yaml'), PARLEY_DATA: path('data') }
  writeFileSync(path('turns.jsonl'), `${TURNS.join('\n')}\n`)
  writeFileSync(path('few.jsonl'), `${TURNS.slice(0, 30).join('\n')}\n`)
  writeFileSync(path('words.yaml'), '# Ours.\nname: words\nversion: 7\nvoters:\n  keyword: { weight: { zh: 1, en: 1 } }\n')
  const tune = (file: string, ...args: readonly string[]) =>
    parley(['ensemble', 'tune', path(file), '--json', path('told.json'), '--folds', '3', ...args], { env })
  const told = (): Told => JSON.parse(readFileSync(path('told.json'), 'utf8')) as Told // our own command's output

  // In force is what hears words alone: the trained model is the better voter.
  const won = await tune('turns.jsonl', '--ensemble', path('words.yaml'))
  assert.equal(won.status, 0, won.stderr + won.stdout)
  const { version, written, turns, verdict } = told()
  assert.match(version, /^words@8-[0-9a-f]{12}$/)
  assert.deepEqual([written, turns, verdict.isBetter], [version, TURNS.length, true])
  assert.match(won.stdout, /^It is better: words@8-[0-9a-f]{12} is written; parley ensemble promote/m)
  assert.match(won.stdout, /intent alone \(the best\)/)
  assert.match(won.stdout, /\(chosen\)/)
  assert.doesNotMatch(won.stdout, /undefined|NaN/)

  // The same turns give the same text; it is found by its version, and it does not beat itself.
  const again = await tune('turns.jsonl', '--ensemble', path('words.yaml'), '--out', path('tuned.yaml'))
  assert.equal(again.status, 0, again.stderr)
  const text = readFileSync(path('tuned.yaml'), 'utf8')
  assert.equal(parseEnsemble(text, 'tuned.yaml').version, version)
  assert.match(text, /^# Ours\.|# tuned: from words@7-[0-9a-f]{12} by parley ensemble tune/m)
  assert.match(text, /# tuned: on turns\.jsonl, sha256 [0-9a-f]{64}: \d+ turns of \d+ conversations, \d+ zh/)
  const beaten = await tune('turns.jsonl', '--ensemble', version, '--out', path('none.yaml'))
  assert.equal(beaten.status, 3, beaten.stdout)
  assert.equal(existsSync(path('none.yaml')), false)
  assert.match(beaten.stdout, /^Nothing is written:\n(?: {2}.*\n)+(?:About \d+ turns|More turns)/m)

  const few = await tune('few.jsonl', '--ensemble', path('words.yaml'), '--out', path('none.yaml'))
  assert.equal(few.status, 3, few.stdout)
  assert.match(few.stdout, /there are 30 conversations; it takes 100/)
  assert.ok(told().verdict.turnsNeeded! >= 100)
  assert.equal(existsSync(path('none.yaml')), false)

  const taken = await tune('few.jsonl', '--out', path('tuned.yaml'))
  assert.equal(taken.status, 2)
  assert.match(taken.stderr, /tuned\.yaml is there already/)
  assert.equal((await tune('few.jsonl', '--folds', '1')).status, 2)
  assert.equal((await tune('few.jsonl', '--ensemble', 'none@1')).status, 1)
})
