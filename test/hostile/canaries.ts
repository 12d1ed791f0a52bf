// Things of the host that no plugin may touch, each with a secret on it: a folder of files, a variable of the environment, a global, and a
// listening socket. Whoever reads, writes or calls one is found out.
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const VARIABLE = 'PARLEY_CANARY'
export const GLOBAL = 'parleyCanary'

export interface Canaries {
  /** Holds secret.json, secret.ts, secret.py and secret.yaml, each readable as what it is, with the secret in it. */
  readonly folder: string
  /** On 127.0.0.1, where nobody has a reason to knock. */
  readonly port: number
  /** Throws where one was touched, or where the secret is in what was said. */
  check(said: string): void
  close(): Promise<void>
}

export async function placeCanaries(secret: string): Promise<Canaries> {
  const folder = mkdtempSync(join(tmpdir(), 'parley-canaries-'))
  for (const [name, text] of Object.entries({
    'secret.json': JSON.stringify({ secret }),
    'secret.ts': `export const secret = ${JSON.stringify(secret)}\n`,
    'secret.py': `SECRET = ${JSON.stringify(secret)}\n`,
    'secret.yaml': `${secret}: ${secret}\n`,
  }))
    writeFileSync(join(folder, name), text)
  const look = (): unknown =>
    readdirSync(folder).map(name => [name, statSync(join(folder, name)).mtimeMs, readFileSync(join(folder, name), 'utf8')])
  const asPlaced = look()
  process.env[VARIABLE] = secret
  const root = globalThis as Record<string, unknown> // a global of a test's own
  root[GLOBAL] = Object.freeze({ secret })
  const builtIns = describeBuiltIns()
  let callers = 0
  const server = createServer(socket => {
    callers++
    socket.end(secret)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // it listens on a port
  return {
    folder,
    port,
    check(said) {
      assert.ok(!said.includes(secret), `the secret came out: ${said}`)
      assert.deepEqual(look(), asPlaced, 'the folder was written to')
      assert.equal(process.env[VARIABLE], secret, 'the environment was written to')
      assert.deepEqual(root[GLOBAL], { secret }, 'the global was written to')
      assert.equal(describeBuiltIns(), builtIns, 'a built-in of this process was changed')
      assert.equal(callers, 0, 'somebody called')
    },
    async close() {
      delete process.env[VARIABLE]
      delete root[GLOBAL]
      rmSync(folder, { recursive: true })
      await new Promise(resolve => server.close(resolve))
    },
  }
}

const describeBuiltIns = (): string =>
  [globalThis, Object.prototype, Array.prototype, Function.prototype, Error, Promise.prototype, JSON]
    .map(builtIn => Reflect.ownKeys(builtIn).map(String).join())
    .join('\n')
