// Keeps something of one conversation for another. Each is asked twice and must find nothing the second time either.
import { finds, type HostileCase, type Kind } from '../hostile-case.ts'

/** The evidence is what it finds before it keeps what it was asked. */
const keeps = (id: string, where: string, found: string, keep: string, outside = ''): HostileCase => ({
  ...finds('')(
    id,
    where,
    `let found: any; try { found = ${found} } catch {}
    try { ${keep} } catch {}
    return vote("COMPENSATE", 0.5, { evidence: String(found ?? "") })`,
  ),
  isAskedAgain: true,
  outside,
})

const HIDDEN = `[new Intl.Segmenter().segment(""), new Intl.Segmenter().segment("")[Symbol.iterator](), Iterator.from({ next() {} }), [].values().map(String), [].values(),
  "".matchAll(/x/g), new Map().keys(), new Set().keys(), ""[Symbol.iterator](), function* () {}, async function* () {}, async () => {}, (function* () {})(), (async function* () {})(),
  new Date(0), /x/, Promise.resolve(), Symbol(), 1n, new DataView(new ArrayBuffer(1)), new Uint8Array(1), new Proxy({}, {}), new Intl.Collator(), new WeakMap()].flatMap((each: any) => {
    const all = []
    for (let at = Object(each); at !== null; at = Object.getPrototypeOf(at)) if (at !== each) all.push(at, at.constructor)
    return all.filter(part => part !== undefined)
  })`

export const STATE: Kind = {
  title: 'what another conversation left',
  rule: '[PLG11] a turn finds nothing that another left',
  runtime: 'typescript',
  timeoutMs: 1_000,
  cases: [
    keeps('in-a-variable', 'keeps what it was asked in a variable', 'kept', 'kept = text', 'let kept: any'),
    keeps('in-a-list', 'keeps it in a list', 'kept[0]', 'kept.push(text)', 'const kept: any[] = []'),
    keeps('in-a-table', 'keeps it in a Map', 'kept.get(1)', 'kept.set(1, text)', 'const kept = new Map()'),
    keeps('in-a-function', 'keeps it on a function', 'keep.kept', 'keep.kept = text', 'const keep: any = () => {}'),
    keeps('in-a-class', 'keeps it in a class', 'Keep.kept', 'Keep.kept = text', 'class Keep { static kept: any }'),
    keeps(
      'in-a-closure',
      'keeps it in a closure',
      'keep()',
      'keep(text)',
      'const keep = (() => { let kept: any; return (now?: any) => [kept, (kept = now ?? kept)][0] })()',
    ),
    keeps(
      'in-a-generator',
      'keeps it in a generator that waits',
      'keep.next().value',
      'keep.next(text)',
      'const keep: any = (function* (): any { let kept; for (;;) kept = (yield kept) ?? kept })()',
    ),
    keeps(
      'in-a-promise',
      'keeps it in a promise of before',
      'kept',
      'later.then(() => { kept = text })',
      'let kept: any; const later = Promise.resolve()',
    ),
    keeps('in-the-global', 'keeps it in the global', '(globalThis as any).kept', '(globalThis as any).kept = text'),
    keeps(
      'in-an-evaluated-variable',
      'keeps it in a variable that eval declares',
      '(0, eval)("kept")',
      '(0, eval)("var kept = " + JSON.stringify(text))',
    ),
    keeps(
      'in-a-made-function',
      'keeps it in a global that a sloppy function makes',
      'new Function("return kept")()',
      'new Function("now", "kept = now")(text)',
    ),
    keeps(
      'in-built-ins',
      'keeps it on a built-in',
      `[Object, Array, JSON, Math, Promise, Intl, Error].map((each: any) => each.kept ?? each.prototype?.kept).join("")`,
      `for (const each of [Object, Array, JSON, Math, Promise, Intl, Error] as any[]) for (const at of [each, each.prototype]) try { at.kept = text } catch {}`,
    ),
    keeps(
      'in-hidden-prototypes',
      'keeps it on the prototypes that no global leads to',
      `${HIDDEN}.map(each => each.kept).join("")`,
      `for (const each of ${HIDDEN}) try { each.kept = text } catch {}`,
    ),
    keeps(
      'in-the-last-match',
      'leaves it in the last match of an expression',
      '["lastMatch", "$&", "input", "$_", "$1", "leftContext", "rightContext", "lastParen"].map(name => (RegExp as any)[name] ?? "").join("")',
      '/^(.)/.exec(text)',
    ),
    keeps(
      'in-its-tools',
      'keeps it on its tools',
      'Object.getPrototypeOf(arguments[1]).kept',
      'try { arguments[1].kept = text } catch {} Object.getPrototypeOf(arguments[1]).kept = text',
    ),
    keeps('in-its-settings', 'keeps it in its settings', '(settings as any).kept', '(settings as any).kept = text'),
    keeps('in-the-turn', 'keeps it in the turn', 'arguments[0].kept', 'arguments[0].kept = text'),
    keeps(
      'in-a-template',
      'keeps it by the list of a tagged template',
      'kept.get(site())',
      'kept.set(site(), text)',
      'const own = (parts: any) => parts; const site = () => own``; const kept = new WeakMap()',
    ),
    keeps('in-an-expression', 'keeps it in an expression’s place', 'at.lastIndex || ""', 'at.exec(text)', 'const at = /./g'),
  ],
}
