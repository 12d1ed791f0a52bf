// Says what is no answer.
import { fails, type Kind } from '../hostile-case.ts'

const malformed = fails(/./)

export const ANSWERS: Kind = {
  title: 'odd answers',
  rule: '[PLG4] the worst of a plugin is an abstention',
  runtime: 'typescript',
  timeoutMs: 1_000,
  cases: [
    fails(/on purpose/)('throws', 'throws', 'throw new Error("on purpose")'),
    malformed('throws-null', 'throws null', 'throw null'),
    malformed('throws-a-symbol', 'throws a symbol', 'throw Symbol("x")'),
    malformed('throws-without-prototype', 'throws what cannot become text', 'throw Object.create(null)'),
    malformed('throws-what-throws', 'throws what throws when it is described', 'throw { get stack() { throw 1 }, toString() { throw 2 } }'),
    malformed('a-text', 'answers with a text', 'return "COMPENSATE"'),
    malformed('a-number', 'answers with a number', 'return 42'),
    malformed('a-function', 'answers with a function', 'return () => 1'),
    malformed('a-symbol', 'answers with a symbol', 'return Symbol("x")'),
    malformed('a-bigint', 'answers with a great number', 'return 1n'),
    malformed('a-promise', 'answers with a promise', 'return Promise.resolve(abstain)'),
    malformed('a-thenable', 'answers with a thenable', 'return { then(take: any) { take(abstain) } }'),
    malformed('a-thenable-by-getter', 'answers with a getter called then that throws', 'return { get then() { throw new Error("x") } }'),
    malformed('a-circle', 'answers with a circle', 'const all: any = {}; all.all = all; return all'),
    malformed('a-date', 'answers with a date', 'return new Date(0)'),
    malformed('a-buffer', 'answers with a buffer', 'return new Uint8Array(8)'),
    malformed(
      'a-revoked-proxy',
      'answers with a proxy that was revoked',
      'const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy',
    ),
    malformed(
      'json-by-hand',
      'answers through toJSON with a text that looks like an answer',
      `return { toJSON: () => '[{"action":"COMPENSATE","confidence":1}]' }`,
    ),
    malformed('half-a-character', 'answers with half of a character as the action', 'return { action: "\\ud800", confidence: 0.5 }'),
    malformed(
      'many-keys',
      'answers with ten thousand fields',
      'return Object.fromEntries(Array.from({ length: 1e4 }, (_, i) => ["k" + i, i]))',
    ),
    malformed('babbles', 'answers with fields of the wrong types', 'return { then: 7, votes: [[[]]], action: 12, confidence: "very" }'),
  ],
}
