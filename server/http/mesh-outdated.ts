// Where a shop's system says that something of it has changed: what was kept of it is asked for anew, and what is under way is not kept. It comes with the
// token that the mesh's file names for it, or with the operator's key.
import { createHash, timingSafeEqual } from 'node:crypto'
import { Fault } from '@parley/core/faults.ts'
import type { OpenMesh } from '@parley/mesh/joined/read-mesh.ts'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { ShopMeshes } from '../mesh/shop-meshes.ts'
import { checked } from './operator-gate.ts'

export interface MeshOutdatedParts {
  readonly meshes: ShopMeshes
  readonly operatorKey: string
}

const MOST = 1_000
const BODY_BYTES = 256 * 1_024

const Change = z.strictObject({
  /** `Order` */
  type: z.string().min(1).max(100),
  /** As the systems know the customer; without it every customer's. */
  customer: z.string().min(1).max(200).optional(),
})
const Changes = z.array(Change).min(1).max(MOST)

interface Route {
  Params: { shop: string }
}

/** Answers with how many there were. Faults: TOKEN_INVALID, MESH_MISSING, CONFIG_INVALID, FRAME_INVALID; nothing is out of date then. */
export function registerMeshOutdated(http: FastifyInstance, { meshes, operatorKey }: MeshOutdatedParts): void {
  http.post<Route>('/v1/shops/:shop/mesh/outdated', { bodyLimit: BODY_BYTES }, async request => {
    const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1]
    if (given === undefined) throw new Fault('TOKEN_INVALID', { reason: 'there is none' })
    const { shop } = request.params
    const mesh = isSame(given, operatorKey) ? await meshes.of(shop) : await admitted(given, () => meshes.of(shop))
    const changes = checked(Changes, [request.body].flat())
    changes.forEach(({ type }, at) => {
      if (!mesh.typesOfAnswers.has(type))
        throw new Fault('FRAME_INVALID', { path: `${at}.type`, reason: `no answer is made of ${JSON.stringify(type)}` })
    })
    for (const { type, customer } of changes) mesh.reader.outdate(type, customer)
    return { outdated: changes.length }
  })
}

/** Who has no token is not told which shops have a mesh. */
async function admitted(given: string, open: () => Promise<OpenMesh>): Promise<OpenMesh> {
  const refused = new Fault('TOKEN_INVALID', { reason: "it is not the token of the shop's mesh" })
  const mesh = await open().catch(() => {
    throw refused
  })
  const isToken = (expected: string | undefined): boolean => expected !== undefined && isSame(given, expected)
  // The file of the token may have been written anew since.
  if (!isToken(mesh.outdatedToken(false)) && !isToken(mesh.outdatedToken(true))) throw refused
  return mesh
}

/** In a time that tells nothing of where they differ. */
const isSame = (one: string, other: string): boolean => timingSafeEqual(digest(one), digest(other))
const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
