// Takes time and gives nothing.
import { fails, type Kind, stopped } from '../hostile-case.ts'

export const LOOPS: Kind = {
  title: 'endless loops',
  rule: '[PLG1] a plugin cannot outlive its deadline',
  runtime: 'typescript',
  timeoutMs: 200,
  cases: [
    stopped('loop', 'loops', 'for (;;);'),
    stopped('catches-its-end', 'loops in try, catch and finally', 'for (;;) try { for (;;); } catch {} finally { for (;;); }'),
    stopped('regex', 'has a regular expression backtrack', 'return /^(a+)+$/.test("a".repeat(40) + "!")'),
    stopped('regex-replacer', 'loops in the function that replaces', 'return "x".replace(/x/, () => { for (;;); })'),
    stopped('sort', 'loops in a comparator', 'return Array.from({ length: 1e4 }, (_, i) => -i).sort(() => { for (;;); })'),
    stopped('getter', 'loops in a getter of its answer', 'return { get action() { for (;;); } }'),
    stopped('to-json', 'loops in toJSON of its answer', 'return { toJSON() { for (;;); } }'),
    stopped('value-of', 'loops where a number is wanted', 'return vote("COMPENSATE", +({ valueOf() { for (;;); } } as any))'),
    stopped('proxy-get', 'loops in a trap of its answer', 'return new Proxy({}, { get() { for (;;); } })'),
    stopped('proxy-keys', 'has a trap give ever more keys', 'return new Proxy({}, { ownKeys() { for (;;); } })'),
    stopped('proxy-thrown', 'throws a proxy that loops', 'throw new Proxy({}, { getPrototypeOf() { for (;;); }, get() { for (;;); } })'),
    stopped('thrown-to-string', 'throws what loops when it is described', 'throw { toString() { for (;;); } }'),
    stopped('thrown-stack', 'throws what loops when its stack is read', 'throw { toString: () => "x", get stack() { for (;;); } }'),
    stopped('thenable', 'returns what loops when it is awaited', 'return { get then() { for (;;); } }'),
    stopped(
      'async-recursion',
      'recurses through promises',
      'const again = async (): Promise<any> => { await null; return again() }; again(); return abstain',
    ),
    stopped('microtasks', 'queues a microtask in each', 'const again = (): any => Promise.resolve().then(again); again(); return abstain'),
    stopped(
      'promise-storm',
      'makes promises by the thousand',
      'const storm = () => { for (let i = 0; i < 1e4; i++) Promise.resolve(i).then(storm) }; storm(); return abstain',
    ),
    stopped(
      'generator',
      'iterates what never ends',
      'function* all(): any { for (;;) yield 1 } let sum = 0; for (const one of all()) sum += one; return sum',
    ),
    stopped(
      'async-generator',
      'iterates asynchronously what never ends',
      'async function* all(): any { for (;;) yield 1 } (async () => { for await (const one of all()) void one })(); return abstain',
    ),
    stopped(
      'endless-map',
      'iterates a Map that it moves on',
      'const all = new Map([[0, 0]]); for (const [key] of all) { all.delete(key); all.set(key + 1, 0) }',
    ),
    stopped('made-function', 'loops in code that it makes', 'return new Function("for (;;);")()'),
    stopped('evaluated', 'loops in eval', 'return (0, eval)("for (;;);")'),
    stopped('reviver', 'loops while it parses', 'return JSON.parse("[1]", () => { for (;;); })'),
    stopped(
      'index-of',
      'searches a list of 2^53 entries within a built-in',
      'return Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)',
    ),
    stopped(
      'normalise',
      'normalises 256 MB within a built-in',
      'let s = "\\u1e9b\\u0323".repeat(2 ** 24); for (;;) s = (s + "x").normalize("NFKD").slice(0, 2 ** 25)',
    ),
    fails(/Atomics is not defined/)(
      'atomics-wait',
      'waits on shared memory',
      'return Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)',
    ),
    fails(/./)('fill', 'fills a billion entries within a built-in', 'return Array(1e9).fill(0)'),
    fails(/./)('bigint', 'multiplies a number of a billion bits', 'return (2n ** (2n ** 30n - 1n)).toString()'),
    stopped('parses-a-number', 'reads a number of ten million digits', 'return BigInt("9".repeat(1e7)) * BigInt("9".repeat(1e7)) > 1n'),
  ],
}
