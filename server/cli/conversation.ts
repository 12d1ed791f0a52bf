// `parley conversation`: reads a conversation of the running server and puts it back, over the operator's API. The key comes from the data folder.
import type { ConversationView, EventView, RollbackView } from '../http/conversation-view.ts'
import type { WrongUse } from './agent.ts'
import { askOperator, type OperatorOptions } from './operator-request.ts'
import { askSeen } from './password-prompt.ts'

export interface ConversationOptions extends OperatorOptions {
  readonly json?: true
}

export interface RollbackOptions extends ConversationOptions {
  readonly to: number
  readonly reason: string
  readonly yes?: true
}

/** Faults: SERVER_UNREACHABLE, UNKNOWN_CONVERSATION. */
export async function showConversation(conversation: string, options: ConversationOptions): Promise<void> {
  const view = (await request(conversation, options, '')) as ConversationView // our own server's answer
  if (options.json) return say(JSON.stringify(view))
  say(`${view.shop}/${view.conversation} of customer ${view.customer}, with ${view.agent ?? view.with}. What stands is marked +.`)
  const width = String(view.seq).length
  for (const event of view.events) say(`${event.isShown ? '+' : ' '} ${lineOf(event, width)}`)
}

/** Faults: SERVER_UNREACHABLE, UNKNOWN_CONVERSATION, ROLLBACK_INVALID, NOT_OWNER. */
export async function rollBackConversation(conversation: string, options: RollbackOptions, wrongUse: WrongUse): Promise<void> {
  const { to, reason, json, yes } = options
  if (!yes && (json || !process.stdin.isTTY)) wrongUse('nobody can be asked here: say --yes')
  const preview = (await request(conversation, options, `/rollback?toSeq=${to}`)) as RollbackView // our own server's answer
  if (!json) tellPreview(preview)
  if (!yes) {
    const [answer = ''] = await askSeen(`Take ${conversation} back to ${to}? [y/N] `)
    if (!/^y(es)?$/i.test(answer.trim())) return say('Nothing was taken back.')
  }
  await request(conversation, options, '/rollback', { toSeq: to, reason })
  say(json ? JSON.stringify(preview) : `Conversation ${conversation} is as it was after ${to}.`)
}

function tellPreview({ goes, returns, ends, undoes, staysUndone }: RollbackView): void {
  const width = String(Math.max(...[...goes, ...returns].map(({ seq }) => seq), 0)).length
  for (const entry of goes) say(`- ${lineOf(entry, width)}`)
  for (const entry of returns) say(`+ ${lineOf(entry, width)}`)
  for (const turn of ends) say(`  turn ${turn} ends undecided`)
  for (const { name, result } of undoes) say(`  will be undone: ${[name, ...Object.values(result)].join(' ')}`)
  for (const { name } of staysUndone) say(`  stays undone: ${name}`)
}

const lineOf = ({ seq, at, type, text }: Omit<EventView, 'isShown'>, width: number): string =>
  `${String(seq).padStart(width)}  ${new Date(at).toISOString().slice(0, 19).replace('T', ' ')}  ${type.padEnd(13)}  ${text}`.trimEnd()

const say = (line: string): void => void process.stdout.write(`${line}\n`)

const request = (conversation: string, { url, shop }: ConversationOptions, path: string, body?: object): Promise<unknown> =>
  askOperator(url, `/shops/${encodeURIComponent(shop)}/conversations/${encodeURIComponent(conversation)}${path}`, body)
