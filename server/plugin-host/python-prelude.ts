// The little of a browser or a shell that Pyodide asks for when it starts, made of nothing: no clock that runs, no network, no files but the
// two handed in as bytes. Sent into the isolate as its own source text, so it uses nothing but its arguments.
import type { createRandomRow, Given } from './grants.ts'

interface Pyodide {
  readonly _module: { readonly HEAP8: Int8Array }
  runPython(source: string): (...args: readonly string[]) => unknown
  makeMemorySnapshot(): Uint8Array
}

/**
 * Leaves behind what Pyodide needs, `parleyGive`, and `parleyStart`, which loads Pyodide from the bytes of a snapshot or runs the text of `PREPARE`.
 * Then there is `parleyLoad`, and `parleySnapshot` if the interpreter is `isForSnapshot`: nothing may have been loaded then. Clock and entropy are what was given last;
 * constants otherwise, the same in every process, so that also the order of a set is the same when a turn is replayed.
 */
export function startInterpreter(wasm: ArrayBuffer, stdlib: ArrayBuffer, createRow: typeof createRandomRow): void {
  const root = globalThis as unknown as Record<string, unknown> // the globals are set by name here
  const noop = (): void => {}

  const NOTHING: Given = {}
  let now = 0
  let row = createRow([])
  const nextRandom = (): number => row() & 255
  root.parleyGive = ({ now: at = 0, seed = [] } = NOTHING): void => {
    now = at
    row = createRow(seed)
  }

  const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  const base64 = (bytes: readonly number[]): string => {
    let text = ''
    for (let i = 0; i < bytes.length; i += 3) {
      const [a, b, c] = [bytes[i]!, bytes[i + 1], bytes[i + 2]]
      const joined = (a << 16) | ((b ?? 0) << 8) | (c ?? 0)
      text += ALPHABET[joined >> 18]! + ALPHABET[(joined >> 12) & 63]!
      text += (b === undefined ? '=' : ALPHABET[(joined >> 6) & 63]!) + (c === undefined ? '=' : ALPHABET[joined & 63]!)
    }
    return text
  }

  const encode = (text: unknown): Uint8Array => {
    const bytes: number[] = []
    for (const character of String(text)) {
      const code = character.codePointAt(0)!
      if (code < 0x80) bytes.push(code)
      else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63))
      else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63))
      else bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63))
    }
    return new Uint8Array(bytes)
  }

  const decodeUtf8 = (bytes: Uint8Array): string => {
    let text = ''
    for (let i = 0; i < bytes.length; ) {
      const first = bytes[i++]!
      if (first < 0x80) text += String.fromCharCode(first)
      else if (first < 0xe0) text += String.fromCharCode(((first & 31) << 6) | (bytes[i++]! & 63))
      else if (first < 0xf0) text += String.fromCharCode(((first & 15) << 12) | ((bytes[i++]! & 63) << 6) | (bytes[i++]! & 63))
      else text += String.fromCodePoint(((first & 7) << 18) | ((bytes[i++]! & 63) << 12) | ((bytes[i++]! & 63) << 6) | (bytes[i++]! & 63))
    }
    return text
  }

  const decodeUtf16 = (bytes: Uint8Array): string => {
    let text = ''
    for (let i = 0; i + 1 < bytes.length; i += 2) text += String.fromCharCode(bytes[i]! | (bytes[i + 1]! << 8))
    return text
  }

  // `read`, `load` and `readbuffer` make Pyodide believe that it is in a shell, which needs neither DOM nor Node nor network.
  const bytesOf = (path: string): ArrayBuffer => (path.endsWith('.wasm') ? wasm : stdlib)
  Object.assign(root, {
    global: globalThis,
    read: (path: string) => new Uint8Array(bytesOf(path)),
    readbuffer: bytesOf,
    load: noop,
    // How a shell gets random bytes: `head -cN /dev/urandom | base64`.
    os: {
      system: (_shell: string, args: readonly string[]) =>
        base64(Array.from({ length: Number(/-c(\d+)/.exec(args[1] ?? '')?.[1] ?? 0) }, nextRandom)),
    },
    crypto: {
      getRandomValues: (into: Uint8Array) => into.map((_, at) => (into[at] = nextRandom())),
    },
    console: { log: noop, warn: noop, error: noop, info: noop, debug: noop },
    performance: { now: () => 0, timeOrigin: 0 },
    setTimeout: (callback: () => void) => void Promise.resolve().then(callback),
    clearTimeout: noop,
    setInterval: noop,
    clearInterval: noop,
    queueMicrotask: (callback: () => void) => void Promise.resolve().then(callback),
    location: { href: 'isolate', toString: () => 'isolate' },
    TextEncoder: class {
      encode = encode
      encodeInto(text: string, into: Uint8Array): { readonly read: number; readonly written: number } {
        const bytes = encode(text)
        into.set(bytes)
        return { read: text.length, written: bytes.length }
      }
    },
    TextDecoder: class {
      readonly #encoding: string
      constructor(encoding = 'utf-8') {
        this.#encoding = encoding
      }
      decode(data?: ArrayBuffer | Uint8Array): string {
        if (data === undefined) return ''
        const bytes = data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
        return this.#encoding.startsWith('utf-16') ? decodeUtf16(bytes) : decodeUtf8(bytes)
      }
    },
    URL: class {
      readonly href: string
      constructor(href: unknown) {
        this.href = String(href)
      }
      toString(): string {
        return this.href
      }
    },
    AbortController: class {
      signal = { aborted: false, addEventListener: noop }
      abort = noop
    },
    Event: class {},
    EventTarget: class {
      addEventListener = noop
    },
  })
  // From Python one reaches this JavaScript too, by the constructor of any function: its clock stands still as well.
  const RealDate = Date
  function StillDate(...args: readonly []): unknown {
    const made = Reflect.construct(RealDate, args.length === 0 || new.target === undefined ? [now] : args, new.target ?? RealDate)
    return new.target === undefined ? String(made) : made
  }
  const statics = { prototype: RealDate.prototype, now: () => now, parse: RealDate.parse, UTC: RealDate.UTC }
  for (const [name, value] of Object.entries(statics)) Object.defineProperty(StillDate, name, { value })
  Object.defineProperty(RealDate.prototype, 'constructor', { value: StillDate })
  root.Date = StillDate
  delete root.Temporal
  delete (Intl as unknown as Record<string, unknown>).DateTimeFormat // formats the present when it is given no date
  Math.random = () => 0.5

  root.parleyStart = async (snapshot: Uint8Array | undefined, prepare: string, isForSnapshot: boolean): Promise<void> => {
    const loadPyodide = root.parleyLoadPyodide as (options: object) => Promise<Pyodide> // left by the script
    const python = await loadPyodide({
      indexURL: '/py/',
      jsglobals: {},
      lockFileContents: {
        packages: {},
        info: { abi_version: '2026_0', arch: 'wasm32', platform: 'isolate', python: '3.14.0', version: '0' },
      },
      stdout: noop,
      stderr: noop,
      ...(snapshot ? { _loadSnapshot: snapshot } : {}),
      _makeSnapshot: isForSnapshot,
    })
    if (!snapshot) python.runPython(prepare)
    else python.runPython('_warm()')
    root.parleyHeapBytesTaken = () => python._module.HEAP8.byteLength
    root.parleyLoad = (...args: readonly string[]) => python.runPython('_load')(...args)
    root.parleySnapshot = () => python.makeMemorySnapshot().buffer
  }
}
