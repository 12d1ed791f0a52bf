import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { LOCALES } from '@parley/core/pack/pack.ts'
import { nearDuplicateGroups } from '@parley/models/train/folds.ts'
import { readPack } from '@parley/server/pack-folder.ts'
import { PROJECT } from '@parley/server/project.ts'
import { conflictingTurns } from './turns.ts'

const folder = join(PROJECT.packs, 'retail')
const actions = new Set(Object.keys(readPack(folder).actions))
const dialogues = conflictingTurns(actions)
const judged = dialogues.flatMap(({ turns, locale, source }) =>
  turns.flatMap(({ text, right }) => (right === undefined ? [] : [{ text, right, locale, source }])),
)
const SOURCES = ['plain', 'words', 'mood', 'sarcasm', 'denial', 'beside', 'goods', 'slips', 'mixed', 'dialogue']

test('there are 1,500 judged turns, half of each language, of every action in both, and a third is plain', () => {
  assert.ok(judged.length >= 1_500, `${judged.length}`)
  for (const locale of LOCALES) {
    const mine = judged.filter(turn => turn.locale === locale)
    assert.ok(mine.length >= 0.45 * judged.length, `${locale}: ${mine.length}`)
    assert.deepEqual([...new Set(mine.map(({ right }) => right))].sort(), [...actions].sort(), locale)
  }
  const plain = judged.filter(({ source }) => source === 'plain').length / judged.length
  assert.ok(plain > 0.3 && plain < 0.4, `${plain}`)
})

test('every turn says what pulls in it', () => {
  assert.deepEqual([...new Set(judged.map(({ source }) => source))].sort(), [...SOURCES].sort())
})

test('no turn says what another says in nearly the same words', () => {
  const groups = Map.groupBy(judged.keys(), (i => groupOf[i]!) as (i: number) => number)
  const twins = [...groups.values()].filter(rows => rows.length > 1).map(rows => rows.map(i => judged[i]!.text))
  assert.deepEqual(twins, [])
})
const groupOf = nearDuplicateGroups(judged.map(({ text }) => bare(text)))

test('no judged turn stands among what models, moods and phrases are learned from, nor among the held-out turns', () => {
  const theirs = new Map<string, string>()
  for (const locale of LOCALES) {
    for (const kind of ['examples', 'moods', 'urgency'])
      for (const file of readdirSync(join(folder, kind, locale)))
        for (const line of readFileSync(join(folder, kind, locale, file), 'utf8').split('\n'))
          theirs.set(bare(line), `${kind}/${locale}/${file}`)
    for (const file of ['heldout', 'heldout-further', 'moods'])
      for (const line of readFileSync(new URL(`../transcripts/${file}.${locale}.tsv`, import.meta.url), 'utf8').split('\n'))
        theirs.set(bare(line.split('\t').at(-1) ?? ''), `${file}.${locale}.tsv`)
  }
  assert.deepEqual(
    judged.flatMap(({ text }) => (theirs.has(bare(text)) ? [`${theirs.get(bare(text))}: ${text}`] : [])),
    [],
  )
})

/** Marks, spaces and capital letters aside. */
function bare(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '')
}
