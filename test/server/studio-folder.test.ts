// What the Studio keeps in files: whole after a kill, and never taken away because it cannot be read.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openShelf } from '@parley/server/studio/studio-folder.ts'
import { temporaryFolder } from '../e2e/running-server.ts'

test('[STUD3] what a kill has left goes, what cannot be read stays and is told of', async () => {
  const temp = temporaryFolder()
  const broken: unknown[] = []
  const open = () =>
    openShelf(
      temp.path,
      'demo',
      'sets',
      value => value as { readonly n: number },
      error => broken.push(error),
    ) // as it is put
  try {
    const shelf = await open()
    await shelf.put('one', { n: 1 }, { ending: '.jsonl', text: 'a' })
    await shelf.put('two', { n: 2 }, { ending: '.jsonl', text: 'b' })
    const folder = join(temp.path, 'studio', 'sets', 'demo')
    writeFileSync(join(folder, 'half.jsonl'), 'its record was never written')
    writeFileSync(join(folder, 'one.json.0a1b2c3d.new'), 'a draft')
    writeFileSync(join(folder, 'two.json'), '{"n":')
    const again = await open()
    assert.deepEqual(again.list(), [{ n: 1 }])
    assert.equal(await again.read('one', '.jsonl'), 'a')
    assert.equal(broken.length, 1)
    assert.match(String(broken[0]), /two\.json cannot be read/)
    assert.deepEqual(readdirSync(folder).sort(), ['one.json', 'one.jsonl', 'two.json', 'two.jsonl'])
    await again.remove('one')
    assert.ok(!existsSync(join(folder, 'one.jsonl')))
    assert.equal(await again.read('one', '.jsonl'), undefined)
  } finally {
    temp.remove()
  }
})
