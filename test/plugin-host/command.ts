// The real command line in a process of its own, called in a clean folder.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { NODE_FLAGS } from '../e2e/running-server.ts'

const MAIN = fileURLToPath(new URL('../../server/main.ts', import.meta.url))

export interface Outcome {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export const start = (cwd: string, args: readonly string[]) => spawn(process.execPath, [...NODE_FLAGS, MAIN, ...args], { cwd })

export function parley(cwd: string, ...args: readonly string[]): Promise<Outcome> {
  const child = start(cwd, args)
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', chunk => (stdout += chunk))
  child.stderr.on('data', chunk => (stderr += chunk))
  child.stdin.end()
  return new Promise(resolve => child.once('close', status => resolve({ status, stdout, stderr })))
}
