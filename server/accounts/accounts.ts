// Who may sign in at a shop's desk or studio. What this must hold: core/SPEC.md, ACC1 to ACC4.
import { randomBytes } from 'node:crypto'
import { Fault } from '@parley/core/faults.ts'
import type { AgentId } from '@parley/core/ids.ts'
import type { Account, ActiveAccount, RemovedAccount } from './account.ts'
import type { AccountRows } from './account-rows.ts'
import { agentName, foldName, nameFrom } from './agent-name.ts'
import { createGate } from './gate.ts'
import { COST, type Cost, type Derive, deriveByScrypt, hashPassword, isOutdated, isPassword, nobodysHash } from './password-hash.ts'
import { checkPassword } from './password-rules.ts'
import type { Role } from './role.ts'

export interface Accounts {
  /** Faults: AGENT_INVALID, AGENT_EXISTS. */
  add(shop: string, name: string, password: string, role?: Role): Promise<ActiveAccount>
  /** Ends every session of the agent, so that none goes on with more or less than the role allows. Faults: UNKNOWN_AGENT. */
  setRole(shop: string, name: string, role: Role): Promise<ActiveAccount>
  /** Ends every session of the agent. Faults: AGENT_INVALID, UNKNOWN_AGENT. */
  setPassword(shop: string, name: string, password: string): Promise<ActiveAccount>
  /** Ends every session of the agent, forgets the password, frees the name. Faults: UNKNOWN_AGENT. */
  remove(shop: string, name: string): Promise<RemovedAccount>
  /** Whose name and password these are. Faults: SIGN_IN_REFUSED, alike and at the same cost for a name and for a password; OVERLOADED. */
  signIn(shop: string, name: string, password: string): Promise<ActiveAccount>
  /** Ends every session of the agent. */
  endSessions(account: ActiveAccount): Promise<void>
  get(shop: string, id: AgentId): Account | undefined
  /** Who of the shop has this name. Faults: UNKNOWN_AGENT. */
  named(shop: string, name: string): ActiveAccount
  /** In order of name; of every shop where none is given; removed ones too. */
  list(shop?: string): readonly Account[]
  close(): Promise<void>
}

export interface AccountsOptions {
  readonly now?: () => number
  readonly cost?: Cost
  readonly derive?: Derive
}

/** Passwords that are looked at together. Each takes a core for its time, and the engine has to go on answering customers. */
const AT_ONCE = 1
/** Sign-ins that may wait for that: some seconds' worth. */
const MOST_WAITING = 50

export function createAccounts(rows: AccountRows, options: AccountsOptions = {}): Accounts {
  const { now = Date.now, cost = COST, derive = deriveByScrypt } = options
  const gate = createGate(AT_ONCE, MOST_WAITING)
  const nobody = nobodysHash(cost)

  const unknown = (shop: string, name: string): Fault => new Fault('UNKNOWN_AGENT', { shop, name })

  function named(shop: string, raw: string): ActiveAccount {
    const account = find(shop, raw)
    if (!account) throw unknown(shop, raw)
    return account
  }

  function find(shop: string, raw: string): ActiveAccount | undefined {
    const name = nameFrom(raw)
    return name === undefined ? undefined : rows.named(shop, foldName(name))
  }

  async function changeNamed<A extends Account>(shop: string, raw: string, next: (before: ActiveAccount) => A): Promise<A> {
    const account = await rows.change(shop, named(shop, raw).id, next)
    if (!account) throw unknown(shop, raw) // removed meanwhile
    return account
  }

  /** The password was right and its hash is of an older cost: make one of today's, unless somebody has changed it meanwhile. */
  async function renew(account: ActiveAccount, raw: string): Promise<void> {
    const password = await hashPassword(raw, cost, derive)
    await rows.change(account.shop, account.id, before =>
      before.password.hash === account.password.hash ? { ...before, password } : before,
    )
  }

  return {
    async add(shop, raw, rawPassword, role = 'agent') {
      const name = agentName(raw)
      checkPassword(rawPassword, name)
      const exists = (): Fault => new Fault('AGENT_EXISTS', { shop, name })
      if (rows.named(shop, foldName(name))) throw exists()
      const password = await hashPassword(rawPassword, cost, derive)
      const id = randomBytes(16).toString('base64url') as AgentId // here is where they are made
      const account: ActiveAccount = { id, shop, name, createdAt: now(), role, state: 'active', password, endings: 0 }
      if (!(await rows.add(account))) throw exists()
      return account
    },
    setRole: (shop, raw, role) => changeNamed(shop, raw, before => ({ ...before, role, endings: before.endings + 1 })),
    async setPassword(shop, raw, rawPassword) {
      const { name } = named(shop, raw)
      checkPassword(rawPassword, name)
      const password = await hashPassword(rawPassword, cost, derive)
      return changeNamed(shop, raw, before => ({ ...before, password, endings: before.endings + 1 }))
    },
    remove: (shop, raw) =>
      changeNamed(shop, raw, ({ password: _p, endings: _e, ...who }) => ({ ...who, state: 'removed', disabledAt: now() })),
    async signIn(shop, raw, password) {
      const done = await gate(async () => {
        const account = find(shop, raw)
        const isRight = await isPassword(password, account?.password ?? nobody, derive)
        if (!account || !isRight) throw new Fault('SIGN_IN_REFUSED', {})
        if (isOutdated(account.password, cost)) await renew(account, password)
        return account
      })
      if (!done) throw new Fault('OVERLOADED', { what: 'the queue of sign-ins', retryAfterMs: 5_000 })
      return done.value
    },
    async endSessions(account) {
      await rows.change(account.shop, account.id, before => ({ ...before, endings: before.endings + 1 }))
    },
    get: (shop, id) => rows.get(shop, id),
    named,
    list: shop => rows.list(shop),
    close: () => rows.close(),
  }
}
