// Where the engine's HTTP server listens: at its address, or at a socket that nothing but the socket processes of this machine can reach.
import { chmodSync, rmSync } from 'node:fs'
import { Fault } from '@parley/core/faults.ts'
import type { FastifyInstance } from 'fastify'
import { BACKLOG } from './backlog.ts'

/** Gives the address. `path`: that of the socket, where there is to be one. Faults: PORT_IN_USE. */
export async function listen(
  http: FastifyInstance,
  { host, port }: { readonly host: string; readonly port: number },
  path?: string,
): Promise<string> {
  if (path !== undefined) {
    rmSync(path, { force: true }) // an engine's that was killed: this one owns the folder
    const address = await http.listen({ path })
    chmodSync(path, 0o600)
    return address
  }
  try {
    return await http.listen({ host, port, backlog: BACKLOG })
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE') throw new Fault('PORT_IN_USE', { host, port }, { cause })
    throw cause
  }
}
