// `parley mesh …`: a shop's systems as one schema, asked and looked at by the operator. Works on the configuration and the data folder; no server is needed.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import { asCustomerId, asShopId } from '@parley/core/ids.ts'
import type { MeshAnswer } from '@parley/mesh/joined/joined-mesh.ts'
import type { OpenMesh } from '@parley/mesh/joined/read-mesh.ts'
import type { Scope } from '@parley/mesh/upstream/scope.ts'
import type { Locale } from '@parley/plugin-sdk/vocabulary.ts'
import { readConfig } from '../config.ts'
import { createShopMeshes } from '../mesh/shop-meshes.ts'
import type { WrongUse } from './agent.ts'
import { knownShop, say, sayTable } from './plugin-store.ts'

export interface MeshOptions {
  readonly shop?: string
  readonly json?: true
}

/** Faults: CONFIG_INVALID, UNKNOWN_SHOP, MESH_MISSING. */
async function withMesh(options: MeshOptions, wrongUse: WrongUse, work: (mesh: OpenMesh, scope: Scope) => Promise<void>): Promise<void> {
  const config = readConfig(process.env)
  const shop = knownShop(options, config, wrongUse)
  const meshes = createShopMeshes(config, process.env, error => console.error(error))
  try {
    await work(await meshes.of(shop), { shop: asShopId(shop), customer: null, locale: 'en', sources: null })
  } finally {
    await meshes.close()
  }
}

export interface QueryOptions extends MeshOptions {
  readonly locale: Locale
  readonly variables: string
  /** Ask as this customer, who sees nothing but their own. */
  readonly customer?: string
}

/** Prints the answer; exit status 1 where it has an error. Faults: as `withMesh`; QUERY_REFUSED. */
export const queryMesh = (query: string, options: QueryOptions, wrongUse: WrongUse): Promise<void> =>
  withMesh(options, wrongUse, async (mesh, scope) => {
    const variables = variablesOf(options.variables)
    const customer = options.customer === undefined ? null : asCustomerId(options.customer)
    const answer = await mesh.ask({ query, variables }, { ...scope, customer, locale: options.locale })
    if (options.json) say(JSON.stringify(answer))
    else {
      if (answer.data !== undefined) say(JSON.stringify(answer.data, null, 2))
      for (const line of problemsOf(answer)) console.error(line)
    }
    if (answer.errors) process.exitCode = 1
  })

function variablesOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown> // an object that is no array
  } catch {
    // no JSON: refused below, as what is JSON and no object
  }
  throw new Fault('QUERY_REFUSED', { reason: '--variables must be a JSON object' })
}

function problemsOf({ errors = [], extensions }: MeshAnswer): readonly string[] {
  const stale = (extensions?.stale ?? []).map(
    ({ path, source, ageMs }) => `${path}: ${source} gave no answer; this one is ${Math.round(ageMs / 1_000)} s old`,
  )
  return [...errors.map(({ message, path }) => `${path ? `${path.join('.')}: ` : ''}${message}`), ...stale]
}

/** Tries every field for one customer, and says what came of each. Exit status 1 where something is wrong. Faults: as `withMesh`. */
export const checkMesh = (options: MeshOptions & { readonly customer: string }, wrongUse: WrongUse): Promise<void> =>
  withMesh(options, wrongUse, async (mesh, scope) => {
    const { trialOf } = await import('@parley/mesh/joined/trial.ts')
    const { query, untried } = trialOf(mesh.config, mesh.schema.getQueryType()!, options.customer) // there is no schema without
    const started = performance.now()
    const answer = await mesh.ask({ query }, scope)
    const ms = Math.round(performance.now() - started)
    const wrong = [...new Set((answer.errors ?? []).map(({ message }) => message))]
    const sources = Object.entries(mesh.config.sources).map(([name, source]) => {
      const said = (answer.errors ?? []).find(({ extensions }) => extensions?.source === name)
      const operations = mesh.catalogues.get(name)?.operations.size ?? 0
      const used = new Set(Object.values(mesh.config.fields).flatMap(({ from }) => (from.startsWith(`${name}.`) ? [from] : []))).size
      const { kind, deadlineMs } = source
      const url = 'url' in source ? source.url : null
      return { name, kind, url, operations, used, deadlineMs, state: said ? String(said.extensions?.code) : 'answers' }
    })
    if (options.json) say(JSON.stringify({ sources, wrong, untried, ms, calls: mesh.reader.counts.calls, query }))
    else {
      sayTable([
        ['source', 'operations', 'used', 'deadline', 'state'],
        ...sources.map(({ name, operations, used, deadlineMs, state }) => [
          name,
          String(operations),
          String(used),
          `${deadlineMs} ms`,
          state,
        ]),
      ])
      for (const reason of wrong) say(`✖ ${reason}`)
      if (untried.length > 0) say(`Not tried, since it needs arguments: ${untried.join(', ')}`)
      say(`${mesh.reader.counts.calls} calls in ${ms} ms for customer ${options.customer}.`)
    }
    if (wrong.length > 0) process.exitCode = 1
  })

/** Faults: as `withMesh`. Asks no source. */
export const drawMesh = (options: MeshOptions & { readonly mermaid?: true; readonly schema?: true }, wrongUse: WrongUse): Promise<void> =>
  withMesh(options, wrongUse, async mesh => {
    const [{ drawMermaid, drawText, waysOf }, { printSchema }] = await Promise.all([
      import('@parley/mesh/joined/draw.ts'),
      import('graphql'),
    ])
    if (options.schema) return say(printSchema(mesh.schema))
    const ways = waysOf(mesh.config, mesh.schema)
    say(options.json ? JSON.stringify(ways) : options.mermaid ? drawMermaid(ways) : drawText(ways))
  })

export interface AddOptions {
  readonly openapi: string
  readonly url: string
  readonly file: string
  readonly private?: true
  readonly tokenEnv?: string
}

/** Writes the source into the file, and its document beside it. Faults: CONFIG_INVALID, SOURCE_UNAVAILABLE. */
export async function addToMesh(name: string, options: AddOptions): Promise<void> {
  const { addSource } = await import('@parley/mesh/joined/add-source.ts')
  const document = await documentAt(name, options)
  const documentFile = `${name}.openapi.${document.trimStart().startsWith('{') ? 'json' : 'yaml'}`
  const beside = (file: string): string => resolve(dirname(options.file), file)
  const text = existsSync(options.file) ? readFileSync(options.file, 'utf8') : ''
  const { url, file, tokenEnv } = options
  const settings = { openapi: documentFile, url, ...(options.private && { private: true }), ...(tokenEnv !== undefined && { tokenEnv }) }
  const files = new Map([[documentFile, document]])
  const added = addSource(file, text, { name, settings, files }, each => readFileSync(beside(each), 'utf8'))
  if (resolve(options.openapi) !== beside(documentFile)) writeFileSync(beside(documentFile), document)
  writeFileSync(file, added.text)
  say(`${name} is in ${file}, with ${added.fields.length} fields: read them before you use them.`)
  for (const field of added.fields) say(`  ${field}`)
  for (const { field, reason } of added.leftOut) say(`Left out: ${field}, since ${reason.split('\n')[0]}`)
}

async function documentAt(name: string, options: AddOptions): Promise<string> {
  const { openapi } = options
  if (!/^https?:\/\//.test(openapi)) {
    if (!existsSync(openapi)) throw new Fault('CONFIG_INVALID', { file: openapi, path: '', reason: 'the file cannot be read' })
    return readFileSync(openapi, 'utf8')
  }
  const [{ createSend }, { isPrivateAddress, lookupPublic }] = await Promise.all([
    import('@parley/mesh/upstream/send.ts'),
    import('../outgoing/public-address.ts'),
  ])
  const guarded = { isPrivateAddress, lookupPublic: lookupPublic(host => new Error(`${host} is a private address`)) }
  const { send, close } = createSend({ ...guarded, isPrivate: options.private === true })
  try {
    const { status, text } = await send({ source: name, method: 'GET', url: new URL(openapi), headers: {} }, AbortSignal.timeout(10_000))
    if (status !== 200) throw new Fault('SOURCE_UNAVAILABLE', { source: name, reason: `its document is answered with status ${status}` })
    return text
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    throw new Fault('SOURCE_UNAVAILABLE', { source: name, reason: cause instanceof Error ? cause.message : String(cause) }, { cause })
  } finally {
    close()
  }
}
