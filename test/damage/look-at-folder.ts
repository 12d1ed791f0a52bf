// Opens a data folder as a server does at its start and reads everything that a server serves from it. A process of its own, since LMDB may end the one
// that reads a damaged page; damage.test.ts asks it, one folder after another.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { SNAPSHOT_VERSION } from '@parley/core/conversation/stretch.ts'
import { isFault } from '@parley/core/faults.ts'
import type { ConversationKey } from '@parley/core/ids.ts'
import { createAccounts } from '@parley/server/accounts/accounts.ts'
import { createConversations } from '@parley/server/conversations.ts'
import { openLmdbAccounts } from '@parley/server/drivers/accounts.lmdb.ts'
import { openLmdbLog } from '@parley/server/drivers/conversation-log.lmdb.ts'
import { openFileSnapshots } from '@parley/server/drivers/snapshots.files.ts'
import { openLmdbVault } from '@parley/server/drivers/vault.lmdb.ts'
import { loadOrMakeSecret } from '@parley/server/secret.ts'
import { openJobs } from '../power-cut/told.ts'
import { keyOf } from '../server/stored-data.ts'

/** What a reader is given, by its name: a hash of the content, or the code of a fault. Anything else that was thrown is under `error`. */
export type Served = Readonly<
  Record<string, { readonly hash: string } | { readonly fault: string; readonly message: string } | { readonly error: string }>
>
export interface Look {
  readonly data: string
  readonly conversations: readonly string[]
}

const hashOf = (content: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify(content ?? null))
    .digest('hex')

async function look({ data, conversations: names }: Look): Promise<Served> {
  const served: Record<string, Served[string]> = {}
  const closing: (() => Promise<unknown>)[] = []
  const tell = async <T>(name: string, read: () => Promise<T> | T): Promise<T | undefined> => {
    try {
      const content = await read()
      served[name] = { hash: hashOf(content) }
      return content
    } catch (error) {
      served[name] = isFault(error)
        ? { fault: error.code, message: error.message }
        : { error: error instanceof Error ? (error.stack ?? error.message) : String(error) }
      return undefined
    }
  }
  /** As at a server's start: what cannot be opened ends it. */
  async function open<T extends { close(): Promise<unknown> }>(name: string, opening: () => Promise<T> | T): Promise<T> {
    let opened: T | undefined
    await tell(`start: ${name}`, async () => {
      opened = await opening()
    })
    if (!opened) throw new Stopped()
    closing.push(() => opened?.close() ?? Promise.resolve())
    return opened
  }
  try {
    const log = await open('log', () => openLmdbLog(join(data, 'log')))
    const vault = await open('keys', () => openLmdbVault(join(data, 'keys')))
    const accounts = await open('accounts', () => createAccounts(openLmdbAccounts(join(data, 'accounts'))))
    await tell('secret', () => loadOrMakeSecret(data).keyFor('operator').toString('hex'))
    const snapshots = await openFileSnapshots(join(data, 'snapshots'), SNAPSHOT_VERSION)
    const conversations = createConversations(log, vault, { snapshots, observer: { opened() {}, written() {}, failed() {} } })
    closing.push(() => conversations.close())
    const jobs = await open('jobs', () => openJobs(data))
    for (const table of ['unsettled', 'withPeople'] as const)
      await tell(table, async () => {
        const keys: ConversationKey[] = []
        for await (const key of log[table]()) keys.push(key)
        return keys
      })
    await tell('the accounts', () => accounts.list('demo'))
    await tell('the jobs', async () => (await jobs.list({ limit: 200 })).jobs)
    for (const name of names) {
      await tell(name, async () => (await conversations.read(keyOf(name), 0)).events)
      await tell(`${name} opened`, async () => {
        const { dialogue, custody, seq } = await conversations.open(keyOf(name))
        return [seq, dialogue, custody.customer, custody.owner, custody.open]
      })
    }
  } catch (error) {
    if (!(error instanceof Stopped)) throw error
  }
  for (const close of closing.reverse()) await tell('stop', close)
  return served
}

class Stopped extends Error {}

process.on('message', (asked: Look) => look(asked).then(served => process.send?.(served)))
