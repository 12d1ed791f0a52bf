// What a plugin might do, by accident or on purpose: the body of an `onTurn`. Each is a plugin of its own that does it when the turn's text
// is its name. `expect` lists the ways in which it may end; all of them are abstentions.

interface Script {
  readonly body: string
  readonly expect: readonly ('late' | 'failed')[]
}

const failed = (body: string): Script => ({ body, expect: ['failed'] })
/** Stopped by its isolate, or with its host where the isolate's own clock got no turn in time. */
const stopped = (body: string): Script => ({ body, expect: ['late', 'failed'] })

/** Takes time and gives nothing: [PLG1]. */
export const ENDLESS: Readonly<Record<string, Script>> = {
  loop: stopped('while (true) {}'),
  fill: failed('return Array(1e9).fill(0)'),
  bigint: failed('return (2n ** (2n ** 30n - 1n)).toString()'),
  microtasks: stopped('const f = (): any => Promise.resolve().then(f); f(); return abstain'),
  redos: stopped('return /^(a+)+$/.test("a".repeat(40) + "!")'),
  getter: stopped('return { get action() { for (;;); } }'),
  'to-json': stopped('return { toJSON() { for (;;); } }'),
  proxy: stopped('return new Proxy({}, { get() { for (;;); } })'),
  'throws-a-loop': stopped('throw { toString() { for (;;); } }'),
  sort: stopped('return Array.from({ length: 1e4 }, (_, i) => -i).sort(() => { for (;;); })'),
}

/** Takes memory: [PLG2]. */
export const GREEDY: Readonly<Record<string, Script>> = {
  split: failed('return "x".repeat(2 ** 29 - 24).split("")'),
  arrays: stopped('const a: any[] = []; for (;;) a.push(Array(1e5).fill(a.length))'),
  'long-array': failed('const a: any[] = []; a.length = 1e8; return a.fill(7)'),
  map: stopped('const m = new Map(); for (let i = 0; ; i++) m.set(i, i)'),
  buffers: stopped('const a: any[] = []; for (;;) a.push(new Uint8Array(1e7).fill(1))'),
  'one-buffer': failed('return new ArrayBuffer(2e9).byteLength'),
  'returns-100-mb': failed('return vote("COMPENSATE", 0.9, { evidence: "x".repeat(1e8) })'),
  'returns-65-kb': failed('return vote("COMPENSATE", 0.9, { evidence: "x".repeat(66_000) })'),
  recursion: failed('const f = (): any => f(); return f()'),
}

/** Says what is no answer: [PLG4]. */
export const NONSENSE: Readonly<Record<string, Script>> = {
  throws: failed('throw new Error("on purpose")'),
  'throws-null': failed('throw null'),
  'a-string': failed('return "COMPENSATE"'),
  'a-number': failed('return 42'),
  'a-function': failed('return () => 1'),
  'a-symbol': failed('return Symbol("x")'),
  'a-bigint': failed('return 1n'),
  'a-promise': failed('return Promise.resolve(abstain)'),
  'a-circle': failed('const o: any = {}; o.o = o; return o'),
  'too-sure': failed('return vote("COMPENSATE", 7)'),
  'not-a-number': failed('return vote("COMPENSATE", NaN)'),
  'two-certainties': failed('return [vote("COMPENSATE", 0.9), vote("PRODUCT_INFO", 0.9)]'),
  'a-thousand-votes': failed('return Array(1000).fill(vote("COMPENSATE", 0))'),
  'a-disposition': failed('return vote("HANDOFF", 0.9)'),
  'prototype-keys': failed(`return JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}')`),
  'json-overwritten': failed('JSON.stringify = () => "x"; return abstain'),
  'prototype-overwritten': failed('(Object.prototype as any).toJSON = () => "x"; return abstain'),
  'reads-the-clock': failed('return vote("COMPENSATE", Date.now() % 1)'),
  'reads-the-date': failed('return vote("COMPENSATE", 0.5, { evidence: String(new Date()) })'),
  'throws-dice': failed('return vote("COMPENSATE", Math.random())'),
}
