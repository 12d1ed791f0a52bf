// [PLG3] a plugin reaches nothing: what it finds when it looks for a way out, reported through its own evidence.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startTrial, type Trial, typescriptPlugin } from './harness.ts'

/** Expressions that a plugin evaluates; each must give the text beside it. */
const PROBES: Readonly<Record<string, readonly [expression: string, expected: string]>> = {
  'by name': [
    "['process', 'require', 'module', 'global', 'Buffer', 'fetch', 'WebSocket', 'XMLHttpRequest', 'setTimeout', 'performance', 'navigator', 'gc', 'ivm'].filter(name => name in globalThis).join()",
    '',
  ],
  'threads, WebAssembly and the collector': [
    "['WebAssembly', 'SharedArrayBuffer', 'Atomics', 'WeakRef', 'FinalizationRegistry'].filter(name => name in globalThis).join()",
    '',
  ],
  'by the Function constructor': ["onTurn.constructor.constructor('return typeof process + typeof require')()", 'undefinedundefined'],
  'by the constructor of its tools': ["tools.constructor.constructor('return typeof process')()", 'undefined'],
  'by the constructor of the turn': ["turn.text.constructor.constructor.constructor('return typeof process')()", 'undefined'],
  'by the constructors of errors from the engine': [
    "(() => { try { null.x } catch (error) { return error.constructor.constructor('return typeof process')() } })()",
    'undefined',
  ],
  'by the stack of an error': [
    "(() => { try { Error.prepareStackTrace = () => 0; return 'set' } catch (error) { return error.name } })()",
    'TypeError',
  ],
  'by eval': ["(0, eval)('typeof process')", 'undefined'],
  'by arguments.callee of the caller': [
    'String(Object.getOwnPropertyNames(globalThis).filter(name => /parley|ivm|host/i.test(name)))',
    'parleyPlugin',
  ],
  'state of the built-ins': [
    "[Object, Array.prototype, JSON, Math, Function.prototype, Promise.prototype, RegExp.prototype, Map.prototype].filter(o => !Object.isFrozen(o)).length + ''",
    '0',
  ],
  'the clock of Intl': ['typeof Intl.DateTimeFormat + typeof globalThis.Temporal', 'undefinedundefined'],
  'the date by its constructor': [
    "(() => { try { return String(new (new Date(0).constructor)()) } catch (error) { return error.message.includes('grant \"clock\"') } })() + ''",
    'true',
  ],
  'dates that are given': ['new Date(0).toISOString() + Date.UTC(1970, 0, 2)', '1970-01-01T00:00:00.000Z86400000'],
  'a subclass of a built-in': [
    "(() => { class Mine extends Error { constructor() { super('m'); this.name = 'Mine' } toString() { return this.name } } return String(new Mine()) })()",
    'Mine',
  ],
  'import()': [
    '(globalThis.found ?? (import(turn.text).then(() => (globalThis.found = "imported"), error => (globalThis.found = "refused")), "begun"))',
    'begun',
  ],
}

describe('[PLG3] a plugin reaches nothing', () => {
  let trial: Trial
  before(async () => {
    const body = `
    const tools: any = arguments[1], turn: any = arguments[0], onTurn: any = turn.text.at
    const probes: any = { ${Object.entries(PROBES)
      .map(([name, [expression]]) => `${JSON.stringify(name)}: () => ${expression}`)
      .join(',\n')} }
    const probe = probes[turn.original]
    return probe ? vote('COMPENSATE', 0.5, { evidence: 'found ' + probe() }) : abstain`
    trial = await startTrial({ prober: typescriptPlugin('prober', body) })
    assert.deepEqual(trial.invalid, [])
    await trial.ready
  })
  after(() => trial.end())

  const find = async (probe: string): Promise<string | undefined> => {
    const [ballot] = await trial.ask(probe)
    assert.equal(ballot?.abstained, false, String(trial.faults.at(-1)))
    return ballot?.votes[0]?.evidence
  }

  for (const [name, [, expected]] of Object.entries(PROBES)) {
    test(`[PLG3] a plugin reaches nothing: ${name}`, async () => assert.equal(await find(name), `found ${expected}`))
  }

  test('[PLG3] a plugin reaches nothing: what came of import()', async () => {
    assert.equal(await find('import()'), 'found refused')
  })
})
