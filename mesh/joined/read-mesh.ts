// Reads a mesh from its file, and opens its sources over HTTP.
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import { asCustomerId, asShopId } from '@parley/core/ids.ts'
import type { GraphQLSchema } from 'graphql'
import { parseDocument } from 'yaml'
import { type Credential, credentialOf } from '../source/credential.ts'
import type { Means, OpenSource } from '../source/kind.ts'
import { catalogueOf, openSource, type SourceConfig } from '../source/kinds.ts'
import type { Source } from '../source/source.ts'
import type { Scope } from '../upstream/scope.ts'
import { readEffects, type StoredEffect } from './effects.ts'
import { readFacts, type StoredFact } from './facts.ts'
import { createJoinedMesh, type JoinedMesh } from './joined-mesh.ts'
import { MeshConfig } from './mesh-config.ts'
import { createPanel, type Panel } from './panel.ts'

export interface OpenMeshOptions extends Omit<Means, 'besides' | 'instead'> {
  readonly onBug?: (error: unknown) => void
  /** In milliseconds; how old an answer is goes by it. */
  readonly now?: () => number
  /** Where a source is instead, and with which token: of the demo shop's services, which are started on free ports. */
  readonly instead?: (source: string) => { readonly url: string; readonly token: string } | undefined
}

export interface OpenMesh extends JoinedMesh {
  readonly config: MeshConfig
  /** Compares a source with what stands in its files, by its name, where it can. */
  readonly checks: ReadonlyMap<string, NonNullable<OpenSource['check']>>
  /** What the desk shows of a customer; undefined where the mesh knows of none. */
  readonly panel: Panel | undefined
  readonly facts: ReadonlyMap<string, StoredFact>
  /** By the names of effects and of what undoes them. */
  readonly effects: ReadonlyMap<string, StoredEffect>
  /** With which a system may say that something has changed. Undefined: none may. */
  readonly outdatedToken: Credential
  close(): void
}

/** Characters of a token that nobody tries out. */
const SHORTEST = 16

/** What stands in the file. Faults: CONFIG_INVALID, with the place. */
export function readMeshConfig(file: string): MeshConfig {
  const invalid = (path: string, reason: string): Fault => new Fault('CONFIG_INVALID', { file, path, reason })
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new Fault('CONFIG_INVALID', { file, path: '', reason: 'the file cannot be read' }, { cause })
  }
  const document = parseDocument(text)
  const broken = document.errors[0]
  if (broken) throw invalid('', broken.message.split('\n')[0] ?? 'not YAML')
  const parsed = MeshConfig.safeParse(document.toJS() ?? {})
  if (parsed.success) return withDocuments(parsed.data, name => readFileSync(resolve(dirname(file), name), 'utf8'), invalid)
  const issue = parsed.error.issues[0]
  throw invalid(issue?.path.join('.') ?? '', issue?.message ?? 'not of the schema')
}

/** Asks no source. Faults: CONFIG_INVALID, where the file, a document or a token's file is not as it should be. */
export function openMesh(file: string, { environment, onBug, now, instead, ...sending }: OpenMeshOptions): OpenMesh {
  const config = readMeshConfig(file)
  const closing: (() => void)[] = []
  const checks = new Map<string, NonNullable<OpenSource['check']>>()
  const besides = (name: string): string => resolve(dirname(file), name)
  const close = (): void => {
    for (const each of closing) each()
  }
  try {
    return withFile(file, () => {
      const mesh = createJoinedMesh({
        config,
        ...(onBug && { onBug }),
        ...(now && { now }),
        sourceOf(name, source) {
          const other = instead?.(name)
          const opened = withPlace(`sources.${name}.${source.kind}`, () =>
            openSource(name, source, { ...sending, environment, besides, ...(other && { instead: other }) }),
          )
          closing.push(opened.close)
          if (opened.check) checks.set(name, opened.check)
          return opened
        },
      })
      const ground = { config, schema: mesh.schema, rules: mesh.rules(ANY_CUSTOMER) }
      const outdatedToken = withPlace('outdated', () => credentialOf(config.outdated ?? {}, { ...sending, environment, besides }))
      if ((outdatedToken(false)?.length ?? SHORTEST) < SHORTEST)
        throw new Error(`outdated: the token has fewer than ${SHORTEST} characters`)
      const [facts, effects] = [readFacts(ground), readEffects(ground, mesh.undo)]
      return { ...mesh, config, checks, panel: createPanel(config, mesh), facts, effects, outdatedToken, close }
    })
  } catch (error) {
    close()
    throw error
  }
}

/** What can be asked of the mesh. No source is asked, and no token read. Faults: CONFIG_INVALID. */
export function readMeshSchema(file: string): GraphQLSchema {
  const config = readMeshConfig(file)
  const sourceOf = (name: string, source: SourceConfig): Source => ({
    catalogue: withPlace(`sources.${name}.${source.kind}`, () =>
      catalogueOf(source, beside => readFileSync(resolve(dirname(file), beside), 'utf8')),
    ),
    call: () => Promise.reject(new Error('nothing is asked here')),
  })
  return withFile(file, () => createJoinedMesh({ config, sourceOf }).schema)
}

/** What is wrong says in which file. */
function withFile<T>(file: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof Fault || !(error instanceof Error)) throw error
    throw new Fault('CONFIG_INVALID', { file, path: '', reason: error.message }, { cause: error })
  }
}

/** What documents are held to is the same for all customers. */
const ANY_CUSTOMER: Scope = { shop: asShopId('any'), customer: asCustomerId('any'), locale: 'en', sources: null }

/** With the text of each document that stands in a file of its own. */
function withDocuments(config: MeshConfig, read: (file: string) => string, invalid: (path: string, reason: string) => Fault): MeshConfig {
  const textOf = (path: string, text: string): string => {
    if (text.includes('{')) return text
    try {
      return read(text)
    } catch {
      throw invalid(path, `it is no document, and there is no file ${JSON.stringify(text)}`)
    }
  }
  const facts = Object.entries(config.facts).map(([name, fact]) => [name, { ...fact, query: textOf(`facts.${name}.query`, fact.query) }])
  const effects = Object.entries(config.effects).map(([name, effect]) => [
    name,
    { ...effect, mutation: textOf(`effects.${name}.mutation`, effect.mutation) },
  ])
  return { ...config, facts: Object.fromEntries(facts), effects: Object.fromEntries(effects) }
}

/** An error says where in the file what it is about stands. */
function withPlace<T>(place: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new Error(`${place}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}
