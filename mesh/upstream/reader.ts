// Reads from the sources: what was answered a moment ago, what is being fetched already, and else a call, with the ids of one tick in one batch.
// Nothing here is shared between two scopes: the scope is in the name of every answer, flight and batch.
import DataLoader from 'dataloader'
import { createKeptAnswers } from './kept-answers.ts'
import { type Scope, scopeName } from './scope.ts'
import { createSingleFlight } from './single-flight.ts'
import { isPassing, SourceError } from './source-error.ts'

export type Args = Readonly<Record<string, unknown>>

/** Something that a source can be asked, and that changes nothing. */
export interface Reading {
  readonly source: string
  /** Unique in the mesh: `orders.listOrders`. */
  readonly name: string
  /** What its answers are made of: when one of these is called out of date, so are they. */
  readonly types: readonly string[]
  /** Milliseconds that an answer counts as fresh; 0: only while it is being fetched. */
  readonly keepMs: number
  /** Milliseconds that it may stand in, marked as old, when the source gives none. */
  readonly staleMs: number
  /**
   * It takes several ids at once in the argument `by`; `key` is the field of each of its answers that says whose it is. `isMany`: what belongs to an
   * id is a list of them.
   */
  readonly batch?: { readonly by: string; readonly key: string; readonly most: number; readonly isMany?: boolean }
  /** Rejects with a SourceError. */
  call(args: Args, scope: Scope, signal: AbortSignal): Promise<unknown>
}

export interface Read {
  /** Shared with others: frozen. Of a batch, what belongs to the one id; null where there is nothing. */
  readonly value: unknown
  /** Age in milliseconds of an answer that stands in for one that did not come. */
  readonly staleMs?: number
}

export interface Reader {
  /** `args` of a batch have one id in `by`. At once where it is kept. Rejects with a SourceError, or with the signal's reason. */
  read(reading: Reading, args: Args, scope: Scope, signal?: AbortSignal): Read | Promise<Read>
  /** What was kept of a type, for all or for one customer, is asked for anew. */
  outdate(type: string, customer?: string): void
  /** Readings that were answered, by how: `kept`, `joined` somebody else's, or `fetched`; `calls` is what went to sources. */
  readonly counts: Readonly<Record<'kept' | 'joined' | 'fetched' | 'calls', number>>
}

export interface ReaderOptions {
  /** Answers that are kept; the least used go first. */
  readonly most?: number
  readonly now?: () => number
}

interface Wish {
  readonly id: unknown
  readonly signal: AbortSignal
}

export function createReader({ most = 20_000, now = performance.now.bind(performance) }: ReaderOptions = {}): Reader {
  const kept = createKeptAnswers<unknown>(most, now)
  const flights = createSingleFlight<unknown>()
  const batches = new Map<string, DataLoader<Wish, unknown>>()
  const counts = { kept: 0, joined: 0, fetched: 0, calls: 0 }

  const call = (reading: Reading, args: Args, scope: Scope, signal: AbortSignal): Promise<unknown> => {
    counts.calls++
    return reading.call(args, scope, signal)
  }

  const inBatch = (reading: Reading, batch: NonNullable<Reading['batch']>, args: Args, scope: Scope, signal: AbortSignal) => {
    const { [batch.by]: id, ...others } = args
    const name = `${reading.name} ${scopeName(scope)} ${nameOf(others)}`
    let loader = batches.get(name)
    if (!loader) {
      const fetchAll = async (wishes: readonly Wish[]): Promise<unknown[]> => {
        batches.delete(name)
        const ids = [...new Set(wishes.map(wish => wish.id))]
        const answer = await call(reading, { ...others, [batch.by]: ids }, scope, whenAllLeft(wishes))
        if (!Array.isArray(answer)) throw new SourceError('SOURCE_CHANGED', reading.source, { reason: 'not a list' })
        const idOf = (each: unknown): string | undefined => (isObject(each) ? String(each[batch.key]) : undefined)
        if (batch.isMany) {
          const listById = Map.groupBy(answer, idOf)
          return wishes.map(wish => listById.get(String(wish.id)) ?? [])
        }
        const byId = new Map(answer.map(each => [idOf(each), each]))
        return wishes.map(wish => byId.get(String(wish.id)) ?? null)
      }
      // At the end of the tick, not of the callback: what many answers lead to, which came in one tick, is one batch.
      loader = new DataLoader(fetchAll, { cache: false, maxBatchSize: batch.most, batchScheduleFn: setImmediate })
      batches.set(name, loader)
    }
    return loader.load({ id, signal })
  }

  return {
    read(reading, args, scope, signal) {
      if (scope.sources && !scope.sources.includes(reading.source))
        return Promise.reject(new SourceError('SOURCE_NOT_GRANTED', reading.source))
      const name = `${reading.name} ${scopeName(scope)} ${nameOf(args)}`
      const key = `${kept.version(reading.types, scope.customer)} ${name}`
      const before = reading.keepMs > 0 || reading.staleMs > 0 ? kept.get(key) : undefined
      if (before && before.ageMs < reading.keepMs) {
        counts.kept++
        return { value: before.value }
      }
      let isFirst = false
      const fetched = flights.run(
        key,
        async flight => {
          isFirst = true
          const answer = await (reading.batch ? inBatch(reading, reading.batch, args, scope, flight) : call(reading, args, scope, flight))
          const value = deepFreeze(answer)
          if (reading.keepMs > 0 || reading.staleMs > 0) kept.set(key, value)
          return value
        },
        signal,
      )
      counts[isFirst ? 'fetched' : 'joined']++
      return fetched.then(
        value => ({ value }),
        error => {
          if (before && before.ageMs < reading.staleMs && error instanceof SourceError && isPassing(error))
            return { value: before.value, staleMs: Math.round(before.ageMs) }
          throw error
        },
      )
    },
    outdate: (type, customer) => kept.outdate(type, customer),
    counts,
  }
}

/** The same for the same arguments, in whatever order they stand. */
function nameOf(args: Args): string {
  const names = Object.keys(args)
  if (names.length > 1) names.sort()
  let text = ''
  for (const name of names) if (args[name] !== undefined) text += `${JSON.stringify(name)}:${JSON.stringify(args[name])},`
  return text
}

function whenAllLeft(wishes: readonly Wish[]): AbortSignal {
  const controller = new AbortController()
  let staying = wishes.length
  for (const { signal } of wishes) {
    const leave = (): void => {
      if (--staying === 0) controller.abort(signal.reason)
    }
    if (signal.aborted) leave()
    else signal.addEventListener('abort', leave, { once: true })
  }
  return controller.signal
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const each of Object.values(value)) deepFreeze(each)
  return Object.freeze(value)
}
