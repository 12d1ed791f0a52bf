// A SQLite file as a source: some processes that read it, started when they are needed and ended when they are not, or when a deadline passes.
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { SourceError } from '../../../upstream/source-error.ts'
import { type Database, type Looked, tooMuch } from '../database.ts'
import type { DescribedColumn, DescribedQuery } from '../described-file.ts'
import type { DeclaredQuery, QueryParameter } from '../query-file.ts'
import type { FromReader, ReaderSettings, ToReader } from './messages.ts'

export interface SqliteOptions {
  readonly source: string
  readonly file: string
  /** Questions at once. */
  readonly atOnce: number
}

const PROGRAM = fileURLToPath(new URL('./reader-process.ts', import.meta.url))
const IDLE_MS = 60_000
/** So long a question waits for somebody who writes. */
const LOCK_WAIT_MS = 250
/** More would wait for the same disk. */
const MOST_READERS = 4

interface Place {
  readonly child: ChildProcess
  idle?: NodeJS.Timeout
}

interface Job {
  readonly message: ToReader
  readonly signal: AbortSignal
  readonly resolve: (answer: FromReader) => void
  readonly reject: (error: unknown) => void
}

/** Asks nothing yet. */
export function openSqlite({ source, file, atOnce }: SqliteOptions): Database {
  const most = Math.min(atOnce, MOST_READERS)
  const free: Place[] = []
  const all = new Set<Place>()
  const waiting: Job[] = []
  let isClosed = false

  const start = (): void => {
    const settings: ReaderSettings = { file, lockMs: LOCK_WAIT_MS }
    // Nothing of our environment: there are credentials in it.
    const child = fork(PROGRAM, [JSON.stringify(settings)], { env: {}, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    const place: Place = { child }
    all.add(place)
    child.on('error', () => {}) // its exit tells
    child.once('message', () => putBack(place))
    child.once('exit', () => {
      clearTimeout(place.idle)
      all.delete(place)
      const at = free.indexOf(place)
      if (at >= 0) free.splice(at, 1)
      next()
    })
  }
  /** It is ready for a question. One that was started for somebody whose deadline has passed meanwhile is there for the next. */
  const putBack = (place: Place): void => {
    const { child } = place
    if (isClosed) return void child.kill('SIGKILL')
    place.idle = setTimeout(() => child.kill('SIGKILL'), IDLE_MS)
    place.idle.unref()
    child.unref()
    child.channel?.unref()
    free.push(place)
    next()
  }
  const next = (): void => {
    while (waiting.length > 0 && free.length > 0) run(free.pop()!, waiting.shift()!) // there is one of each
    const starting = all.size - atWork - free.length
    if (waiting.length > starting && all.size < most && !isClosed) start()
  }

  let atWork = 0
  const run = (place: Place, { message, signal, resolve, reject }: Job): void => {
    const { child } = place
    clearTimeout(place.idle)
    child.ref()
    child.channel?.ref()
    atWork++
    const done = (): void => {
      atWork--
      child.off('message', answered)
      child.off('exit', broken)
      signal.removeEventListener('abort', end)
    }
    const answered = (answer: FromReader): void => {
      done()
      resolve(answer)
      putBack(place)
    }
    const broken = (): void => {
      done()
      reject(new SourceError('SOURCE_BROKEN', source))
    }
    const end = (): void => {
      done()
      reject(signal.reason)
      all.delete(place) // another may start at once
      child.kill('SIGKILL')
      next()
    }
    child.on('message', answered)
    child.once('exit', broken)
    signal.addEventListener('abort', end, { once: true })
    child.send(message, error => {
      if (error) child.kill('SIGKILL')
    })
  }

  const ask = async (message: ToReader, query: string, signal: AbortSignal): Promise<FromReader> => {
    signal.throwIfAborted()
    const answer = await new Promise<FromReader>((resolve, reject) => {
      const job: Job = { message, signal, resolve, reject }
      waiting.push(job)
      signal.addEventListener(
        'abort',
        () => {
          const at = waiting.indexOf(job)
          if (at >= 0) waiting.splice(at, 1)
          reject(signal.reason)
        },
        { once: true },
      )
      next()
    })
    if (answer.type === 'too-much') throw tooMuch(source, answer.of)
    if (answer.type === 'failed') throw sourceErrorOf(answer, source, query)
    return answer
  }

  const lookAt = async (query: DeclaredQuery, signal: AbortSignal): Promise<DescribedQuery> => {
    const untyped = query.parameters.find(({ value }) => value === undefined)
    if (untyped) throw new Error(`say what :${untyped.name} is: -- @param {string} ${untyped.name} - …`)
    const answer = await ask({ type: 'look', text: query.text }, query.name, signal).catch(error => {
      throw signal.aborted || !(error instanceof SourceError) || error.cause === undefined ? error : error.cause
    })
    if (answer.type !== 'columns') throw new Error('it gives nothing')
    return {
      text: query.hash,
      parameters: Object.fromEntries(
        query.parameters.map(({ name, value = 'string', values: only, isList }) => [
          name,
          { type: value, as: value, ...(isList && { list: true as const }), ...(only && { values: [...only] }) },
        ]),
      ),
      columns: answer.columns.map(({ as, ...column }): DescribedColumn => {
        const { value: said = as, values: only } = query.columns.get(column.name) ?? {}
        if (said === undefined) throw new Error(`say what ${column.name} is: -- @column {integer} ${column.name}`)
        return { ...column, as: said, ...(only && { values: [...only] }) }
      }),
    }
  }

  return {
    async read({ query, described }, values, limits, signal) {
      const given = Object.fromEntries(query.parameters.map((each, i) => [each.name, valueFor(each, values[i])]))
      const as = described.columns.map(column => column.as)
      const answer = await ask({ type: 'read', text: query.text, values: given, as, most: limits }, query.name, signal)
      if (answer.type !== 'rows') throw new SourceError('SOURCE_BROKEN', source)
      return answer.rows
    },
    async look(queries, signal): Promise<Looked> {
      const described = new Map<string, DescribedQuery>()
      const problems = new Map<string, string>()
      for (const query of queries)
        try {
          described.set(query.name, await lookAt(query, signal))
        } catch (error) {
          if (signal.aborted || (error instanceof SourceError && error.code !== 'SOURCE_CHANGED')) throw error
          problems.set(query.name, error instanceof Error ? error.message : String(error))
        }
      return { described, problems, warnings: [] }
    },
    async tables(signal) {
      const answer = await ask({ type: 'tables' }, '', signal)
      return answer.type === 'tables' ? answer.tables : []
    },
    close() {
      isClosed = true
      for (const { child } of all) child.kill('SIGKILL')
    },
  }
}

/** As SQLite takes it: a list and an object as JSON, for json_each. */
function valueFor({ isList, value: as }: QueryParameter, value: unknown): string | number | null {
  if (value === null || value === undefined) return null
  if (isList || as === 'json') return JSON.stringify(value)
  if (typeof value === 'boolean') return value ? 1 : 0
  const isNumber = as === 'integer' || as === 'int64' || as === 'number'
  return isNumber && String(value).trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : String(value)
}

/** By SQLite's codes; those above 255 are kinds of the lower ones. */
function sourceErrorOf({ code, words }: { readonly code: number; readonly words: string }, source: string, query: string): SourceError {
  const because = (trouble: ConstructorParameters<typeof SourceError>[0], reason?: string): SourceError =>
    new SourceError(trouble, source, reason === undefined ? {} : { reason }, { cause: new Error(words) })
  switch (code & 0xff) {
    case 1: // no such table or column, or no statement at all
    case 17:
      return because('SOURCE_CHANGED', query)
    case 8:
    case 23:
      return because('SOURCE_REFUSED', 'read-only')
    case 5:
    case 6:
      return because('SOURCE_BUSY')
    case 3:
      return because('SOURCE_LOCKED')
    case 14:
      return because('SOURCE_DOWN')
    case 18:
    case 20:
    case 25:
      return because('SOURCE_REFUSED', 'bad-value')
    default:
      return because('SOURCE_BROKEN')
  }
}
