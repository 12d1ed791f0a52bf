// `/graphql`: the shop's systems as one schema, as GraphQL over HTTP has it (graphql-http reads the requests). The operator asks for everything; an agent
// of the shop reads. Both see every customer's data: they are the shop's people.
import { Fault } from '@parley/core/faults.ts'
import { asShopId } from '@parley/core/ids.ts'
import type { MeshContext } from '@parley/mesh/joined/field.ts'
import type { JoinedMesh } from '@parley/mesh/joined/joined-mesh.ts'
import type { Scope } from '@parley/mesh/upstream/scope.ts'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Sessions } from '../accounts/sessions.ts'
import type { ShopMeshes } from '../mesh/shop-meshes.ts'
import { localeOf } from './locale-of.ts'
import { operatorGate } from './operator-gate.ts'

export interface GraphqlParts {
  readonly meshes: ShopMeshes
  readonly operatorKey: string
  readonly deskSessions: Pick<Sessions, 'personOf'>
}

const LONGEST_MS = 10_000

export function registerGraphql(http: FastifyInstance, { meshes, operatorKey, deskSessions }: GraphqlParts): void {
  const admitOperator = operatorGate(operatorKey)

  /** Faults: TOKEN_INVALID, MESH_MISSING, and what `personOf` refuses with. */
  async function admit(request: FastifyRequest): Promise<{ readonly shop: string; readonly mayChange: boolean }> {
    if (request.headers.authorization === undefined && request.headers.cookie !== undefined) {
      const { shop } = await deskSessions.personOf(request.headers.cookie, request.headers.origin, request.host)
      return { shop, mayChange: false }
    }
    admitOperator(request)
    const named = request.headers['x-parley-shop']
    const [only, ...others] = meshes.shops
    if (typeof named === 'string') return { shop: named, mayChange: true }
    if (only === undefined || others.length > 0) throw new Fault('MESH_MISSING', { shop: '(none is named in x-parley-shop)' })
    return { shop: only, mayChange: true }
  }

  http.route({
    method: ['GET', 'POST'],
    url: '/graphql',
    async handler(request, reply) {
      const { shop, mayChange } = await admit(request)
      const mesh = await meshes.of(shop)
      const scope: Scope = { shop: asShopId(shop), customer: null, locale: localeOf(request), sources: null }
      const handle = await handlerFor(mesh)
      const [body, { status, headers = {} }] = await handle({
        method: request.method,
        url: request.url,
        headers: request.headers,
        body: request.body as Record<string, unknown> | null, // it is looked at there
        raw: request,
        context: { scope, mayChange, signal: AbortSignal.timeout(LONGEST_MS) },
      })
      return reply
        .code(status)
        .headers(headers)
        .send(body ?? undefined)
    },
  })
}

interface Asking {
  readonly scope: Scope
  readonly mayChange: boolean
  readonly signal: AbortSignal
}

type Handle = (request: import('graphql-http').Request<FastifyRequest, Asking>) => Promise<import('graphql-http').Response>

const handlers = new WeakMap<JoinedMesh, Promise<Handle>>()

function handlerFor(mesh: JoinedMesh): Promise<Handle> {
  let handle = handlers.get(mesh)
  if (!handle) {
    handle = makeHandler(mesh)
    handlers.set(mesh, handle)
  }
  return handle
}

async function makeHandler(mesh: JoinedMesh): Promise<Handle> {
  const [{ createHandler }, { GraphQLError, Kind }] = await Promise.all([import('graphql-http'), import('graphql')])
  return createHandler<FastifyRequest, Asking, MeshContext & Record<PropertyKey, unknown>>({
    schema: mesh.schema,
    context: ({ context }) => ({ ...mesh.context(context.scope, context.signal) }),
    validationRules: ({ context }) => [
      ...mesh.rules(context.scope),
      rule => ({
        OperationDefinition(operation) {
          if (context.mayChange || operation.operation === 'query') return
          rule.reportError(new GraphQLError('an agent reads here', { nodes: [operation], extensions: { code: 'NOT_ALLOWED' } }))
        },
        Document(document) {
          // Text that is longer is refused before this, by the limit on bodies.
          if (document.definitions.filter(each => each.kind === Kind.OPERATION_DEFINITION).length > 10)
            rule.reportError(new GraphQLError('it has more than 10 operations', { extensions: { code: 'QUERY_REFUSED' } }))
        },
      }),
    ],
    onOperation: (_request, args, result) => mesh.answerOf(result, args.contextValue as MeshContext) as never, // its errors are formatted as they are sent
    formatError: error => error,
  })
}
