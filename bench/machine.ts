// What a figure was measured on: without it a figure means nothing.
import { execFileSync } from 'node:child_process'
import { cpus, totalmem } from 'node:os'

export function machine(): { readonly machine: string; readonly node: string; readonly commit: string; readonly at: string } {
  const model = cpus()[0]?.model ?? 'unknown'
  return {
    machine: `${cpus().length} x ${model}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    node: process.version,
    commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: import.meta.dirname, encoding: 'utf8' }).trim(),
    at: new Date().toISOString(),
  }
}
