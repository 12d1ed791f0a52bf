// What every store of records must do (server/records.ts). A driver's test hands in how to open it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RecordStore } from '@parley/server/records.ts'
import { until } from './jobs.ts'

export type TestKey = readonly string[]
export type TestRecords = RecordStore<TestKey>

export interface RecordsUnderTest {
  readonly records: TestRecords
  /** The same store, as another node or process opens it. */
  another(): Promise<TestRecords>
  /** Closes what was opened, and removes it. */
  remove(): Promise<void>
}

export function recordsContract(name: string, make: () => Promise<RecordsUnderTest>): void {
  const on = (title: string, run: (under: RecordsUnderTest) => Promise<void>): void => {
    test(`${name}: ${title}`, async () => {
      const under = await make()
      try {
        await run(under)
      } finally {
        await under.remove()
      }
    })
  }
  const count = (records: Pick<TestRecords, 'get'>): number => (records.get(['count']) as { n: number } | undefined)?.n ?? 0

  on('[ROW1] what was put is read, under any names, in order; what was removed is gone', async ({ records, another }) => {
    const odd = ['螃蟹 死了', 'a.b', 'a*', '>', 'ẞ', ' ', 'x'.repeat(300)]
    await records.change(within => {
      within.put(['a', '2'], { n: 2, text: '怎么赔' })
      within.put(['a', '1', 'deep'], { n: 1 })
      within.put(['a', '1'], { n: 0 })
      within.put(['ab'], { n: 3 })
      for (const each of odd) within.put(['odd', each], { each })
    })
    const check = (from: TestRecords): void => {
      assert.deepEqual(from.get(['a', '2']), { n: 2, text: '怎么赔' })
      assert.equal(from.get(['a']), undefined)
      assert.deepEqual(from.list(['a']), [
        [['1'], { n: 0 }],
        [['1', 'deep'], { n: 1 }],
        [['2'], { n: 2, text: '怎么赔' }],
      ])
      assert.deepEqual(
        from.list(['odd']).map(([[each], value]) => [each, value]),
        odd.toSorted().map(each => [each, { each }]),
      )
      for (const each of odd) assert.deepEqual(from.get(['odd', each]), { each })
    }
    check(records)
    const other = await another()
    await until(() => other.get(['ab']) !== undefined)
    check(other)
    await other.change(within => {
      within.remove(['a', '1'])
      within.remove(['none'])
    })
    assert.deepEqual(
      other.list(['a']).map(([names]) => names),
      [['1', 'deep'], ['2']],
    )
    await until(() => records.get(['a', '1']) === undefined)
    const later = await another()
    for (const prefix of [['a'], ['odd']]) assert.deepEqual(later.list(prefix), records.list(prefix))
  })

  on('[ROW1] a change reads what it has put itself; what it threw in is as if it had never been', async ({ records }) => {
    await records.change(within => within.put(['one', 'kept'], { n: 1 }))
    await assert.rejects(
      records.change(within => {
        within.put(['one', 'kept'], { n: 2 })
        within.put(['one', 'new'], { n: 2 })
        assert.deepEqual(within.get(['one', 'kept']), { n: 2 })
        assert.deepEqual(
          within.list(['one']).map(([names]) => names),
          [['kept'], ['new']],
        )
        within.remove(['one', 'kept'])
        assert.equal(within.get(['one', 'kept']), undefined)
        throw new Error('not so')
      }),
      /not so/,
    )
    assert.deepEqual(records.list(['one']), [[['kept'], { n: 1 }]])
    assert.equal(await records.change(within => count(within)), 0, 'a change may be none')
  })

  on('[ROW1] of two who change the same, one at a time is in it', async ({ records, another }) => {
    const both = [records, await another()]
    await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        both[i % 2]!.change(within => {
          const n = count(within) + 1
          within.put(['count'], { n })
          within.put(['line', String(n).padStart(3, '0')], { by: i })
          if (n > 10) within.remove(['line', String(n - 10).padStart(3, '0')])
        }),
      ),
    )
    for (const each of both) {
      await until(() => count(each) === 100)
      assert.deepEqual(
        each.list(['line']).map(([[n]]) => Number(n)),
        Array.from({ length: 10 }, (_, i) => 91 + i),
      )
    }
  })

  on('[ROW1] what a reader does with what it was given is nobody else’s', async ({ records }) => {
    const given = { list: [1] }
    await records.change(within => within.put(['a'], given))
    given.list.push(2)
    const read = records.get(['a']) as { list: number[] } // as it was put
    read.list.push(3)
    assert.deepEqual(records.get(['a']), { list: [1] })
  })

  on('[ROW1] as many rows as an installation has are changed in one go', async ({ records, another }) => {
    const rows = 2_500
    await records.change(within => {
      for (let i = 0; i < rows; i++) within.put(['many', String(i)], { i, text: 'x'.repeat(500) })
      within.put(['many'], { rows })
    })
    const other = await another()
    await until(() => other.get(['many']) !== undefined)
    assert.equal(other.list(['many']).length, rows + 1)
  })
}
