// Agents' sessions: begun with name and password, kept by the browser in a cookie that no script can read, ended by a sign-out, a new password,
// a removal or the end of a shift. Whether one stands is asked of the account each time, so an ending holds at once and for every process.
import { Fault } from '@parley/core/faults.ts'
import type { AgentId } from '@parley/core/ids.ts'
import { parseCookie } from 'cookie'
import type { ActiveAccount } from './account.ts'
import type { Accounts } from './accounts.ts'
import { checkOrigin } from './own-origin.ts'
import type { SessionTokens } from './session-tokens.ts'

export interface DeskAgent {
  readonly id: AgentId
  readonly name: string
  readonly shop: string
  readonly isSupervisor: boolean
}

export interface DeskSessions {
  /** Gives the agent and what the cookie holds. Faults: UNKNOWN_SHOP, SIGN_IN_REFUSED, OVERLOADED. */
  begin(shop: string, name: string, password: string): Promise<{ readonly agent: DeskAgent; readonly token: string }>
  /** Whose session it is, from the headers of a request or an upgrade. Faults: ORIGIN_REFUSED, TOKEN_INVALID, TOKEN_EXPIRED. */
  agentOf(cookieHeader: string | undefined, originHeader: string | undefined, host: string | undefined): Promise<DeskAgent>
  /** Ends every session of the agent. */
  end(agent: DeskAgent): Promise<void>
}

export const DESK_COOKIE = 'parley_desk'

export interface DeskSessionsParts {
  readonly accounts: Accounts
  readonly tokens: SessionTokens
  /** The shops in force. */
  readonly hasShop: (shop: string) => boolean
}

export function createDeskSessions({ accounts, tokens, hasShop }: DeskSessionsParts): DeskSessions {
  const agentFrom = ({ id, name, shop, isSupervisor }: ActiveAccount): DeskAgent => ({ id, name, shop, isSupervisor })
  return {
    async begin(shop, name, password) {
      if (!hasShop(shop)) throw new Fault('UNKNOWN_SHOP', { shop })
      const account = await accounts.signIn(shop, name, password)
      return { agent: agentFrom(account), token: await tokens.issue(account) }
    },
    async agentOf(cookieHeader, originHeader, host) {
      checkOrigin(originHeader, host)
      const token = cookieHeader === undefined ? undefined : parseCookie(cookieHeader)[DESK_COOKIE]
      if (token === undefined) throw new Fault('TOKEN_INVALID', { reason: 'nobody has signed in' })
      const session = await tokens.verify(token)
      const account = hasShop(session.shop) ? accounts.get(session.shop, session.agent) : undefined
      if (account?.state !== 'active' || account.endings !== session.endings)
        throw new Fault('TOKEN_INVALID', { reason: 'the session has ended' })
      return agentFrom(account)
    },
    async end({ id, shop }) {
      const account = accounts.get(shop, id)
      if (account?.state === 'active') await accounts.endSessions(account)
    },
  }
}
