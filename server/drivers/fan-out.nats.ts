// Fan-out between nodes: NATS carries what is in no log, typing and marks, on a subject for each conversation that a node subscribes to only while it
// has a listener there. What was appended comes to each node by its log, so nothing here has to arrive: a mark that was lost comes with the next, and a
// node whose first listener comes, or whose line was broken, asks the others what they know, and tells them what it knows itself.
//
// What people write is not among it; who is in a conversation with whom is, so it is sealed: with a key of each process's own, made of one that all
// nodes have, so that no two of them ever use one nonce. A message is: 1 · the process's salt (16) · nonce, ciphertext and tag (cipher.ts), bound to the
// subject that it was sent on.
import { hkdfSync, randomBytes } from 'node:crypto'
import { createInbox, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node'
import { asConversationId, asShopId, type ConversationKey } from '@parley/core/ids.ts'
import type { FanOut, Peer, Word } from '@parley/core/ports/fan-out.ts'
import type { Cipher } from '@parley/core/ports/vault.ts'
import { createCipher } from './cipher.ts'
import { createLocalFanOut } from './fan-out.local.ts'

export interface NatsFanOutSettings {
  /** What all subjects begin with, so that several installations can share servers. */
  readonly name: string
  /** 32 bytes that the nodes of this installation have alone. */
  readonly secret: Uint8Array
}

export interface NatsFanOut extends FanOut {
  /** Lets go of the subscriptions. The connection stays its owner's. */
  close(): Promise<void>
}

const VERSION = 1
const SALT = 16
/** Other processes whose keys are kept: more than an installation has nodes, restarts included. */
const MOST_KEYS = 256

/** What a message says. The conversation stands in it, since an answer comes on a subject that is no conversation's. */
interface Told {
  readonly shop: string
  readonly conversation: string
  readonly word: Word
}

/** `onBroken` is told of a listener that threw, and of a bug. */
export function createNatsFanOut(
  connection: NatsConnection,
  { name, secret }: NatsFanOutSettings,
  onBroken: (error: unknown) => void,
): NatsFanOut {
  const local = createLocalFanOut(onBroken)
  const salt = randomBytes(SALT)
  const own = cipherOf(secret, salt)
  const others = new Map<string, Cipher>()
  const joined = new Map<string, { readonly key: ConversationKey; readonly subscription: Subscription }>()
  /** Where the answers come to what this node asks. */
  const inbox = createInbox()
  let peer: Peer | undefined
  /** Without a line what is said would wait, and be old when it is heard. */
  let isAway = false
  let isClosed = false

  const subjectOf = ({ shop, conversation }: ConversationKey): string => `${name}.sign.${shop}.${conversation}`

  function send(subject: string, { shop, conversation }: ConversationKey, word: Word, reply?: string): void {
    if (isAway || isClosed || connection.isClosed()) return
    const told: Told = { shop, conversation, word }
    const sealed = own.seal(Buffer.from(JSON.stringify(told)), subject)
    connection.publish(subject, Buffer.concat([Buffer.of(VERSION), salt, sealed]), reply === undefined ? {} : { reply })
  }

  /** Undefined for this process's own, for what another release says in another way, and for what was not sealed by a node of this installation. */
  function open({ data, subject }: Msg): Told | undefined {
    if (data[0] !== VERSION || data.length < 1 + SALT) return undefined
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    const from = bytes.subarray(1, 1 + SALT)
    if (from.equals(salt)) return undefined
    try {
      const id = from.toString('latin1')
      const cipher = others.get(id) ?? cipherOf(secret, from)
      const told = JSON.parse(Buffer.from(cipher.open(bytes.subarray(1 + SALT), subject)).toString()) as Told // a node of ours has sealed it
      others.set(id, cipher)
      if (others.size > MOST_KEYS) others.delete(others.keys().next().value as string) // size > 0: there is a first one
      return told
    } catch {
      return undefined
    }
  }

  function hear(error: Error | null, message: Msg): void {
    if (error || isClosed) return
    const told = open(message)
    if (!told) return
    const key = { shop: asShopId(told.shop), conversation: asConversationId(told.conversation) }
    if (!local.isHeard(key)) return // its last listener has just gone
    try {
      peer?.heard(key, told.word)
      const known = message.reply ? peer?.known(key) : undefined
      if (message.reply && known) send(message.reply, key, known)
    } catch (bug) {
      onBroken(bug)
    }
  }

  const ask = (key: ConversationKey): void => send(subjectOf(key), key, peer?.known(key) ?? {}, inbox)

  function leave(id: string): void {
    joined.get(id)?.subscription.unsubscribe()
    joined.delete(id)
  }

  const answers = connection.subscribe(inbox, { callback: hear })
  const watch = async (): Promise<void> => {
    for await (const { type } of connection.status()) {
      if (type === 'disconnect') isAway = true
      if (type !== 'reconnect' || isClosed) continue
      isAway = false
      for (const { key } of joined.values()) ask(key)
    }
  }
  watch().catch(onBroken)

  return {
    publish: local.publish,
    isHeard: local.isHeard,
    subscribe(key, listener) {
      const mine = { ...key }
      const id = subjectOf(mine)
      const unsubscribe = local.subscribe(mine, listener)
      if (!joined.has(id) && !isClosed && !connection.isClosed()) {
        joined.set(id, { key: mine, subscription: connection.subscribe(id, { callback: hear }) })
        ask(mine)
      }
      return () => {
        unsubscribe()
        if (!local.isHeard(mine)) leave(id)
      }
    },
    tell: (key, word) => send(subjectOf(key), key, word),
    meet(engine) {
      peer = engine
    },
    async close() {
      isClosed = true
      answers.unsubscribe()
      for (const id of [...joined.keys()]) leave(id)
    },
  }
}

const cipherOf = (secret: Uint8Array, salt: Uint8Array): Cipher =>
  createCipher(new Uint8Array(hkdfSync('sha256', secret, salt, 'parley signs', 32)))
