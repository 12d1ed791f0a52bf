// The machine that an assembled folder is for, and whether a native binary runs there. Decided by the file's own header wherever it tells: a name
// may say anything, and a new package has a new way of naming.
import { closeSync, openSync, readSync } from 'node:fs'

export interface Target {
  /** Names as Node has them. The C library is glibc: onnxruntime has no binary for musl, so that an image on Alpine cannot be. */
  readonly os: 'linux'
  readonly cpu: 'x64' | 'arm64'
  /** `process.versions.modules` of the Node that will run it. */
  readonly abi: string
}

const CPUS: Readonly<Record<string, Target['cpu']>> = { x64: 'x64', amd64: 'x64', arm64: 'arm64' }

/** `linux/x64`, `linux/arm64`, and Docker's own `linux/amd64`; undefined for anything else. */
export function readTarget(platform: string, abi: string): Target | undefined {
  const [os, cpu = '', ...more] = platform.split('/')
  return os === 'linux' && more.length === 0 && CPUS[cpu] ? { os, cpu: CPUS[cpu], abi } : undefined
}

/** e_machine of the ELF header. */
const MACHINE = { x64: 62, arm64: 183 } as const

export type Binary = { readonly format: 'elf'; readonly machine: number } | { readonly format: 'mach-o' | 'pe' | 'archive' }

/** Undefined: no native code. */
export function binaryIn(file: string): Binary | undefined {
  const head = Buffer.alloc(1_024)
  const descriptor = openSync(file, 'r')
  const length = readSync(descriptor, head, 0, head.length, 0)
  closeSync(descriptor)
  const starts = (hex: string): boolean => head.subarray(0, hex.length / 2).toString('hex') === hex
  if (length < 20) return undefined
  if (starts('7f454c46')) return { format: 'elf', machine: head.readUInt16LE(18) }
  if (['cffaedfe', 'cefaedfe', 'feedfacf', 'cafebabe'].some(starts)) return { format: 'mach-o' }
  // A text may begin with MZ; a program says PE where its header points to.
  if (starts('4d5a') && length >= 64) {
    const at = head.readUInt32LE(60)
    if (at + 4 <= length && head.toString('latin1', at, at + 4) === 'PE\0\0') return { format: 'pe' }
  }
  if (head.toString('latin1', 0, 8) === '!<arch>\n') return { format: 'archive' }
  return undefined
}

/** `path` is that of the file in its package: the C library and Node's ABI are told by names alone (`isolated-vm.abi137.musl.node`). */
export function runsOn(target: Target, binary: Binary, path: string): boolean {
  if (binary.format !== 'elf' || binary.machine !== MACHINE[target.cpu]) return false
  const abi = /\babi(\d+)\b/.exec(path)?.[1]
  return !/\bmusl\b/.test(path) && (abi === undefined || abi === target.abi)
}
