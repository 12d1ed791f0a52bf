// What the accounts need of a store. Another process may write at the same time: every change is one transaction, every read sees the newest.
import type { AgentId } from '@parley/core/ids.ts'
import type { Account, ActiveAccount } from './account.ts'

export interface AccountRows {
  /** Who of the shop has this folded name; nobody who is removed. */
  named(shop: string, folded: string): ActiveAccount | undefined
  get(shop: string, id: AgentId): Account | undefined
  /** In order of name; of every shop where none is given. */
  list(shop?: string): readonly Account[]
  /** False, and nothing is stored, when the shop has the name already. Durable when it resolves, as `change`. */
  add(account: ActiveAccount): Promise<boolean>
  /** Puts what `next` makes of the agent as it stands then, and frees the name of one it removes. Undefined, and nothing is stored, where it is removed. */
  change<A extends Account>(shop: string, id: AgentId, next: (before: ActiveAccount) => A): Promise<A | undefined>
  close(): Promise<void>
}
