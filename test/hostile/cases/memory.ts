// Takes memory.
import { fails, finds, type Kind, stopped } from '../hostile-case.ts'

export const MEMORY: Kind = {
  title: 'memory bombs',
  rule: '[PLG2] a plugin cannot exceed its memory',
  runtime: 'typescript',
  timeoutMs: 200,
  cases: [
    fails(/./)('split', 'splits half a billion characters', 'return "x".repeat(2 ** 29 - 24).split("")'),
    stopped('arrays', 'collects arrays', 'const all: any[] = []; for (;;) all.push(Array(1e5).fill(all.length))'),
    fails(/./)('long-array', 'fills a hundred million entries', 'const all: any[] = []; all.length = 1e8; return all.fill(7)'),
    stopped('map', 'fills a Map', 'const all = new Map(); for (let i = 0; ; i++) all.set(i, i)'),
    stopped('set', 'fills a Set', 'const all = new Set(); for (let i = 0; ; i++) all.add({ i })'),
    stopped('symbols', 'registers symbols for ever', 'for (let i = 0; ; i++) Symbol.for("s" + i)'),
    stopped(
      'closures',
      'collects closures over what it made',
      'const all: any[] = []; for (;;) { const kept = Array(1e4).fill(1); all.push(() => kept) }',
    ),
    stopped('buffers', 'collects typed arrays, written to', 'const all: any[] = []; for (;;) all.push(new Uint8Array(1e7).fill(1))'),
    fails(/allocation|length/)('one-buffer', 'asks for 2 GB at once', 'return new ArrayBuffer(2e9).byteLength'),
    fails(/grows|length/)(
      'resizable-buffer',
      'reserves 2 GB and grows into it',
      'const all: any = new (ArrayBuffer as any)(8, { maxByteLength: 2 ** 31 }); all.resize(2 ** 31 - 8); return new Uint8Array(all).fill(1).length',
    ),
    fails(/allocation|length/)(
      'transferred-buffer',
      'moves a small buffer into one of 2 GB',
      'return (new ArrayBuffer(8) as any).transfer(2e9).byteLength',
    ),
    fails(/string length/)('doubling', 'doubles a text', 'let s = "xy"; for (;;) s += s'),
    stopped(
      'flat-texts',
      'collects long texts, each its own',
      'const all: any[] = []; for (let i = 0; ; i++) all.push(("x" + i).repeat(1e5).split("x").join("y"))',
    ),
    stopped('bigints', 'collects great numbers', 'const all: any[] = []; for (let i = 0n; ; i++) all.push((1n << 1_000_000n) + i)'),
    stopped('promises', 'collects promises that nothing settles', 'const all: any[] = []; for (;;) all.push(new Promise(() => {}))'),
    fails(/WebAssembly is not defined/)(
      'wasm-memory',
      'asks WebAssembly for 2 GB',
      'return new (WebAssembly as any).Memory({ initial: 32_768 }).buffer.byteLength',
    ),
    stopped('recursion', 'recurses', 'const again = (): any => again(); return again()'),
    fails(/Invalid input/)(
      'deep-answer',
      'answers 10,000 arrays deep',
      'let all: any = []; for (let i = 0; i < 10_000; i++) all = [all]; return all',
    ),
    stopped('deeper-answer', 'answers a million arrays deep', 'let all: any = []; for (let i = 0; i < 1e6; i++) all = [all]; return all'),
    stopped('deep-parse', 'parses ten million brackets', 'return JSON.parse("[".repeat(1e7))'),
    stopped('deep-regex', 'compiles a million groups', 'return new RegExp("(".repeat(1e6) + ")".repeat(1e6)).test("")'),
    stopped('deep-source', 'compiles a million brackets', 'return new Function("return " + "[".repeat(1e6) + "]".repeat(1e6))()'),
    stopped('says-100-mb', 'answers with a hundred megabytes', 'return vote("COMPENSATE", 0.9, { evidence: "x".repeat(1e8) })'),
    fails(/more than 65536 characters/)(
      'says-65-kb',
      'answers with a little too much',
      'return vote("COMPENSATE", 0.9, { evidence: "x".repeat(66_000) })',
    ),
    fails(/more than 65536 characters/)('says-a-huge-key', 'answers with a key of a megabyte', 'return { ["k".repeat(1e6)]: 1 }'),
    stopped('throws-100-mb', 'throws a hundred megabytes', 'throw new Error("x".repeat(1e8))'),
    finds('enough')(
      'says-just-enough',
      'answers with ten thousand characters that must be escaped',
      'return { ...vote("COMPENSATE", 0.5, { evidence: "enough" }), more: "\\u0001".repeat(10_000) }',
    ),
  ],
}
