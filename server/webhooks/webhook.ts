// The webhooks of a shop as the configuration has them, with their secrets in hand.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import type { WebhookEventType } from '@parley/core/webhooks/webhook-event.ts'
import type { ShopConfig, WebhookConfig } from '../config.ts'

export interface Webhook {
  /** Names its address: another address is another webhook. */
  readonly id: string
  readonly shop: string
  readonly url: URL
  /** The newest first; while one is exchanged for another, each delivery is signed with both. */
  readonly secrets: readonly string[]
  /** Those that it is told of; null: all. */
  readonly events: ReadonlySet<WebhookEventType> | null
  readonly includeText: boolean
}

export const wants = ({ events }: Webhook, type: WebhookEventType): boolean => events === null || events.has(type)

/** Faults: CONFIG_INVALID, naming the webhook's address and what is wrong with its secret. */
export const webhooksOf = ({ id: shop, webhooks }: ShopConfig): readonly Webhook[] =>
  webhooks.map(hook => ({
    id: `wh_${createHash('sha256').update(hook.url).digest('hex').slice(0, 12)}`,
    shop,
    url: new URL(hook.url),
    secrets: secretsOf(hook),
    events: hook.events.length === 0 ? null : new Set(hook.events),
    includeText: hook.includeText,
  }))

function secretsOf({ url, secretFile, secretEnv, secret }: WebhookConfig): readonly string[] {
  const wrong = (file: string, reason: string): Fault => new Fault('CONFIG_INVALID', { file, path: `webhook ${url}`, reason })
  const from = secretFile ?? `environment variable ${secretEnv}`
  let text = secret ?? ''
  try {
    if (secretFile !== undefined) text = readFileSync(resolve(secretFile), 'utf8')
  } catch (cause) {
    throw new Fault('CONFIG_INVALID', { file: from, path: `webhook ${url}`, reason: 'the file cannot be read' }, { cause })
  }
  const secrets = text.split(/\s+/).filter(part => part !== '')
  if (secrets.length === 0) throw wrong(from, 'there is no secret in it')
  if (secrets.length > 2) throw wrong(from, 'it holds more than two secrets: the new one, and for a while the old one')
  for (const each of secrets) {
    const [, base64 = ''] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(each) ?? []
    const bytes = Buffer.from(base64, 'base64').length
    if (bytes < 24 || bytes > 64)
      throw wrong(from, 'a secret is whsec_ and 24 to 64 bytes in base64: bin/parley webhooks secret prints one')
  }
  return secrets
}
