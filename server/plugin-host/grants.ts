// Grants, enforced in this one place on both sides of the wall. The engine hands into a call what the manifest's grants give and nothing else;
// inside the isolate whatever would need a grant stands in the guard's hands from before the plugin's first line on, and without the grant it
// throws with the grant's name. What is granted is made of the turn, so that a recorded turn replays exactly.
import { createHash } from 'node:crypto'
import type { Moment } from '@parley/core/ports/voters.ts'
import type { Grant } from '@parley/plugin-sdk/grants.ts'
import type { Answers } from './look-ups.ts'

/** What a plugin is given for one turn, beside the question. */
export interface Given {
  /** Which hook is asked; `onTurn` unless given. */
  readonly hook?: 'onAction' | 'undo'
  /** `clock`: milliseconds since 1970. */
  readonly now?: number
  /** `randomness`: four whole numbers below 2^32. */
  readonly seed?: readonly number[]
  /** `memory`: an object as JSON. */
  readonly memory?: string
  /** `facts`: what it has looked up so far. */
  readonly answers?: Answers
}

const MEMORY_BYTES = 4_096

/** As JSON; undefined where the plugin has no grant that gives anything. */
export function givenFor(
  plugin: string,
  grants: readonly Grant[],
  { at, turn, memory }: Moment,
  answers: Answers = {},
): string | undefined {
  if (grants.length === 0) return undefined
  return JSON.stringify({
    ...(grants.includes('clock') && { now: at }),
    ...(grants.includes('randomness') && { seed: seedOf(`${turn}/${plugin}`) }),
    ...(grants.includes('memory') && { memory: memory[`plugin:${plugin}`] ?? '{}' }),
    ...(grants.includes('facts') && { answers }),
  } satisfies Given)
}

/** For `onAction` and `undo`: no clock and no facts, which would be others when it is asked again after a crash. */
export const givenForEffect = (plugin: string, grants: readonly Grant[], hook: NonNullable<Given['hook']>, key: string): string =>
  JSON.stringify({ hook, ...(grants.includes('randomness') && { seed: seedOf(`${key}/${plugin}`) }) } satisfies Given)

/** Why a plugin with these grants may not have this remembered; undefined where it may. `memory` is what a stranger said. */
export function whyNotRemember(grants: readonly Grant[], memory: unknown): string | undefined {
  if (!grants.includes('memory')) return 'remembering needs the grant "memory", which this plugin does not have'
  if (typeof memory !== 'string') return 'memory: it is made by remember()'
  const bytes = Buffer.byteLength(memory)
  if (bytes > MEMORY_BYTES) return `memory: it has ${bytes} bytes as JSON, more than ${MEMORY_BYTES}`
  return isObject(memory) ? undefined : 'memory: it must be a plain object'
}

function isObject(json: string): boolean {
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

/** Hashed, so that no plugin learns the conversation's id or foresees what another draws. */
function seedOf(name: string): readonly number[] {
  const hash = createHash('sha256').update(name).digest()
  return [0, 4, 8, 12].map(at => hash.readUInt32LE(at))
}

/** How a runner inside the isolate lets the plugin have what it is given, for the length of a call. */
export interface Guard {
  begin(given: Given): void
  end(): void
  /** What the call ends with in place of an answer: a fact is wanted that it was not given. */
  asks(): string | undefined
  /** What `own` has, and a tool for each grant under its name; what is not granted throws. Asked for within a call. */
  toolsWith(own: object): object
}

/** Runs inside the isolate of a TypeScript plugin, before its globals are frozen: takes the clock and the dice away and gives the turn's. */
export function guardGlobals(grants: readonly string[], createRow: typeof createRandomRow): Guard {
  let now: number | undefined
  let draw: (() => number) | undefined
  const { parse, stringify } = JSON
  let memory = '{}'
  let answers: Answers | undefined
  let wanted: string | undefined
  const require = (what: string, grant: string): void => {
    if (!grants.includes(grant)) throw new Error(`${what} needs the grant "${grant}", which this plugin does not have`)
  }
  const readClock = (): number => {
    require('reading the clock (Date.now, new Date without arguments)', 'clock')
    if (now === undefined) throw new Error('the clock shows the time of a turn, and there is none now: read it in onTurn')
    return now
  }
  const drawRandom = (): number => {
    require('Math.random', 'randomness')
    if (draw === undefined) throw new Error('random numbers are made of a turn, and there is none now: draw them in onTurn')
    return draw() / 2 ** 32
  }

  const query = (name: unknown, variables: unknown = {}): unknown => {
    require('a query', 'facts')
    if (answers === undefined) throw new Error('facts are of a turn, and there is none now: look them up in onTurn')
    const asked = stringify([name, variables])
    if (asked in answers) return answers[asked]
    wanted ??= asked
    throw new Error('the answer is not there yet: onTurn is begun again when it is')
  }

  const freeze = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value
    for (const part of Object.values(value)) freeze(part)
    return Object.freeze(value)
  }

  const RealDate = Date
  // A function, since it stands for one: both Date() and new Date(0) are called upon.
  function TurnDate(...args: []): Date | string {
    if (new.target === undefined) return new RealDate(readClock()).toString()
    const given = args.length === 0 ? [readClock()] : args
    return Reflect.construct(RealDate, given, new.target as unknown as new () => Date) // TypeScript sees no constructor in a function
  }
  const statics = { prototype: RealDate.prototype, now: readClock, parse: RealDate.parse, UTC: RealDate.UTC }
  for (const [name, value] of Object.entries(statics)) Object.defineProperty(TurnDate, name, { value })
  Object.defineProperty(RealDate.prototype, 'constructor', { value: TurnDate })
  const root = globalThis as unknown as Record<string, unknown> // the globals are edited by name here
  root.Date = TurnDate
  Math.random = drawRandom
  delete (Intl as unknown as Record<string, unknown>).DateTimeFormat // formats the present when it is given no date

  const clock = Object.freeze({ now: readClock })
  const randomness = Object.freeze({ next: drawRandom })
  const facts = Object.freeze({ query })
  const tools: Readonly<Record<string, () => unknown>> = {
    clock: () => clock,
    randomness: () => randomness,
    facts: () => facts,
    memory: () => freeze(parse(memory)),
  }
  const denied = {}
  for (const grant of Object.keys(tools)) Object.defineProperty(denied, grant, { get: () => require(`tools.${grant}`, grant) })
  Object.freeze(denied)
  return {
    begin(given) {
      now = given.now
      draw = given.seed && createRow(given.seed)
      memory = given.memory ?? '{}'
      answers = given.answers
      wanted = undefined
    },
    end() {
      now = undefined
      draw = undefined
      answers = undefined
    },
    asks: () => (wanted === undefined ? undefined : stringify({ asks: wanted })),
    toolsWith(own) {
      const all = Object.create(denied)
      const granted = grants.flatMap(grant => (tools[grant] ? [{ [grant]: tools[grant]() }] : [])) // `effects` has no tool
      for (const part of [own, ...granted])
        for (const [name, value] of Object.entries(part)) Object.defineProperty(all, name, { value, enumerable: true })
      return Object.freeze(all)
    },
  }
}

/** Runs inside isolates: whole numbers below 2^32 in a row that a seed of four makes (sfc32, whose first twelve are thrown away). */
export function createRandomRow(seed: readonly number[]): () => number {
  let [a = 0, b = 0, c = 0, counter = 0] = seed
  const next = (): number => {
    const drawn = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + drawn
    return drawn >>> 0
  }
  for (let i = 0; i < 12; i++) next()
  return next
}

/**
 * The same around a Python plugin. Python's own clock and entropy are the isolate's, which are the turn's where they are granted and constant
 * otherwise (python-prelude.ts): nothing can be reached past these functions. They say what is missing in the places that an author would use.
 * Gives the functions that begin and end a turn, and the one that makes what it remembers of what was given.
 */
export const GUARD_PYTHON = `
def _guard(grants):
    import datetime, json, os, random, secrets, time, types, uuid
    turn = False
    def require(what, grant):
        if grant not in grants:
            raise PermissionError(f'{what} needs the grant "{grant}", which this plugin does not have')
        if not turn:
            raise RuntimeError(f'{what} is of a turn, and there is none now: use it in on_turn')
    def guard(module, grant, names, given_at=None):
        """Those with given_at read nothing when their argument of that place is given: time.gmtime(0)."""
        for name in names:
            if hasattr(module, name):
                setattr(module, name, guarded(f'{module.__name__}.{name}', grant, getattr(module, name), given_at))
    def guarded(what, grant, native, given_at):
        def call(*args, **kwargs):
            if given_at is None or len(args) <= given_at or args[given_at] is None:
                require(what, grant)
            return native(*args, **kwargs)
        return call
    def sleep(*args):
        raise PermissionError('time.sleep: a plugin cannot wait')
    time.sleep = sleep
    guard(time, 'clock', ('time', 'time_ns', 'monotonic', 'monotonic_ns', 'perf_counter', 'perf_counter_ns', 'process_time', 'process_time_ns', 'thread_time', 'thread_time_ns', 'clock_gettime', 'clock_gettime_ns'))
    guard(time, 'clock', ('localtime', 'gmtime', 'ctime', 'asctime'), given_at=0)
    guard(time, 'clock', ('strftime',), given_at=1)
    guard(uuid, 'clock', ('uuid1', 'uuid6', 'uuid7'))
    class Stands(type):
        """So that what the originals make is an instance of these too."""
        def __instancecheck__(cls, instance):
            return type.__instancecheck__(cls, instance) or (cls in (DateTime, Date) and isinstance(instance, cls.__mro__[1]))
    class DateTime(datetime.datetime, metaclass=Stands):
        @classmethod
        def now(cls, tz=None):
            require('the present (datetime.now)', 'clock')
            return super().now(tz)
        @classmethod
        def utcnow(cls):
            return cls.now(datetime.timezone.utc).replace(tzinfo=None)
        @classmethod
        def today(cls):
            return cls.now()
    class Date(datetime.date, metaclass=Stands):
        @classmethod
        def today(cls):
            require('the present (date.today)', 'clock')
            return super().today()
    for own, name in ((DateTime, 'datetime'), (Date, 'date')):
        own.__name__ = own.__qualname__ = name
        own.__module__ = 'datetime'
        setattr(datetime, name, own)
    native_seed = random.Random.seed
    def seed(self, a=None, version=2):
        if a is None:
            require('random.Random without a seed', 'randomness')
        native_seed(self, a, version)
    random.Random.seed = seed
    seed_for_turn = random.seed
    guard(random, 'randomness', ('random', 'randint', 'randrange', 'choice', 'choices', 'sample', 'shuffle', 'uniform', 'triangular', 'betavariate', 'binomialvariate', 'expovariate', 'gammavariate', 'gauss', 'lognormvariate', 'normalvariate', 'vonmisesvariate', 'paretovariate', 'weibullvariate', 'seed', 'getstate', 'setstate', 'getrandbits', 'randbytes', '_urandom'))
    guard(secrets, 'randomness', ('token_bytes', 'token_hex', 'token_urlsafe', 'randbelow', 'randbits', 'choice'))
    guard(os, 'randomness', ('urandom', 'getrandom'))
    guard(uuid, 'randomness', ('uuid4',))
    class NoMemory:
        def _denied(self, *args):
            require('turn.memory', 'memory')
        __getattr__ = __getitem__ = __contains__ = __iter__ = __len__ = __bool__ = _denied
    no_memory = NoMemory()
    def memory_of(given):
        return types.MappingProxyType(json.loads(given)) if 'memory' in grants else no_memory
    def begin(seed):
        nonlocal turn
        turn = True
        if seed is not None:
            seed_for_turn(seed)
    def end():
        nonlocal turn
        turn = False
    return begin, end, memory_of
`
