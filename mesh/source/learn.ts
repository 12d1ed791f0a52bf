// Learns a source that somebody wants from the source itself, or from what they have of it: what will stand in the mesh's file, and the files beside it.

import { introspect } from './graphql/introspect.ts'
import { learnGraphQl } from './graphql/learn.ts'
import { answerOf } from './http/answer.ts'
import { connect, httpSettings } from './http/connection.ts'
import { fetchDocument } from './http/fetch-document.ts'
import { learnExamples } from './json/learn.ts'
import type { Learned, Means } from './kind.ts'
import { learnOpenApi } from './openapi/learn.ts'

export interface Wanted {
  readonly name: string
  readonly kind: 'openapi' | 'graphql' | 'json'
  /** Its document's or schema's address, or the endpoint's; of an API by example what stands before its paths. Undefined: `text` was given. */
  readonly place?: URL
  /** The document or the schema, where it is there already. */
  readonly text?: string
  /** Where it is, where `place` does not say it. */
  readonly url?: string
  /** Requests to learn by. */
  readonly gets: readonly string[]
  /** As they will stand in the mesh's file: credential, headers, private. */
  readonly settings: Readonly<Record<string, unknown>>
}

/** Rejects with a SourceError, with the signal's reason, or with an Error that says what is wrong. */
export async function learnSource(wanted: Wanted, means: Means, signal: AbortSignal): Promise<Learned> {
  const learned = await learn(wanted, means, signal)
  return { ...learned, settings: { ...learned.settings, ...wanted.settings } }
}

function learn(wanted: Wanted, means: Means, signal: AbortSignal): Promise<Learned> | Learned {
  switch (wanted.kind) {
    case 'openapi':
      return learnDocument(wanted, means, signal)
    case 'graphql':
      return learnEndpoint(wanted, means, signal)
    case 'json':
      return learnByExample(wanted, means, signal)
  }
}

async function learnDocument({ name, place, text, url, settings }: Wanted, means: Means, signal: AbortSignal): Promise<Learned> {
  if (!place) return learnOpenApi(name, text ?? '', undefined, url)
  const parsed = httpSettings({ ...settings, url: url ?? place.href })
  return learnOpenApi(name, await fetchDocument(name, place, parsed, means, signal), place, url)
}

async function learnEndpoint({ name, place, text, url, settings }: Wanted, means: Means, signal: AbortSignal): Promise<Learned> {
  const at = url ?? place?.href
  if (at === undefined) throw new Error('a schema does not say where the endpoint is: --url')
  if (!place) return learnGraphQl(name, text ?? '', at)
  const connection = connect(name, httpSettings({ ...settings, url: place.href }), means)
  try {
    return learnGraphQl(name, await introspect(connection, signal), at)
  } finally {
    connection.close()
  }
}

async function learnByExample({ name, place, gets, settings }: Wanted, means: Means, signal: AbortSignal): Promise<Learned> {
  if (!place) throw new Error('say what stands before its paths: --json https://…')
  if (gets.length === 0) throw new Error("say what to ask it for: --get '/orders/1'")
  const url = place.href.replace(/\/$/, '')
  const connection = connect(name, httpSettings({ ...settings, url }), means)
  try {
    const recorded: { readonly asked: string; readonly answer: unknown }[] = []
    for (const asked of gets) {
      if (!asked.startsWith('/')) throw new Error(`${asked}: what it is asked for begins with /`)
      const incoming = await connection.send({ method: 'GET', url: new URL(`${connection.base}${asked}`), headers: {} }, signal)
      const answer = answerOf(name, incoming, true)
      if (answer === null) throw new Error(`${asked}: there is nothing`)
      recorded.push({ asked, answer })
    }
    const { text, remarks } = learnExamples(recorded)
    const file = `${name}.examples.yaml`
    return { settings: { json: file, url }, files: new Map([[file, text]]), remarks }
  } finally {
    connection.close()
  }
}
