// The demo shop's mesh over its three services, as a test has it.

import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Graph } from '@parley/core/ports/graph.ts'
import { createGraph } from '@parley/mesh/graph.ts'
import type { JoinedMesh, MeshAnswer, MeshRequest } from '@parley/mesh/joined/joined-mesh.ts'
import { type OpenMesh, openMesh } from '@parley/mesh/joined/read-mesh.ts'
import type { Scope } from '@parley/mesh/upstream/scope.ts'
import { isPrivateAddress, lookupPublic } from '@parley/server/outgoing/public-address.ts'
import { startTestServices, type TestServices, TOKENS } from './demo-services.ts'

export const DEMO_MESH = fileURLToPath(new URL('../../examples/demo-shop/mesh.yaml', import.meta.url))

/** The query of the documentation, to the letter. */
export const LETTER = 'query { customer(id: "123") { orders(status: RETURNING) { items { name price } warehouseStatus refundProgress } } }'

export const GUARDED = { lookupPublic: lookupPublic(host => new Error(`${host} is private`)), isPrivateAddress } as const

export interface JoinedShop {
  readonly mesh: OpenMesh
  readonly services: TestServices
  readonly bugs: unknown[]
  /** What is kept grows older by so much. */
  age(ms: number): void
  /** The answer as JSON has it. */
  ask(request: MeshRequest, scope: Scope): Promise<MeshAnswer>
}

/** What plugins ask. */
export const graphOver = (mesh: JoinedMesh): Graph => createGraph({ of: async () => mesh, customerIn: (_shop, customer) => customer })

/** As long as a busy machine takes; a test that is about a deadline sets a shorter one. No breaker opens by the way. */
const PATIENT_MS = 30_000

/** `edit` changes the mesh's file; `folder` is one of the services that another process has used. */
export async function openJoinedShop(
  t: Pick<TestContext, 'after'>,
  deadlines: Readonly<Record<string, number>> = {},
  edit: (config: string) => string = config => config,
  folder?: string,
): Promise<JoinedShop> {
  const services = await startTestServices(t, folder)
  const bugs: unknown[] = []
  const file = join(services.folder, 'mesh.yaml')
  const config = readFileSync(DEMO_MESH, 'utf8').replaceAll(
    /openapi: ((\w+)\.openapi\.yaml)/g,
    (_, document: string, name: string) =>
      `openapi: ${join(dirname(DEMO_MESH), document)}\n    deadlineMs: ${deadlines[name] ?? PATIENT_MS}\n    failures: 1000`,
  )
  writeFileSync(file, edit(config))
  let aged = 0
  const mesh = openMesh(file, {
    environment: {},
    now: () => performance.now() + aged,
    ...GUARDED,
    onBug: error => bugs.push(error),
    // A cast: the file names these three.
    instead: source => ({ url: services.services[source as 'crm'].url, token: TOKENS[source as 'crm'] }),
  })
  t.after(() => mesh.close())
  const ask: JoinedShop['ask'] = async (request, scope) => JSON.parse(JSON.stringify(await mesh.ask(request, scope)))
  const age = (ms: number): void => {
    aged += ms
  }
  return { mesh, services, bugs, age, ask }
}
