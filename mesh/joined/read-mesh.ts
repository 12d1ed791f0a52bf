// Reads a mesh from its file, and opens its sources over HTTP.
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import { parseDocument } from 'yaml'
import { openApiSource } from '../source/openapi/openapi-source.ts'
import { createSend, type SendOptions } from '../upstream/send.ts'
import { createJoinedMesh, type JoinedMesh } from './joined-mesh.ts'
import { MeshConfig } from './mesh-config.ts'

export interface OpenMeshOptions extends Pick<SendOptions, 'lookupPublic' | 'isPrivateAddress'> {
  readonly environment: NodeJS.ProcessEnv
  readonly onBug?: (error: unknown) => void
  /** Where a source is instead, and with which token: of the demo shop's services, which are started on free ports. */
  readonly instead?: (source: string) => { readonly url: string; readonly token: string } | undefined
}

export interface OpenMesh extends JoinedMesh {
  readonly config: MeshConfig
  close(): void
}

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
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw invalid(issue?.path.join('.') ?? '', issue?.message ?? 'not of the schema')
}

/** Asks no source. Faults: CONFIG_INVALID, where the file, a document or a token's file is not as it should be. */
export function openMesh(file: string, { environment, onBug, instead, ...sending }: OpenMeshOptions): OpenMesh {
  const config = readMeshConfig(file)
  const closing: (() => void)[] = []
  const besides = (name: string): string => resolve(dirname(file), name)
  try {
    const mesh = createJoinedMesh({
      config,
      ...(onBug && { onBug }),
      sourceOf(name, source) {
        const { send, close } = createSend({ ...sending, isPrivate: source.private, connections: source.atOnce })
        closing.push(close)
        const other = instead?.(name)
        const authorization = other ? () => `Bearer ${other.token}` : tokenOf(source, environment, besides)
        const connection = { source: name, base: new URL(other?.url ?? source.url), send, authorization }
        return withPlace(`sources.${name}.openapi`, () => openApiSource(readFileSync(besides(source.openapi), 'utf8'), connection))
      },
    })
    return {
      ...mesh,
      config,
      close() {
        for (const close of closing) close()
      },
    }
  } catch (error) {
    for (const close of closing) close()
    if (error instanceof Fault || !(error instanceof Error)) throw error
    throw new Fault('CONFIG_INVALID', { file, path: '', reason: error.message }, { cause: error })
  }
}

/** An error says where in the file what it is about stands. */
function withPlace<T>(place: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new Error(`${place}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

function tokenOf(
  { tokenEnv, tokenFile }: MeshConfig['sources'][string],
  environment: NodeJS.ProcessEnv,
  besides: (name: string) => string,
): (isAgain: boolean) => string | undefined {
  if (tokenEnv !== undefined) {
    const token = environment[tokenEnv]
    return () => (token ? `Bearer ${token}` : undefined)
  }
  if (tokenFile === undefined) return () => undefined
  const read = (): string => `Bearer ${readFileSync(besides(tokenFile), 'utf8').trim()}`
  let token = read()
  return isAgain => {
    if (isAgain)
      try {
        token = read()
      } catch {
        // The file is being replaced, perhaps: the token that there was is not taken, which is what the caller is told.
      }
    return token
  }
}
