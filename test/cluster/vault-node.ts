// A node's keys in a process of its own, for tests that halt and kill it: what its parent asks over the channel between them it does, one answer a question.
//   vault-node.ts FOLDER SETTINGS     settings as JSON, the secret in hex
import { isFault } from '@parley/core/faults.ts'
import { asConversationId, asCustomerId, asShopId } from '@parley/core/ids.ts'
import { openNats } from '@parley/server/drivers/nats.ts'
import { openNatsVault } from '@parley/server/drivers/vault.nats.ts'
import { erasureOf } from '../erasure-of.ts'

export type Question = { readonly number: number; readonly conversation: string } & (
  | { readonly ask: 'seal'; readonly text: string; readonly customer: string }
  | { readonly ask: 'open'; readonly sealed: string }
  | { readonly ask: 'destroy'; readonly id: string; readonly others: readonly string[] }
)
export interface Answer {
  readonly number: number
  /** Of `seal` in hex, of `open` the text. */
  readonly said?: string
  readonly fault?: string
}

const [folder = '', given = ''] = process.argv.slice(2)
const settings = JSON.parse(given)
const nats = await openNats(settings)
const own = { ...settings, secret: Buffer.from(settings.secret, 'hex'), mayMake: async () => true }
const vault = await openNatsVault(folder, nats, own, error => process.stderr.write(`broke ${error}\n`))
const shop = asShopId('demo')

async function answer(question: Question): Promise<string | undefined> {
  const key = { shop, conversation: asConversationId(question.conversation) }
  if (question.ask === 'seal') {
    const cipher = await vault.cipher(key, asCustomerId(question.customer))
    return Buffer.from(cipher.seal(Buffer.from(question.text), 'c')).toString('hex')
  }
  if (question.ask === 'open') {
    const owned = await vault.opened(key)
    return owned && Buffer.from(owned.cipher.open(Buffer.from(question.sealed, 'hex'), 'c')).toString()
  }
  await vault.destroy(erasureOf(question.id, [question.conversation, ...question.others]))
  return undefined
}

process.on('message', (question: Question) => {
  const { number } = question
  answer(question).then(
    said => process.send?.({ number, ...(said !== undefined && { said }) } satisfies Answer),
    error => process.send?.({ number, fault: isFault(error) ? error.code : String(error) } satisfies Answer),
  )
})
process.on('disconnect', () => process.exit())
process.send?.({ number: 0 } satisfies Answer)
