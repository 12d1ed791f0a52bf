// The vault on real servers, with a stream of its own.
import { randomBytes } from 'node:crypto'
import type { Epoch } from '@parley/core/ids.ts'
import type { Vault } from '@parley/core/ports/vault.ts'
import { keysStreamOf } from '@parley/server/drivers/keys-stream.ts'
import { type Nats, openNats } from '@parley/server/drivers/nats.ts'
import { type NatsVaultSettings, openNatsVault } from '@parley/server/drivers/vault.nats.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import type { NatsCluster } from './nats-cluster.ts'

let made = 0

export interface ReplicatedVault {
  readonly settings: NatsVaultSettings & { readonly servers: readonly string[]; readonly monitors: readonly string[] }
  readonly stream: string
  /** What the nodes have said of damage. */
  readonly broken: unknown[]
  /** A node of its own, or one that was there before. */
  open(folder?: string, changes?: Partial<NatsVaultSettings>): Promise<Vault>
  /** A node of its own over a line that is the test's. */
  openOver(nats: Nats, changes?: Partial<NatsVaultSettings>): Promise<Vault>
  folder(): string
  /** Closes what is open, and removes stream and folders. */
  remove(): Promise<void>
}

export function replicatedVault({ urls, monitors, servers }: NatsCluster): ReplicatedVault {
  const settings = {
    servers: urls,
    monitors,
    name: `vault${++made}`,
    replicas: servers.length,
    epoch: 'e1' as Epoch,
    owner: 'test',
    secret: randomBytes(32),
    node: '',
    mayMake: async () => true,
  }
  const folders: ReturnType<typeof temporaryFolder>[] = []
  const vaults: Vault[] = []
  const broken: unknown[] = []
  const folder = (): string => {
    const next = temporaryFolder()
    folders.push(next)
    return next.path
  }
  return {
    settings,
    stream: keysStreamOf(settings.name),
    broken,
    folder,
    async open(path = folder(), changes = {}) {
      const nats = await openNats(settings)
      const node = `n${folders.findIndex(each => each.path === path)}`
      const vault = await openNatsVault(path, nats, { ...settings, node, ...changes }, error => broken.push(error))
      const own = { ...vault, close: () => vault.close().finally(() => nats.close()) }
      vaults.push(own)
      return own
    },
    async openOver(nats, changes = {}) {
      const path = folder()
      const vault = await openNatsVault(path, nats, { ...settings, node: `n${folders.length - 1}`, ...changes }, error =>
        broken.push(error),
      )
      vaults.push(vault)
      return vault
    },
    async remove() {
      for (const vault of vaults) await vault.close()
      const nats = await openNats(settings)
      await nats.manager.streams.delete(keysStreamOf(settings.name)).catch(() => {})
      await nats.close()
      for (const each of folders) each.remove()
    },
  }
}
