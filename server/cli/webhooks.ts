// `parley webhooks`: which webhooks the running server has, what came of their deliveries, and to deliver again.
import { randomBytes } from 'node:crypto'
import type { WebhookView } from '../http/operator-webhooks.ts'
import type { Delivery } from '../webhooks/webhook-store.ts'
import type { WrongUse } from './agent.ts'
import { askOperator } from './operator-request.ts'

export interface WebhooksOptions {
  readonly url: string
  readonly json?: true
}
export interface ReplayOptions extends WebhooksOptions {
  readonly conversation?: string
  readonly from?: number
  readonly givenUp?: true
}

/** Faults: SERVER_UNREACHABLE. */
export async function listWebhooks({ url, json }: WebhooksOptions): Promise<void> {
  const { webhooks } = (await askOperator(url, '/webhooks')) as { webhooks: WebhookView[] } // our own server's answer
  if (json) return say(JSON.stringify(webhooks))
  for (const { id, shop, url, events, includeText, offSince } of webhooks) {
    const what = `${events.length === 0 ? 'all events' : events.join(', ')}${includeText ? ', with text' : ''}`
    say(`${id}  ${shop}  ${url}  ${what}${offSince === null ? '' : `  off since ${time(offSince)}: its receiver is gone`}`)
  }
  if (webhooks.length === 0) say('There are none: docs/webhooks.md')
}

/** Newest first. Faults: SERVER_UNREACHABLE, UNKNOWN_WEBHOOK. */
export async function listDeliveries(webhook: string, { url, json, limit }: WebhooksOptions & { readonly limit: number }): Promise<void> {
  const path = `/webhooks/${encodeURIComponent(webhook)}/deliveries?limit=${limit}`
  const { deliveries } = (await askOperator(url, path)) as { deliveries: Delivery[] } // our own server's answer
  if (json) return say(JSON.stringify(deliveries))
  for (const { at, outcome, status, error, attempt, ms, type, conversation, seq } of deliveries)
    say(
      `${time(at)}  ${outcome.padEnd(9)}  ${String(status ?? error).padEnd(7)}  try ${attempt}, ${ms} ms  ${type}  ${conversation} ${seq}`,
    )
}

/** Faults: SERVER_UNREACHABLE, UNKNOWN_WEBHOOK. */
export async function replay(webhook: string, options: ReplayOptions, wrongUse: WrongUse): Promise<void> {
  const { url, conversation, from, givenUp, json } = options
  if ((conversation === undefined) === (givenUp === undefined)) wrongUse('say either --conversation ID or --given-up')
  const body = givenUp ? { givenUp } : { conversation, ...(from !== undefined && { from }) }
  const answer = (await askOperator(url, `/webhooks/${encodeURIComponent(webhook)}/replay`, body)) as { replayed: number } // our own server's answer
  say(json ? JSON.stringify(answer) : `${answer.replayed} ${answer.replayed === 1 ? 'event is' : 'events are'} delivered again.`)
}

/** Faults: SERVER_UNREACHABLE, UNKNOWN_WEBHOOK. */
export async function enable(webhook: string, { url }: WebhooksOptions): Promise<void> {
  await askOperator(url, `/webhooks/${encodeURIComponent(webhook)}/enable`, {})
  say(`Webhook ${webhook} is told of what happens from now on.`)
}

export const printSecret = (): void => say(`whsec_${randomBytes(32).toString('base64')}`)

const time = (at: number): string => new Date(at).toISOString().slice(0, 19).replace('T', ' ')
const say = (line: string): void => void process.stdout.write(`${line}\n`)
