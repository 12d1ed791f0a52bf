// Python plugins that do all of it: Pyodide in an isolate, whose own JavaScript Python can reach.
import { VARIABLE } from '../canaries.ts'
import { fails, finds, type HostileCase, type Kind, type Outcome, silent, stopped } from '../hostile-case.ts'
import { PYTHON_STATE } from './python-state.ts'

const says = (expression: string): string => `return {"action": "COMPENSATE", "confidence": 0.5, "evidence": str(${expression})}`
/** What an expression must give, after lines that prepare it. */
const gives = (id: string, tries: string, lines: string, expression: string, evidence: string): HostileCase =>
  finds(evidence)(id, tries, `${lines}\n${says(expression)}`)
const either = (id: string, tries: string, body: HostileCase['body'], outcome: Outcome): HostileCase => ({ id, tries, body, outcome })

/** Whoever has a function of JavaScript has the constructor of them all. */
const JAVASCRIPT = 'import pyodide_js\nrun = lambda source: pyodide_js.runPython.constructor(source)()\n'
const NOTHING = 'undefinedundefinedundefined'

export const PYTHON: Kind = {
  title: 'Python',
  rule: '[PLG1] [PLG2] [PLG3] [PLG4] [PLG11] the same of a Python plugin',
  runtime: 'python',
  timeoutMs: 1_000,
  cases: [
    gives(
      'js-module',
      'imports js',
      'import js',
      '",".join(name for name in ("process", "require", "fetch", "eval", "Function", "XMLHttpRequest", "WebSocket") if hasattr(js, name))',
      '',
    ),
    gives(
      'js-constructor',
      'makes a function of JavaScript by the constructor of one',
      JAVASCRIPT,
      'run("return typeof process + typeof require + typeof fetch")',
      NOTHING,
    ),
    gives('js-global', 'reads a global of the engine from JavaScript', JAVASCRIPT, 'run("return typeof parleyCanary")', 'undefined'),
    fails(/ImportError/)(
      'js-by-eval',
      'has JavaScript evaluated by pyodide.code.run_js',
      'from pyodide.code import run_js\nreturn run_js("typeof process")',
    ),
    gives(
      'js-core',
      'climbs from the functions under Pyodide',
      'import _pyodide_core\nfound = [each for each in (getattr(_pyodide_core, name) for name in dir(_pyodide_core)) if "JsProxy" in type(each).__name__]',
      '[each.constructor.constructor("return typeof process")() for each in found if hasattr(each, "constructor")].count("object")',
      '0',
    ),
    gives('js-clock', 'reads the clock of JavaScript', JAVASCRIPT, 'run("return Date.now() + +new Date()")', '0'),
    gives(
      'js-clock-of-intl',
      'has JavaScript format the present',
      JAVASCRIPT,
      'run("return typeof Intl.DateTimeFormat + typeof globalThis.Temporal")',
      'undefinedundefined',
    ),
    gives('js-dice', 'asks JavaScript for random numbers', JAVASCRIPT, 'run("return Math.random() === Math.random()")', 'True'),
    gives(
      'js-import',
      'imports a module of Node from JavaScript',
      `${JAVASCRIPT}run("globalThis.found = 'begun'; import('node:fs').then(() => { globalThis.found = 'imported' }, () => {})")`,
      'run("return globalThis.found")',
      'begun',
    ),
    stopped('js-loop', 'loops in JavaScript', `${JAVASCRIPT}run("for (;;);")`),
    stopped(
      'js-memory',
      'takes memory in JavaScript',
      `${JAVASCRIPT}run("const all = []; for (;;) all.push(new Uint8Array(1e7).fill(1))")`,
    ),
    fails(/WebAssembly.Memory is not a constructor/)(
      'wasm-memory',
      'takes 2 GB of WebAssembly memory',
      `${JAVASCRIPT}run("const all = new Uint8Array(new WebAssembly.Memory({ initial: 32768 }).buffer); for (;;) all.fill(1)")`,
    ),
    fails(/WebAssembly.Table ends at/)(
      'wasm-table',
      "has the interpreter's table of functions grow, by what is a number only when it is looked at again",
      `${JAVASCRIPT}pyodide_js.runPython.constructor("py", "const { wasmTable } = py._module; Reflect.apply = Function.prototype.call = () => 0; Object.defineProperty(wasmTable, 'length', { value: 0 }); let looks = 0; wasmTable.grow(1); wasmTable.grow({ valueOf: () => (looks++ ? 1e7 : 1e5) })")(pyodide_js)`,
    ),
    gives(
      'wasm-makers',
      'looks for what makes memory by what there is of it',
      `${JAVASCRIPT}run = pyodide_js.runPython.constructor("py", "const table = py._module.wasmTable; return [typeof table, typeof table.constructor, typeof WebAssembly.Table, typeof WebAssembly.Instance, typeof WebAssembly.instantiate, typeof SharedArrayBuffer].join()")`,
      'run(pyodide_js)',
      'object,undefined,undefined,undefined,undefined,undefined',
    ),
    stopped(
      'second-interpreter',
      'starts another interpreter within its own, and then loops',
      `${JAVASCRIPT}run("parleyLoadPyodide({ indexURL: '/py/' }).catch(() => {}); for (;;);")`,
    ),
    fails(/no ArrayBuffer that grows/)(
      'growing-buffer',
      'takes 2 GB by a buffer that grows',
      `${JAVASCRIPT}run("const all = new Uint8Array(new ArrayBuffer(8, { maxByteLength: 2 ** 31 })); all.buffer.resize(2 ** 31 - 8); for (;;) all.fill(1)")`,
    ),
    stopped(
      'js-sabotage',
      'puts its own in the place of what the host calls, then loops',
      `${JAVASCRIPT}run("globalThis.parleyRunPython = () => 'x'; JSON.stringify = () => 'x'; JSON.parse = () => 1; Array.prototype[Symbol.iterator] = null; String.prototype.slice = () => 'x'; for (;;);")`,
    ),
    either(
      'node-files',
      'mounts the files of the machine',
      'import pyodide_js\npyodide_js.mountNodeFS("/machine", "/")\nimport os\nreturn {"action": "COMPENSATE", "confidence": 0.5, "evidence": str(os.listdir("/machine"))}',
      { abstains: ['failed'] },
    ),
    either('packages', 'has a package fetched', 'import micropip\nreturn None', { abstains: ['failed'], says: /ModuleNotFoundError/ }),
    either(
      'loads-a-package',
      'has Pyodide fetch a package',
      'import pyodide_js\npyodide_js.loadPackage("numpy")\nimport numpy\nreturn None',
      {
        abstains: ['failed'],
      },
    ),
    finds('FalseFalse')(
      'files',
      'looks for files of the machine',
      ({ folder }) => `import os\n${says(`str(os.path.exists("/etc/passwd")) + str(os.path.exists(${JSON.stringify(folder)}))`)}`,
    ),
    fails(/FileNotFoundError/)('reads-a-file', 'reads a file of the machine', ({ folder }) =>
      says(`open(${JSON.stringify(`${folder}/secret.json`)}).read()`),
    ),
    fails(/FileNotFoundError/)(
      'writes-a-file',
      'writes a file of the machine',
      ({ folder }) => `open(${JSON.stringify(`${folder}/written`)}, "w").write("x")\nreturn None`,
    ),
    gives('environment', 'reads the environment', 'import os', `os.environ.get("${VARIABLE}")`, 'None'),
    fails(/Error/)(
      'socket',
      'calls a port of the machine',
      ({ port }) => `import socket\nsocket.create_connection(("127.0.0.1", ${port}))\nreturn None`,
    ),
    fails(/Error/)(
      'fetch',
      'fetches by HTTP',
      ({ port }) => `from pyodide.http import open_url\n${says(`open_url("http://127.0.0.1:${port}/").read()`)}`,
    ),
    fails(/Error/)(
      'urllib',
      'fetches by the standard library',
      ({ port }) => `import urllib.request\n${says(`urllib.request.urlopen("http://127.0.0.1:${port}/").read()`)}`,
    ),
    fails(/does not support processes/)('subprocess', 'starts a process', 'import subprocess\nsubprocess.run(["ls"])\nreturn None'),
    either('system', 'has a shell write', ({ folder }) => `import os\nos.system("touch ${folder}/written")\nreturn None`, {
      abstains: ['failed', 'silent'],
    }),
    fails(/Error/)('fork', 'forks', 'import os\nos.fork()\nreturn None'),
    fails(/Error/)('thread', 'starts a thread', 'import threading\nthreading.Thread(target=print).start()\nreturn None'),
    fails(/Error/)('native-library', 'loads a library of the machine', 'import ctypes\nctypes.CDLL("libc.so.6").getpid()\nreturn None'),
    stopped('native-memory', 'writes over its interpreter', 'import ctypes\nctypes.memset(8, 255, 32 * 2**20)\nreturn None'),
    stopped('loop', 'loops', 'while True:\n    pass'),
    stopped(
      'catches-its-end',
      'loops, and catches what ends it',
      'while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass',
    ),
    stopped('loop-in-c', 'loops within a built-in', 'import itertools\nreturn sum(itertools.repeat(0))'),
    stopped('regex', 'has a regular expression backtrack', 'import re\nreturn re.match(r"^(a+)+$", "a" * 40 + "!")'),
    stopped('power', 'computes a number of a billion digits', 'return len(str(7 ** (10 ** 9)))'),
    stopped(
      'destructor',
      'loops when it is thrown away',
      'class Last:\n    def __del__(self):\n        while True:\n            pass\nLast()\nreturn None',
    ),
    stopped(
      'dict-that-loops',
      'answers with a dict whose items never end',
      'class Mine(dict):\n    def items(self):\n        while True:\n            pass\nreturn Mine(action="COMPENSATE")',
    ),
    fails(/MemoryError/)('memory', 'collects bytes', 'kept = []\nwhile True:\n    kept.append(bytearray(10 ** 7))'),
    fails(/MemoryError/)('memory-at-once', 'asks for 2 GB at once', 'return bytearray(2 ** 31 - 100)'),
    fails(/MemoryError/)('long-text', 'makes a text of a billion characters', 'return "x" * 10 ** 9'),
    stopped(
      'file-memory',
      "fills the interpreter's own files",
      'at = 0\nwhile True:\n    at += 1\n    with open(f"/tmp/{at}", "wb") as file:\n        file.write(b"x" * 10 ** 7)',
    ),
    stopped('says-10-mb', 'answers with ten megabytes', 'return {"action": "COMPENSATE", "evidence": "x" * 10 ** 7}'),
    fails(/RecursionError/)('recursion', 'recurses', 'def again():\n    return again()\nreturn again()'),
    stopped(
      'recursion-in-c',
      "recurses within built-ins, without Python's own limit",
      'import sys\nsys.setrecursionlimit(10 ** 9)\nclass Deep:\n    def __repr__(self):\n        return repr([self])\nreturn repr(Deep())',
    ),
    fails(/Error/)('deep-source', 'compiles a million brackets', 'return eval("(" * 10 ** 6 + ")" * 10 ** 6)'),
    fails(/SystemExit/)('exits', 'exits', 'raise SystemExit(0)'),
    stopped('exits-at-once', 'exits past Python', 'import os\nos._exit(0)'),
    stopped('aborts', 'aborts', 'import os\nos.abort()'),
    either('kills-itself', 'sends itself a signal', 'import os\nos.kill(os.getpid(), 9)\nreturn None', {
      abstains: ['failed', 'silent', 'late'],
    }),
    stopped(
      'sabotage',
      'puts its own in the place of what its host calls, then loops',
      'import builtins, json\njson.dumps = lambda *all, **more: "[]"\nbuiltins.isinstance = lambda *all: True\nbuiltins.str = bytes\nwhile True:\n    pass',
    ),
    fails(/grant "clock"/)('clock', 'reads the clock', 'import time\nreturn {"action": "COMPENSATE", "confidence": time.time() % 1}'),
    fails(/grant "randomness"/)(
      'dice',
      'asks for a random number',
      'import random\nreturn {"action": "COMPENSATE", "confidence": random.random()}',
    ),
    fails(/process returned list/)('a-list', 'answers with a list of numbers', 'return [1, 2]'),
    fails(/waits for something that is no query/)('a-generator', 'answers with a generator', 'return (each for each in [1])'),
    silent('a-coroutine', 'answers with a coroutine of nothing', 'async def later():\n    return None\nreturn later()'),
    fails(/Error/)('a-set', 'answers with what is no JSON', 'return {"action": {1, 2}}'),
    fails(/Error/)('not-a-number', 'is sure by NaN', 'return {"action": "COMPENSATE", "confidence": float("nan")}'),
    fails(/./)('half-a-character', 'has half of a character as evidence and action', 'return {"action": "\\ud800", "evidence": "\\ud800"}'),
    fails(/AttributeError: .*\(at plugin\.py:\d+/)('a-bug', 'has a bug', 'return {"action": "x".nothing}'),
    ...PYTHON_STATE,
  ],
}
