// `/graphql`: the shop's systems as one schema, as GraphQL over HTTP has it (graphql-http reads the requests). The operator asks for everything; an agent
// of the shop reads. Both see every customer's data: they are the shop's people. A browser that goes there gets a page to ask from.
import { Fault } from '@parley/core/faults.ts'
import { asCustomerId, asShopId, type CustomerId, isId } from '@parley/core/ids.ts'
import type { MeshContext } from '@parley/mesh/joined/field.ts'
import type { JoinedMesh } from '@parley/mesh/joined/joined-mesh.ts'
import type { Scope } from '@parley/mesh/upstream/scope.ts'
import { traced } from '@parley/mesh/upstream/traced-reader.ts'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Sessions } from '../accounts/sessions.ts'
import type { ShopMeshes } from '../mesh/shop-meshes.ts'
import { localeOf } from './locale-of.ts'
import { operatorGate } from './operator-gate.ts'
import { protect } from './session-routes.ts'

export interface GraphqlParts {
  readonly meshes: ShopMeshes
  readonly operatorKey: string
  readonly deskSessions: Pick<Sessions, 'personOf'>
  /** Without it browsers get no page. */
  readonly sendPage?: (reply: FastifyReply, file: string) => Promise<FastifyReply>
}

interface Admitted {
  readonly shop: string
  readonly mayChange: boolean
}

const LONGEST_MS = 10_000
/** Characters. What a source gives to one question may be as long. */
const LARGEST_ANSWER = 4 * 1024 * 1024

export function registerGraphql(http: FastifyInstance, { meshes, operatorKey, deskSessions, sendPage }: GraphqlParts): void {
  const admitOperator = operatorGate(operatorKey)

  /** Faults: TOKEN_INVALID, MESH_MISSING, and what `personOf` refuses with. */
  async function admit(request: FastifyRequest): Promise<Admitted> {
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

  async function answer(request: FastifyRequest, reply: FastifyReply, { shop, mayChange }: Admitted): Promise<FastifyReply> {
    const mesh = await meshes.of(shop)
    const named = customerOf(request)
    const customer = named && meshes.customerIn(shop, named)
    const scope: Scope = { shop: asShopId(shop), customer, locale: localeOf(request), sources: null }
    const handle = await handlerFor(mesh)
    // Instead of AbortSignal.timeout, whose timer stays until it fires: thousands of requests would be held for ten seconds each.
    const patience = new AbortController()
    const timer = setTimeout(() => patience.abort(new DOMException('it took too long', 'TimeoutError')), LONGEST_MS)
    try {
      const [body, { status, headers = {} }] = await handle({
        method: request.method,
        url: request.url,
        headers: request.headers,
        body: request.body as Record<string, unknown> | null, // it is looked at there
        raw: request,
        context: {
          scope,
          mayChange,
          signal: patience.signal,
          tracing: request.headers['x-parley-trace'] === '1' ? traced(mesh.reader) : undefined,
        },
      })
      return reply
        .code(status)
        .headers(headers)
        .send(body !== null && body.length > LARGEST_ANSWER ? tooLarge(body.length) : (body ?? undefined))
    } finally {
      clearTimeout(timer)
    }
  }

  http.route({
    method: ['GET', 'POST'],
    url: '/graphql',
    handler: async (request, reply) =>
      sendPage && wantsPage(request) ? sendPage(reply, 'graph/index.html') : answer(request, reply, await admit(request)),
  })
  // For the page: the cookie of a desk's session goes below this path alone.
  http.register(async scope => {
    protect(scope)
    scope.post('/v1/desk/graphql', async (request, reply) => {
      const { shop } = await deskSessions.personOf(request.headers.cookie, request.headers.origin, request.host)
      return answer(request, reply, { shop, mayChange: false })
    })
  })
}

const tooLarge = (length: number): string => {
  const message = `the answer has ${length} characters, more than ${LARGEST_ANSWER}: ask for less`
  return JSON.stringify({ errors: [{ message, extensions: { code: 'QUERY_REFUSED' } }] })
}

/** A browser's visit: an answer is wanted as a page, and there is no question. */
const wantsPage = ({ method, headers, query }: FastifyRequest): boolean =>
  method === 'GET' && /\btext\/html\b/.test(headers.accept ?? '') && !Object.hasOwn(query as object, 'query') // fastify has parsed it

/** Whose data alone are asked for. Faults: FRAME_INVALID. */
function customerOf({ headers }: FastifyRequest): CustomerId | null {
  const named = headers['x-parley-customer']
  if (named === undefined) return null
  if (typeof named === 'string' && isId(named)) return asCustomerId(named)
  throw new Fault('FRAME_INVALID', { path: 'x-parley-customer', reason: 'it is no id of a customer: 1 to 64 of A-Z a-z 0-9 _ -' })
}

interface Asking {
  readonly scope: Scope
  readonly mayChange: boolean
  readonly signal: AbortSignal
  readonly tracing: ReturnType<typeof traced> | undefined
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
  const refusal = (reason: string, code: string) => [new GraphQLError(reason, { extensions: { code } })]
  return createHandler<FastifyRequest, Asking, MeshContext & Record<PropertyKey, unknown>>({
    schema: mesh.schema,
    // Read and checked by the mesh, which keeps what it has read and checked.
    onSubscribe({ context: { scope, mayChange, signal, tracing } }, { query, operationName, variables }) {
      const document = mesh.checked(query, scope)
      if (!('kind' in document)) return document
      const operations = document.definitions.filter(each => each.kind === Kind.OPERATION_DEFINITION)
      if (operations.length > 10) return refusal('it has more than 10 operations', 'QUERY_REFUSED')
      if (!mayChange && operations.some(({ operation }) => operation !== 'query')) return refusal('an agent reads here', 'NOT_ALLOWED')
      const contextValue = { ...mesh.context(scope, signal), ...(tracing && { reader: tracing.reader }) }
      return { schema: mesh.schema, document, operationName, variableValues: variables, contextValue }
    },
    onOperation({ context: { tracing } }, { contextValue }, result) {
      const answer = mesh.answerOf(result, contextValue as MeshContext)
      // Its errors are formatted as they are sent.
      return (tracing ? { ...answer, extensions: { ...answer.extensions, trace: tracing.trace() } } : answer) as never
    },
    formatError: error => error,
  })
}
