// Sessions of people: begun with name and password, kept by the browser in a cookie that no script can read, ended by a sign-out, a new password, another
// role, a removal or the end of a shift. Whether one stands is asked of the account each time, so an ending holds at once and for every process.
import { Fault } from '@parley/core/faults.ts'
import type { AgentId } from '@parley/core/ids.ts'
import { parseCookie } from 'cookie'
import type { ActiveAccount } from './account.ts'
import type { Accounts } from './accounts.ts'
import { checkOrigin } from './own-origin.ts'
import { PAGE_OF, type Role } from './role.ts'
import type { SessionTokens } from './session-tokens.ts'

export interface SignedIn {
  readonly id: AgentId
  readonly name: string
  readonly shop: string
  readonly role: Role
}

export interface Sessions {
  /** Gives the person and what the cookie holds. Faults: UNKNOWN_SHOP, SIGN_IN_REFUSED, ROLE_REFUSED, OVERLOADED. */
  begin(shop: string, name: string, password: string): Promise<{ readonly person: SignedIn; readonly token: string }>
  /** Whose session it is, from the headers of a request or an upgrade. Faults: ORIGIN_REFUSED, TOKEN_INVALID, TOKEN_EXPIRED. */
  personOf(cookieHeader: string | undefined, originHeader: string | undefined, host: string | undefined): Promise<SignedIn>
  /** Ends every session of the person. */
  end(person: SignedIn): Promise<void>
}

export const DESK_COOKIE = 'parley_desk'
export const STUDIO_COOKIE = 'parley_studio'

export interface SessionsParts {
  readonly accounts: Accounts
  readonly tokens: SessionTokens
  /** The shops in force. */
  readonly hasShop: (shop: string) => boolean
  /** The page that they are for: only who has a role of it is let in. */
  readonly page: (typeof PAGE_OF)[Role]
  readonly cookie: string
}

export function createSessions({ accounts, tokens, hasShop, page, cookie }: SessionsParts): Sessions {
  const personIn = ({ id, name, shop, role }: ActiveAccount): SignedIn => ({ id, name, shop, role })
  return {
    async begin(shop, name, password) {
      if (!hasShop(shop)) throw new Fault('UNKNOWN_SHOP', { shop })
      const account = await accounts.signIn(shop, name, password)
      // Told to nobody but who knows the password.
      if (PAGE_OF[account.role] !== page) throw new Fault('ROLE_REFUSED', { role: account.role, page: PAGE_OF[account.role] })
      return { person: personIn(account), token: await tokens.issue(account) }
    },
    async personOf(cookieHeader, originHeader, host) {
      checkOrigin(originHeader, host)
      const token = cookieHeader === undefined ? undefined : parseCookie(cookieHeader)[cookie]
      if (token === undefined) throw new Fault('TOKEN_INVALID', { reason: 'nobody has signed in' })
      const session = await tokens.verify(token)
      const account = hasShop(session.shop) ? accounts.get(session.shop, session.agent) : undefined
      if (account?.state !== 'active' || account.endings !== session.endings || PAGE_OF[account.role] !== page)
        throw new Fault('TOKEN_INVALID', { reason: 'the session has ended' })
      return personIn(account)
    },
    async end({ id, shop }) {
      const account = accounts.get(shop, id)
      if (account?.state === 'active') await accounts.endSessions(account)
    },
  }
}
