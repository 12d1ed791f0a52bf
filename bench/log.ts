// Durable appends a second of the embedded log, beside SQLite (WAL, synchronous=FULL), Redis (appendfsync always) and lmdb-js by itself, which do
// the same in the same run, and beside itself in 4 and in 16 shards, as ratios. They take turns, so that a disk that is slow for a while is slow
// for all; the medians of the rounds are told, and the range of each ratio. Prints JSON.
//   npm run bench:log
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Figures, hundredths, measure, median, medians } from './append-figures.ts'
import { type Appender, BODY, openLog, openRawLmdb, openRedis, openSqlite, type Skipped } from './appenders.ts'
import { machine } from './machine.ts'

const SECONDS = 0.7
const ROUNDS = 5
const WRITERS = [1, 16, 64, 256]
/** Appends that SQLite takes into one transaction where it is helped: as many as our own log does. */
const BATCH = 512

const isOpen = (store: Appender | Skipped): store is Appender => !('skipped' in store)

const folder = mkdtempSync(join(tmpdir(), 'parley-bench-'))
const log = await openLog(folder)
const all = [
  await openSqlite(folder, 'sqlite', 1),
  await openSqlite(folder, 'sqliteBatched', BATCH),
  await openRedis(folder),
  await openRawLmdb(folder),
  await openLog(folder, 'logIn4', 4),
  await openLog(folder, 'logIn16', 16),
]
const others = all.filter(isOpen)
const rows = []
try {
  for (const writers of WRITERS) {
    const ours: Figures[] = []
    const theirs = new Map<string, Figures[]>(others.map(({ store }) => [store, []]))
    for (let round = 0; round < ROUNDS; round++) {
      ours.push(await measure(log.append, { writers, round, seconds: SECONDS }))
      for (const other of others) theirs.get(other.store)?.push(await measure(other.append, { writers, round, seconds: SECONDS }))
    }
    const beside = [...theirs].map(([store, rounds]) => {
      const ratios = rounds.map((r, i) => hundredths(ours[i]!.perSecond / r.perSecond)).sort((a, b) => a - b) // a round has both
      return [store, { ...medians(rounds), logToThis: { median: median(ratios), least: ratios[0], greatest: ratios.at(-1) } }]
    })
    rows.push({ writers, log: medians(ours), ...Object.fromEntries(beside) })
  }
} finally {
  for (const store of [log, ...others]) await store.close()
  rmSync(folder, { recursive: true })
}
const skipped = all.flatMap(store => (isOpen(store) ? [] : [store]))
const settings = { bodyBytes: BODY.length, secondsEach: SECONDS, rounds: ROUNDS, folder: tmpdir() }
console.log(JSON.stringify({ bench: 'log', ...machine(), ...settings, rows, skipped }, null, 1))
