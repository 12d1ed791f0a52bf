// What runs inside an isolate before and around the plugin's code. Each function is sent over as its own source text, so it may use
// nothing but its arguments and the globals of a bare isolate; nothing of the host is ever handed in.
import type { Given, Guard } from './grants.ts'

/** Taken from a fresh isolate, before hardenGlobals and before any code of the plugin: what it has put in their places since is not used. */
export interface Pristine {
  readonly parse: (text: string) => unknown
  readonly stringify: (value: unknown) => string
  /** Milliseconds; for the runner alone. */
  readonly now: () => number
}

export const PRISTINE = '{ parse: JSON.parse, stringify: JSON.stringify, now: Date.now }'

/**
 * Takes away what a plugin must not have and freezes the rest. A plugin's answer depends on the turn alone, so that a decision can be
 * replayed: no view of the garbage collector, no threads; clock and randomness are the guard's (grants.ts), which comes before. What a bare
 * isolate lacks need not be taken away.
 */
export function hardenGlobals(): void {
  const root = globalThis as unknown as Record<string, unknown> // the globals are edited by name here
  for (const name of ['WebAssembly', 'Atomics', 'WeakRef', 'FinalizationRegistry', 'Temporal']) delete root[name]

  // In strict code nothing can be assigned over an inherited read-only value, so freezing alone would break `error.name = …` and
  // `toString` methods of honest plugins: these inherited values become accessors that define the value on the object itself.
  const assignable = (prototype: object): void => {
    for (const [name, { value, configurable }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      if (value === undefined || !configurable) continue
      Object.defineProperty(prototype, name, {
        get: () => value,
        set(this: object, own: unknown) {
          if (this === prototype) throw new TypeError(`${name} of a built-in prototype is read-only`)
          Object.defineProperty(this, name, { value: own, writable: true, enumerable: true, configurable: true })
        },
        configurable: false,
      })
    }
  }
  const errors = [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError, AggregateError]
  for (const { prototype } of [Object, ...errors]) assignable(prototype)

  const frozen = new Set<unknown>()
  // What is no constructor has a length and a name and nothing else of its own. To list that of seven hundred methods takes each isolate 0.3 MB.
  const isMethod = (value: object): boolean =>
    typeof value === 'function' && !('prototype' in value) && value !== Proxy && value !== Function.prototype
  const freeze = (value: unknown): void => {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || frozen.has(value)) return
    if (isMethod(value)) return void Object.freeze(value)
    frozen.add(value)
    for (const key of Reflect.ownKeys(value)) {
      const descriptor = Reflect.getOwnPropertyDescriptor(value, key)
      freeze(descriptor?.value)
      freeze(descriptor?.get)
      freeze(descriptor?.set)
    }
    freeze(Reflect.getPrototypeOf(value))
    Object.freeze(value)
  }
  // What was matched last would be the words of the turn before.
  const { RegExp: Expression } = globalThis as unknown as Record<string, object> // its keys are edited by name
  for (const name of ['input', '$_', 'lastMatch', '$&', 'lastParen', '$+', 'leftContext', '$`', 'rightContext', "$'"])
    Reflect.deleteProperty(Expression!, name)
  for (let at = 1; at <= 9; at++) Reflect.deleteProperty(Expression!, `$${at}`)
  freeze(globalThis)
  // Prototypes that no global leads to.
  const segments = new Intl.Segmenter().segment('')
  freeze(segments)
  freeze(segments[Symbol.iterator]())
  const { Iterator: Iterating } = globalThis as unknown as { Iterator: { from(each: object): { map(by: unknown): unknown } } } // newer than our lib
  const wrapped = Iterating.from({ next: () => ({ done: true }) })
  freeze(wrapped)
  freeze(wrapped.map(String))
  freeze([][Symbol.iterator]())
  freeze(''[Symbol.iterator]())
  freeze(new Map()[Symbol.iterator]())
  freeze(new Set()[Symbol.iterator]())
  freeze(''.matchAll(/x/g))
  freeze(function* () {})
  freeze(Reflect.getPrototypeOf(async () => {})) // which looks like a method itself
  freeze(async function* () {})
}

/** What a bundle exports. */
export interface Exports {
  readonly default: Readonly<Record<'onTurn' | 'onAction' | 'undo', (asked: unknown, tools: object) => unknown>> & {
    readonly onStart?: (tools: object) => unknown
  }
}

/**
 * Makes what the host calls around a TypeScript plugin: once `start`, then `answer`. Each answer is of a bundle that was run for it: with the
 * built-ins and the global frozen, its variables have nothing of another turn. `settings` are plain data, two levels deep.
 */
export function makeAnswerer(
  { stringify }: Pristine,
  bundle: () => Exports,
  settings: object,
  guard: Guard,
): { readonly start: () => void; readonly answer: (turn: unknown, given: Given) => string } {
  const first = bundle().default
  for (const value of Object.values(settings)) Object.freeze(value)
  const own: { settings: object; prepared?: unknown } = { settings: Object.freeze(settings) }
  const isPromise = (said: unknown): boolean => typeof (said as { readonly then?: unknown } | null | undefined)?.then === 'function'
  /** Lists and plain objects all the way down. What is of a class keeps its own state: a frozen expression could not be used. */
  const freeze = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
    const kind: unknown = Object.getPrototypeOf(value)
    if (!Array.isArray(value) && kind !== Object.prototype && kind !== null) return value
    Object.freeze(value)
    for (const part of Object.values(value)) freeze(part)
    return value
  }
  const start = (): void => {
    if (first.onStart === undefined) return
    const prepared = first.onStart(Object.freeze({ settings: own.settings }))
    if (isPromise(prepared)) throw new Error('onStart returned a promise; it must prepare at once')
    own.prepared = freeze(prepared)
  }
  const textOf = (said: unknown, hook: string): string => {
    if (said === null || said === undefined) return 'null'
    if (isPromise(said)) throw new Error(`${hook} returned a promise; it must answer at once`)
    const json = stringify(said)
    if (typeof json !== 'string')
      throw new Error(
        `${hook} returned a ${typeof said}; it must return ${hook === 'onTurn' ? 'votes or abstain' : 'mutate(…) or refuse(…)'}`,
      )
    return json
  }
  const answer = (turn: unknown, given: Given): string => {
    const { hook = 'onTurn' } = given
    const run = bundle().default[hook]
    guard.begin(given)
    try {
      const text = textOf(run(turn, guard.toolsWith(own)), hook)
      return guard.asks() ?? text
    } catch (error) {
      const asks = guard.asks()
      if (asks === undefined) throw error
      return asks
    } finally {
      guard.end()
    }
  }
  return { start, answer }
}

/** What went wrong, with up to three places of the bundle where it did: `(at plugin.js:1:204, plugin.js:1:87)`. */
export function describeFailure(error: unknown): string {
  try {
    const said = String(error).slice(0, 300)
    const { stack } = Object(error) as { readonly stack?: unknown } // any object may have one
    const places = typeof stack === 'string' ? stack.slice(0, 10_000).match(/plugin\.js:\d+:\d+/g) : null
    return places ? `${said} (at ${places.slice(0, 3).join(', ')})` : said
  } catch {
    return 'threw something that cannot be described'
  }
}

/**
 * Makes the two functions that the host calls. `run` puts a list of questions to the plugin and gives what became of each, or of the first
 * few: it begins none when `batchMs` are over, so that one which takes its time does not use up the time of those behind it. The plugin's
 * answer is turned into text within this timed call, since a getter or a toJSON is the plugin's code too. If the call is cut short,
 * `collect` tells how far it came: the question begun last is the one that ran into the limit.
 */
export function makeRunner(
  { parse, stringify, now }: Pristine,
  answer: (turn: unknown, given: Given) => string,
  describe: (error: unknown) => string,
  limit: number,
  batchMs: number,
): { readonly run: (questions: string) => string; readonly collect: () => string } {
  const outcomeOf = ([turn, given = {}]: readonly [turn: unknown, given?: Given]): object => {
    try {
      const json = answer(turn, given)
      return json.length > limit ? { type: 'failed', reason: `the answer has more than ${limit} characters` } : { type: 'returned', json }
    } catch (error) {
      return { type: 'failed', reason: describe(error) }
    }
  }
  let outcomes: object[] = []
  let begun = 0
  // Escaped, a character may become six; more than that is no work of ours.
  const bounded = (text: string): string => (text.length > 6 * limit * (outcomes.length + 1) ? 'null' : text)
  return {
    run(questions) {
      outcomes = []
      begun = 0
      const started = now()
      for (const asked of parse(questions) as readonly (readonly [turn: unknown, given?: Given])[]) {
        if (begun > 0 && now() - started >= batchMs) break
        begun++
        outcomes[outcomes.length] = outcomeOf(asked)
      }
      return bounded(stringify(outcomes))
    },
    collect: () => bounded(stringify({ begun, outcomes })),
  }
}
