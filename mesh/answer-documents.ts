// Answers the documents of graph.ts: whatever source is behind the ports of facts and effects answers here too. A field's null is told apart from a
// source that was silent, and one request asks a source for the same thing once.
import { Fault } from '@parley/core/faults.ts'
import type { EffectOutcome, EffectRequest, Effects } from '@parley/core/ports/effects.ts'
import type { Asker, Graph, GraphAnswer, GraphRequest } from '@parley/core/ports/graph.ts'
import type { CaseFact, Mesh, OrderFact, RefundFact } from '@parley/core/ports/mesh.ts'
import { type ExecutionResult, execute, GraphQLError } from 'graphql'
import { type Checked, checkMutation, checkQuery } from './graph-document.ts'
import { SCHEMA } from './graph-schema.ts'

const MOST_QUESTIONS = 8
const LARGEST_ANSWER = 16_384

type Query = Parameters<Graph['query']>
type Mutation = Parameters<Graph['mutate']>

export async function answerQuery(mesh: Mesh, ...[{ document, variables }, asker, signal]: Query): Promise<GraphAnswer> {
  const result = await run(checkQuery(document), variables, { customer: customerOf(mesh, asker, signal) })
  return answerOf(result)
}

export async function answerMutation(effects: Effects, ...[{ document, variables, key }, asker, signal]: Mutation): Promise<EffectOutcome> {
  const request = { key, ...asker }
  const result = await run(checkMutation(document), variables, mutationsOf(effects, request, signal))
  return outcomeOf(result)
}

async function run(checked: Checked, variables: GraphRequest['variables'], rootValue: object): Promise<ExecutionResult> {
  if (!checked.isGood) throw new Fault('QUERY_REFUSED', { reason: checked.reason })
  return execute({ schema: SCHEMA, document: checked.document, rootValue, variableValues: variables })
}

/** What a source did not give; any other error of a field is a refusal or a bug. */
class Silent extends Error {}

/** GraphQL calls what is a function when its field is asked for. */
function customerOf(mesh: Mesh, asker: Asker, signal: AbortSignal) {
  const asked = new Map<string, Promise<unknown>>()
  const fact = (name: string, slots: Readonly<Record<string, string>> = {}): Promise<unknown> => {
    const what = JSON.stringify([name, slots])
    const before = asked.get(what)
    if (before) return before
    if (asked.size >= MOST_QUESTIONS) throw new Fault('QUERY_REFUSED', { reason: `it takes more than ${MOST_QUESTIONS} questions` })
    const value = mesh.facts([name], { ...asker, slots }, signal).then(({ [name]: given }) => {
      if (!given?.isKnown) throw new Silent(given?.reason ?? 'no answer')
      return given.value
    })
    asked.set(what, value)
    return value
  }
  // Casts: as core/ports/mesh.ts says of each fact.
  const order = (given: OrderFact) => ({
    ...given,
    state: enumValue(given.state),
    parcel: given.carrier === undefined && given.trackingNumber === undefined && given.expectedOn === undefined ? null : given,
    refund: () => fact('refund', { order: given.number }) as Promise<RefundFact | null>,
  })
  return {
    async orders({ state }: { readonly state?: string | null }) {
      const orders = ((await fact('orders')) as readonly OrderFact[] | null)?.map(order)
      return state ? orders?.filter(each => each.state === state) : orders
    },
    async order({ number }: { readonly number: string }) {
      const found = (await fact('order', { order: number })) as OrderFact | null
      return found && order(found)
    },
    refund: () => fact('refund') as Promise<RefundFact | null>,
    cases: async () => ((await fact('cases')) as readonly CaseFact[] | null)?.map(each => ({ ...each, state: enumValue(each.state) })),
  }
}

const enumValue = (state: string): string => state.toUpperCase().replaceAll('-', '_')

function answerOf({ data, errors = [] }: ExecutionResult): GraphAnswer {
  const grave = errors.find(({ originalError }) => !(originalError instanceof Silent))
  if (grave) throw refusalOf(grave)
  const missing = errors.flatMap(({ path }) => path?.join('.') ?? [])
  const json = JSON.stringify(data ?? {})
  if (json.length > LARGEST_ANSWER)
    throw new Fault('QUERY_REFUSED', { reason: `the answer has ${json.length} characters, more than ${LARGEST_ANSWER}: ask for less` })
  return { data: JSON.parse(json) as GraphAnswer['data'], missing } // an operation gives an object
}

/** Of GraphQL's own errors the words name variables and fields, which the plugin's author knows. */
function refusalOf({ originalError, message }: GraphQLError): Error {
  if (originalError && !(originalError instanceof GraphQLError)) return originalError
  return new Fault('QUERY_REFUSED', { reason: message })
}

/** For good: the source has said no. */
class Refused extends Error {}

function mutationsOf(effects: Effects, request: Omit<EffectRequest, 'name' | 'slots'>, signal: AbortSignal) {
  const run = async (name: string, more: Pick<EffectRequest, 'slots' | 'undoes'>) => {
    if (!effects.has(request.shop, name))
      throw new Fault('SOURCE_UNAVAILABLE', { source: request.shop, reason: `nothing in the shop does ${name}` })
    const outcome = await effects.run({ ...request, name, ...more }, signal)
    if (outcome.state === 'refused') throw new Refused(outcome.reason)
    const { case: number, order, count, amount, state = '' } = outcome.result
    return { number, order, count: Number(count), amount, state: enumValue(state) }
  }
  return {
    openCase: ({ order, count }: { readonly order: string; readonly count: number }) =>
      run('open-compensation', { slots: { order, count: String(count) } }),
    withdrawCase: ({ number }: { readonly number: string }) => run('withdraw-compensation', { slots: {}, undoes: { case: number } }),
  }
}

function outcomeOf({ data, errors = [] }: ExecutionResult): EffectOutcome {
  const [error] = errors
  if (error?.originalError instanceof Refused) return { state: 'refused', reason: error.originalError.message }
  if (error) throw refusalOf(error)
  const [fields] = Object.values(data ?? {}) // checkMutation takes one
  const given = Object.entries((fields ?? {}) as Readonly<Record<string, unknown>>) // and of that plain values
  return { state: 'done', result: Object.fromEntries(given.flatMap(([name, value]) => (value === null ? [] : [[name, String(value)]]))) }
}
