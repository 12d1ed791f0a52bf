// Looks a database over for a file of queries: what they give, as it is written beside the file; what is wrong; and what has changed since it was written.
import { readFileSync } from 'node:fs'
import type { Means } from '../kind.ts'
import type { Table } from './database.ts'
import { changesOf, describedFile, readDescribed, writeDescribed } from './described-file.ts'
import { readQueries } from './query-file.ts'
import { sqlCatalogue } from './sql-catalogue.ts'
import { openDatabase, type SqlSettings } from './sql-source.ts'
import type { Dialect } from './sql-text.ts'

export interface Look {
  /** What is to be written beside the file of queries. */
  readonly text: string
  /** What keeps queries from being used, each with its name. */
  readonly wrong: readonly string[]
  /** What is otherwise than it is written there. */
  readonly changed: readonly string[]
  readonly warnings: readonly string[]
}

/** `queries`: the text of the file. Throws an Error that says what is wrong with it or the settings; rejects with a SourceError. */
export async function describeQueries(
  name: string,
  settings: SqlSettings,
  queries: string,
  means: Means,
  signal: AbortSignal,
): Promise<Look> {
  const { database, dialect } = await openDatabase(name, settings, means)
  try {
    const declared = readQueries(queries, dialect)
    const { described, problems, warnings } = await database.look(declared, signal)
    const good = Object.fromEntries(described)
    const wrong = [...problems].map(([query, problem]) => `${query}: ${problem}`)
    const text = writeDescribed(settings.sql, dialect, good)
    if (wrong.length === 0) sqlCatalogue(declared, readDescribed(describedFile(settings.sql), text)) // what the queries say of each other
    return { text, wrong, changed: changesSince(settings, means, good), warnings }
  } finally {
    database.close()
  }
}

function changesSince({ sql }: SqlSettings, { besides }: Means, now: Parameters<typeof writeDescribed>[2]): readonly string[] {
  let text: string
  try {
    text = readFileSync(besides(describedFile(sql)), 'utf8')
  } catch {
    return [] // there is none yet
  }
  const { queries: before } = readDescribed(describedFile(sql), text)
  return Object.entries(now).flatMap(([query, is]) => {
    const was = before[query]
    // What a person has written otherwise is no change of the database's.
    return was?.text === is.text ? changesOf(query, was, is) : []
  })
}

/** Throws and rejects as `describeQueries`. */
export async function tablesOf(
  name: string,
  settings: SqlSettings,
  means: Means,
  signal: AbortSignal,
): Promise<{ readonly tables: readonly Table[]; readonly dialect: Dialect }> {
  const { database, dialect } = await openDatabase(name, settings, means)
  try {
    return { tables: await database.tables(signal), dialect }
  } finally {
    database.close()
  }
}
