// What a plugin looks up on its way to an answer. It has no line to the engine: its call ends with what it wants to know, and it is called again
// with the answer, from the top. So nothing of it waits anywhere, a host that dies meanwhile costs nothing, and the answers make the replay.
import { isFault } from '@parley/core/faults.ts'
import type { GraphAnswer, GraphRequest } from '@parley/core/ports/graph.ts'
import type { LookedUp } from '@parley/core/ports/voters.ts'
import type { Manifest } from '@parley/plugin-sdk/manifest.ts'
import { z } from 'zod'
import type { Result } from './supervisor.ts'

/** Different questions of one plugin about one turn. */
const MOST = 4
/** Of a query's name and variables as JSON: they go into the turn's record, whether the document has a use for them or not. */
const MOST_CHARACTERS = 4_096

/** Made by the guard in the isolate (grants.ts), of a name and variables; a plugin may forge it and gains nothing by that. */
const ASKS = '{"asks":'
const Asks = z.strictObject({ asks: z.string() })
const Wanted = z.tuple([z.string(), z.record(z.string(), z.unknown())])

/** What was answered, by the text of the question: what the guard finds there it does not ask for. */
export type Answers = Readonly<Record<string, GraphAnswer>>

export interface Looking {
  readonly manifest: Pick<Manifest, 'queries' | 'sources'>
  /** Puts the call, once. */
  call(answers: Answers, settle: (result: Result) => void): void
  /** May reject with QUERY_REFUSED. */
  lookUp(request: GraphRequest): Promise<GraphAnswer>
  /** True when nobody waits any more. */
  isOver(): boolean
  /** Called once, with what it has looked up in order. */
  settle(result: Result, lookedUp: readonly LookedUp[]): void
}

export function callLooking({ manifest, call, lookUp, isOver, settle }: Looking): void {
  const lookedUp: LookedUp[] = []
  const next = (answers: Answers): void =>
    call(answers, result => {
      const wanted = result.type === 'returned' && result.json.startsWith(ASKS) ? readWanted(result.json) : undefined
      if (!wanted) return settle(result, lookedUp)
      const fail = (reason: string): void => settle({ type: 'failed', reason }, lookedUp)
      const [query, variables] = wanted.value
      const document = Object.hasOwn(manifest.queries, query) ? manifest.queries[query] : undefined
      if (document === undefined) return fail(`there is no query ${JSON.stringify(query)} in its manifest`)
      if (wanted.text.length > MOST_CHARACTERS)
        return fail(`query ${query}: it has ${wanted.text.length} characters with its variables, more than ${MOST_CHARACTERS}`)
      if (lookedUp.length === MOST) return fail(`it asks more than ${MOST} queries about one turn`)
      lookUp({ document, variables, sources: manifest.sources }).then(
        answer => {
          lookedUp.push({ query, variables, ...answer })
          if (isOver()) settle({ type: 'skipped' }, lookedUp)
          else next({ ...answers, [wanted.text]: answer })
        },
        error => fail(isFault(error) ? `query ${query}: ${error.message}` : `query ${query} failed: ${String(error)}`),
      )
    })
  next({})
}

/** Undefined where it is nothing that the guard would say. */
function readWanted(json: string): { readonly text: string; readonly value: z.infer<typeof Wanted> } | undefined {
  try {
    const asks = Asks.safeParse(JSON.parse(json))
    if (!asks.success) return undefined
    const wanted = Wanted.safeParse(JSON.parse(asks.data.asks))
    return wanted.success ? { text: asks.data.asks, value: wanted.data } : undefined
  } catch {
    return undefined // no JSON
  }
}
