// `parley customer` and `parley erasures`: what the running server keeps of a customer, all of it as JSON, and to erase it for good.
import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { EndedErasure, Erasure } from '@parley/core/erasure/erasure.ts'
import { Fault } from '@parley/core/faults.ts'
import type { CustomerView } from '../http/operator-customers.ts'
import type { WrongUse } from './agent.ts'
import { answerOf, askOperator, type OperatorOptions } from './operator-request.ts'
import { askSeen } from './password-prompt.ts'

export interface CustomerOptions extends OperatorOptions {
  readonly json?: true
}
export interface EraseOptions extends CustomerOptions {
  readonly yes?: true
}

const pathOf = (...parts: readonly string[]): string => `/shops/${parts.map(encodeURIComponent).join('/')}`

const fetchView = async (customer: string, { url, shop }: OperatorOptions): Promise<CustomerView> =>
  (await askOperator(url, pathOf(shop, 'customers', customer))) as CustomerView // our own server's answer

/** Faults: SERVER_UNREACHABLE, UNKNOWN_CUSTOMER. */
export async function showCustomer(customer: string, options: CustomerOptions): Promise<void> {
  const view = await fetchView(customer, options)
  if (options.json) return say(JSON.stringify(view))
  for (const line of linesOf(view)) say(line)
}

/** `out`: a new file; standard output without one. Faults: as `showCustomer`, CONFIG_INVALID where the file is there already. */
export async function exportCustomer(customer: string, options: OperatorOptions & { readonly out?: string }): Promise<void> {
  const { out } = options
  const answer = await answerOf(options.url, pathOf(options.shop, 'customers', customer, 'export'), 'GET')
  if (!answer.body) throw new Error('the server has answered without a body')
  const into = out === undefined ? process.stdout : createWriteStream(out, { flags: 'wx', mode: 0o600 })
  try {
    await pipeline(Readable.fromWeb(answer.body as never), into, { end: out !== undefined }) // the same stream by its web type and by Node's
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')) throw cause
    throw new Fault('CONFIG_INVALID', { file: out ?? '', path: '', reason: 'it is there already' }, { cause })
  }
  if (out !== undefined) process.stderr.write(`Everything of customer ${customer} is in ${out}.\n`)
}

/** Faults: as `showCustomer`, SHUTTING_DOWN. */
export async function eraseCustomer(customer: string, options: EraseOptions, wrongUse: WrongUse): Promise<void> {
  const view = await fetchViewUnlessUnasked(customer, options, wrongUse)
  for (const line of view ? linesOf(view) : []) say(line)
  await eraseWhenSure(pathOf(options.shop, 'customers', customer), `Erase all of customer ${customer}, for good?`, options)
}

/** Faults: SERVER_UNREACHABLE, UNKNOWN_CONVERSATION, CONVERSATION_ERASED, SHUTTING_DOWN. */
export async function eraseConversation(conversation: string, options: EraseOptions, wrongUse: WrongUse): Promise<void> {
  refuseUnasked(options, wrongUse)
  await eraseWhenSure(pathOf(options.shop, 'conversations', conversation), `Erase conversation ${conversation}, for good?`, options)
}

/** Faults: SERVER_UNREACHABLE. */
export async function listErasures(options: CustomerOptions): Promise<void> {
  const { erasures } = (await askOperator(options.url, pathOf(options.shop, 'erasures'))) as { readonly erasures: readonly Erasure[] } // our own server's answer
  if (options.json) return say(JSON.stringify(erasures))
  for (const erasure of erasures) {
    const by = erasure.by.kind === 'agent' ? `agent ${erasure.by.agent.name}` : erasure.by.kind
    const what = erasure.state === 'asked' ? 'under way' : countsOf(erasure)
    say(`${timeOf(erasure.at)}  ${erasure.id}  by ${by}: ${what}`)
  }
}

async function fetchViewUnlessUnasked(customer: string, options: EraseOptions, wrongUse: WrongUse): Promise<CustomerView | undefined> {
  refuseUnasked(options, wrongUse)
  const view = await fetchView(customer, options)
  return options.json ? undefined : view
}

function refuseUnasked({ json, yes }: EraseOptions, wrongUse: WrongUse): void {
  if (!yes && (json || !process.stdin.isTTY)) wrongUse('nobody can be asked here: say --yes')
}

async function eraseWhenSure(path: string, question: string, options: EraseOptions): Promise<void> {
  if (!options.yes) {
    const [answer = ''] = await askSeen(`${question} Nobody can bring it back. Type "erase": `)
    if (answer.trim().toLowerCase() !== 'erase') return say('Nothing was erased.')
  }
  const erasure = (await (await answerOf(options.url, path, 'DELETE')).json()) as EndedErasure // our own server's answer
  if (options.json) return say(JSON.stringify(erasure))
  say(`Erased: ${countsOf(erasure)}. The note of it is ${erasure.id}.`)
  for (const key of erasure.failedEffects) say(`Nobody knows whether this was done: ${key}. Look in the shop's own system.`)
  say('Backups from before hold it still: remove them in time (docs/operations.md).')
}

const countsOf = ({ conversations }: EndedErasure): string => {
  const events = conversations.reduce((sum, each) => sum + each.events, 0)
  return `${conversations.length} ${conversations.length === 1 ? 'conversation' : 'conversations'} with ${events} events`
}

const linesOf = ({ shop, customer, conversations }: CustomerView): string[] => [
  `Customer ${customer} of shop ${shop}:`,
  ...conversations.map(({ conversation, events, firstAt, lastAt, damaged }) =>
    damaged === undefined
      ? `  ${conversation}  ${events} events, ${timeOf(firstAt)} to ${timeOf(lastAt)}`
      : `  ${conversation}  ${damaged}`,
  ),
]

const timeOf = (at: number): string => new Date(at).toISOString().slice(0, 19).replace('T', ' ')
const say = (line: string): void => void process.stdout.write(`${line}\n`)
