// Looks for a way out of the sandbox. What it finds is the evidence of its vote.
import { GLOBAL, VARIABLE } from '../canaries.ts'
import { fails, finds, type HostileCase, type Kind, silent, stopped } from '../hostile-case.ts'

/** An expression, and what it must give. */
const gives = (id: string, tries: string, expression: string, evidence: string): HostileCase =>
  finds(evidence)(
    id,
    tries,
    `const turn: any = arguments[0], tools: any = arguments[1]; return vote("COMPENSATE", 0.5, { evidence: "" + (${expression}) })`,
  )

/** Code that gives the host's `process` wherever there is one, as the text of a function's body. */
const LOOK = '"return typeof process + typeof require + typeof fetch"'
const NOTHING = 'undefinedundefinedundefined'
const NAMES = [
  'process',
  'require',
  'module',
  'global',
  'Buffer',
  'fetch',
  'WebSocket',
  'XMLHttpRequest',
  'EventSource',
  'Worker',
  'setTimeout',
]
const MORE_NAMES = [
  'setImmediate',
  'queueMicrotask',
  'structuredClone',
  'performance',
  'navigator',
  'crypto',
  'gc',
  'ivm',
  'Deno',
  'ShadowRealm',
]

/** Runs inside the isolate: where, of all that the globals lead to, something can still be changed. */
function unfrozen(): string {
  const seen = new Set<unknown>([globalThis])
  const found: string[] = []
  const walk = (value: unknown, path: string): void => {
    if (Object(value) !== value || seen.has(value)) return
    seen.add(value)
    const each = value as object // Object(value) is itself
    if (!Object.isFrozen(each)) found.push(path)
    for (const key of Reflect.ownKeys(each)) {
      const part = Reflect.getOwnPropertyDescriptor(each, key)
      for (const [way, within] of Object.entries(part ?? {})) walk(within, `${path}.${String(key)} ${way}`)
    }
    walk(Reflect.getPrototypeOf(each), `the prototype of ${path}`)
  }
  for (const name of Reflect.ownKeys(globalThis)) walk(Reflect.get(globalThis, name), String(name))
  return found.slice(0, 5).join()
}

export const ESCAPES: Kind = {
  title: 'escapes',
  rule: '[PLG3] a plugin reaches nothing',
  runtime: 'typescript',
  timeoutMs: 1_000,
  cases: [
    gives(
      'by-name',
      'asks for what Node and browsers have',
      `${JSON.stringify([...NAMES, ...MORE_NAMES])}.filter(name => name in globalThis).join()`,
      '',
    ),
    gives(
      'process-env',
      'reads the environment',
      `(() => { try { return (globalThis as any).process.env.${VARIABLE} } catch (error: any) { return error.name } })()`,
      'TypeError',
    ),
    gives('global-of-the-host', 'reads a global of the engine', `typeof (globalThis as any).${GLOBAL}`, 'undefined'),
    gives(
      'threads-and-collector',
      'asks for threads, WebAssembly and the collector',
      "['WebAssembly', 'SharedArrayBuffer', 'Atomics', 'WeakRef', 'FinalizationRegistry'].filter(name => name in globalThis).join()",
      '',
    ),
    gives('function-constructor', 'makes a function by the constructor of one', `(turn.text.at as any).constructor(${LOOK})()`, NOTHING),
    gives(
      'async-constructor',
      'makes an async function by its constructor',
      `(async () => {}).constructor(${LOOK}) instanceof Function`,
      'true',
    ),
    gives(
      'generator-constructor',
      'makes a generator by its constructor',
      `(function* (): any {}).constructor(${LOOK})().next().value`,
      NOTHING,
    ),
    gives('tools-constructor', 'climbs from its tools', `tools.constructor.constructor(${LOOK})()`, NOTHING),
    gives('settings-constructor', 'climbs from its settings', `tools.settings.constructor.constructor(${LOOK})()`, NOTHING),
    gives('turn-constructor', 'climbs from the turn', `turn.constructor.constructor(${LOOK})()`, NOTHING),
    gives(
      'error-constructor',
      'climbs from an error that the engine threw',
      `(() => { try { (null as any).x } catch (error: any) { return error.constructor.constructor(${LOOK})() } })()`,
      NOTHING,
    ),
    gives(
      'overflow-constructor',
      'climbs from the error of a full stack',
      `(() => { const again = (): any => again(); try { again() } catch (error: any) { return error.constructor.constructor(${LOOK})() } })()`,
      NOTHING,
    ),
    gives(
      'caller',
      'looks for who called it',
      '(() => { try { return (function (this: any) { return (arguments as any).callee.caller }).call(null) } catch (error: any) { return error.name } })()',
      'TypeError',
    ),
    gives(
      'prepare-stack-trace',
      'has stacks prepared by a function of its own',
      '(() => { try { (Error as any).prepareStackTrace = (_: any, sites: any) => sites; return "set" } catch (error: any) { return error.name } })()',
      'TypeError',
    ),
    gives(
      'call-sites',
      'reads who called from a captured stack',
      '(() => { const at: any = {}; (Error as any).captureStackTrace(at); return /node:|file:\\/\\/\\/(?!plugin\\.js)|host-process/.test(at.stack) })()',
      'false',
    ),
    gives('evaluates', 'evaluates', "(0, eval)('typeof process')", 'undefined'),
    gives(
      'left-by-the-host',
      'looks for what the host has left',
      'Object.getOwnPropertyNames(globalThis).filter(name => /parley|ivm|host|isolate|_/i.test(name)).join()',
      '',
    ),
    gives('unfrozen', 'looks for anything built in that it could change', `(${String(unfrozen)})()`, ''),
    gives(
      'clock-of-intl',
      'has the present formatted',
      'typeof Intl.DateTimeFormat + typeof (globalThis as any).Temporal',
      'undefinedundefined',
    ),
    gives(
      'clock-by-locale',
      'has a date written in a locale',
      '(() => { try { return (Date as any)().length } catch (error: any) { return error.message.includes(\'grant "clock"\') } })()',
      'true',
    ),
    gives(
      'clock-by-constructor',
      'makes a date by the constructor of one',
      '(() => { try { return String(new (new Date(0) as any).constructor()) } catch (error: any) { return error.message.includes(\'grant "clock"\') } })()',
      'true',
    ),
    gives(
      'clock-by-subclass',
      'makes a date by a class over it',
      '(() => { class Mine extends Date {} try { return String(new Mine()) } catch (error: any) { return error.message.includes(\'grant "clock"\') } })()',
      'true',
    ),
    gives(
      'clock-by-reflection',
      'makes a date by reflection, as another class',
      '(() => { try { return String(Reflect.construct(Date, [], Object)) } catch (error: any) { return error.message.includes(\'grant "clock"\') } })()',
      'true',
    ),
    fails(/grant "clock"/)('reads-the-clock', 'reads the clock', 'return vote("COMPENSATE", Date.now() % 1)'),
    fails(/grant "clock"/)('reads-the-date', 'makes a date of now', 'return vote("COMPENSATE", 0.5, { evidence: String(new Date()) })'),
    fails(/grant "randomness"/)('throws-dice', 'asks for a random number', 'return vote("COMPENSATE", Math.random())'),
    fails(/SharedArrayBuffer is not defined/)('shared-timer', 'counts time in shared memory', 'return new SharedArrayBuffer(8)'),
    fails(/read.only|Cannot|not extensible/)(
      'json-overwritten',
      'puts its own in the place of JSON.stringify',
      'JSON.stringify = () => "x"; return abstain',
    ),
    fails(/extensible|read.only/)(
      'to-json-for-all',
      'gives every object a toJSON',
      '(Object.prototype as any).toJSON = () => "x"; return abstain',
    ),
    fails(/extensible|read.only/)(
      'array-polluted',
      'gives every array an entry',
      '(Array.prototype as any)[0] = { action: "FOOD_SAFETY", confidence: 1 }; return []',
    ),
    fails(/./)(
      'prototype-keys',
      'answers with __proto__ and constructor',
      `return JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}')`,
    ),
    gives(
      'proto-of-proto',
      'changes the prototype of prototypes',
      '(() => { try { return Object.setPrototypeOf(Object.prototype, { polluted: 1 }) } catch (error: any) { return error.name } })()',
      'TypeError',
    ),
    silent(
      'imports',
      'imports a module of Node, and would loop if it came',
      'import("node:fs").then(() => { for (;;); }, () => {}); return abstain',
    ),
    silent(
      'imports-a-file',
      'imports a file by its address, and would loop if it came',
      'import("file:///etc/passwd").then(() => { for (;;); }, () => {}); return abstain',
    ),
    gives(
      'source-map',
      'names a source map for the host to fetch',
      '(() => { (0, eval)("1 //# sourceMappingURL=file:///etc/passwd"); return "evaluated" })()',
      'evaluated',
    ),
    silent(
      'runs-on-after',
      'goes on after it has answered',
      'const after: number[] = []; Promise.resolve().then(() => { after.push(1) }); return abstain',
    ),
    fails(/not extensible/)(
      'leaves-a-global',
      'leaves a global for the next turn, once it has answered',
      'Promise.resolve().then(() => { (globalThis as any).after = 1 }); return abstain',
    ),
    stopped('answers-late-by-promise', 'answers with a promise', 'return new Promise(() => {})'),
  ],
}
