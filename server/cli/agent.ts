// `parley agent`: who may sign in at /desk and at /studio. Writes to the data folder, or to what the nodes of a cluster share, whether or not
// anybody serves; whoever serves sees it at once.
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import type { Account } from '../accounts/account.ts'
import type { Accounts } from '../accounts/accounts.ts'
import { agentName, foldName } from '../accounts/agent-name.ts'
import { PAGE_OF, type Role } from '../accounts/role.ts'
import { type Config, readConfig } from '../config.ts'
import { openAccounts } from '../shared-records.ts'
import { askForPassword, askSeen, passwordFromInput } from './password-prompt.ts'

export interface AgentOptions {
  readonly shop?: string
}
export interface PasswordOptions extends AgentOptions {
  readonly passwordStdin?: true
}
export interface AddOptions extends PasswordOptions {
  readonly role?: Role
  readonly supervisor?: true
}

/** Ends the command as wrongly used. */
export type WrongUse = (message: string) => never

/** Faults: UNKNOWN_SHOP, AGENT_INVALID, AGENT_EXISTS. */
export function addAgent(raw: string, options: AddOptions, wrongUse: WrongUse): Promise<void> {
  return withAccounts(async (accounts, config) => {
    const shop = shopOf(options, config, wrongUse)
    if (!config.shops.some(({ id }) => id === shop)) throw new Fault('UNKNOWN_SHOP', { shop })
    const name = agentName(raw)
    // Before the password is asked for: nobody should think of one in vain.
    if (accounts.list(shop).some(account => account.state === 'active' && foldName(account.name) === foldName(name)))
      throw new Fault('AGENT_EXISTS', { shop, name })
    const role = options.supervisor ? 'supervisor' : options.role
    const agent = await accounts.add(shop, name, await passwordFor(name, options, wrongUse), role)
    const where = config.log.driver === 'nats' ? 'shared by all nodes' : join(config.data, 'accounts')
    say(`${TITLE[agent.role]} ${agent.name} of shop ${shop} may sign in at ${PAGE_OF[agent.role]}. Accounts: ${where}`)
  })
}

/** Faults: UNKNOWN_AGENT. */
export function changeRole(raw: string, role: Role, options: AgentOptions, wrongUse: WrongUse): Promise<void> {
  return withAccounts(async (accounts, config) => {
    const shop = shopOf(options, config, wrongUse)
    const { name } = await accounts.setRole(shop, raw, role)
    say(`${name} of shop ${shop} is ${NOW[role]} now and is signed out everywhere; the page for it is ${PAGE_OF[role]}.`)
  })
}

/** Faults: UNKNOWN_AGENT, AGENT_INVALID. */
export function changePassword(raw: string, options: PasswordOptions, wrongUse: WrongUse): Promise<void> {
  return withAccounts(async (accounts, config) => {
    const shop = shopOf(options, config, wrongUse)
    const { name } = accounts.named(shop, raw)
    await accounts.setPassword(shop, name, await passwordFor(name, options, wrongUse))
    say(`Agent ${name} of shop ${shop} has a new password and is signed out everywhere.`)
  })
}

/** Faults: UNKNOWN_AGENT. */
export function removeAgent(raw: string, options: AgentOptions & { readonly yes?: true }, wrongUse: WrongUse): Promise<void> {
  return withAccounts(async (accounts, config) => {
    const shop = shopOf(options, config, wrongUse)
    const { name } = accounts.named(shop, raw)
    if (!options.yes) {
      if (!process.stdin.isTTY) wrongUse('nobody can be asked here: say --yes')
      const [answer = ''] = await askSeen(`Remove agent ${name} of shop ${shop}? [y/N] `)
      if (!/^y(es)?$/i.test(answer.trim())) return say('Nobody was removed.')
    }
    await accounts.remove(shop, name)
    say(`Agent ${name} of shop ${shop} is removed and signed out everywhere.`)
  })
}

/** Those of every shop where none is named. */
export function listAgents(options: AgentOptions & { readonly json?: true; readonly all?: true }): Promise<void> {
  return withAccounts(async accounts => {
    const rows = accounts
      .list(options.shop)
      .filter(account => options.all || account.state === 'active')
      .map(viewOf)
    if (options.json) return say(JSON.stringify(rows))
    if (rows.length === 0) return say('There are no agents. Add one: parley agent add NAME')
    const width = Math.max(...rows.map(row => row.shop.length))
    for (const { shop, name, role, createdAt, removedAt } of rows)
      say(
        `${shop.padEnd(width)}  ${role.padEnd(10)}  since ${createdAt.slice(0, 10)}  ${name}${removedAt ? `  (removed ${removedAt.slice(0, 10)})` : ''}`,
      )
  })
}

const TITLE: Readonly<Record<Role, string>> = { agent: 'Agent', supervisor: 'Supervisor', data: 'Data person' }
const NOW: Readonly<Record<Role, string>> = { agent: 'an agent', supervisor: 'a supervisor', data: 'a data person' }

const viewOf = (account: Account) => ({
  id: account.id,
  shop: account.shop,
  name: account.name,
  role: account.role,
  createdAt: new Date(account.createdAt).toISOString(),
  ...(account.state === 'removed' && { removedAt: new Date(account.disabledAt).toISOString() }),
})

const say = (line: string): void => void process.stdout.write(`${line}\n`)

async function withAccounts(work: (accounts: Accounts, config: Config) => Promise<void>): Promise<void> {
  const config = readConfig(process.env)
  const accounts = await openAccounts(config)
  try {
    await work(accounts, config)
  } finally {
    await accounts.close()
  }
}

/** The shop that was named, or the only one. */
export function shopOf({ shop }: AgentOptions, { shops }: Config, wrongUse: WrongUse): string {
  const only = shops.length === 1 ? shops[0]?.id : undefined
  return shop ?? only ?? wrongUse(`there are ${shops.length} shops: name one with --shop (${shops.map(({ id }) => id).join(', ')})`)
}

async function passwordFor(name: string, options: PasswordOptions, wrongUse: WrongUse): Promise<string> {
  if (options.passwordStdin) return passwordFromInput()
  if (!process.stdin.isTTY) wrongUse('there is no terminal to ask for the password: say --password-stdin and pipe it in')
  return (await askForPassword(name)) ?? wrongUse('no password was given')
}
