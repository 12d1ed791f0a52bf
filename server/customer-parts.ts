// What customers are served with in whichever process they arrive: the engine's, or one for sockets.

import { CLOSE } from '@parley/core/protocol/close-codes.ts'
import { type Config, isOfSeveral } from './config.ts'
import { systemClock } from './drivers/clock.system.ts'
import type { VisitorParts } from './http/visitors.ts'
import type { WidgetPageParts } from './http/widget-page.ts'
import { PROJECT } from './project.ts'
import type { SocketParts } from './realtime/customer-socket.ts'
import { identityKeyOf, type Secret } from './secret.ts'
import { createTokens } from './tokens.ts'

export type CustomerParts = Omit<VisitorParts, 'isErased'> &
  WidgetPageParts &
  Pick<SocketParts, 'tokens' | 'clock' | 'farewell'> & {
    readonly pages: string
    readonly identityKey: (shop: string) => string
    readonly trustProxy: string
  }

/** `shares`: processes among which the system spreads one address's requests. */
export function customerParts(config: Config, secret: Secret, shares = 1): CustomerParts {
  const identityKey = (shop: string): string => identityKeyOf(secret, shop)
  return {
    tokens: createTokens(secret.keyFor('visitor-tokens'), { ...config.tokens, identityKey }),
    identityKey,
    origins: new Map(config.shops.map(shop => [shop.id, shop.origins])),
    trustProxy: config.trustProxy,
    clock: systemClock,
    farewell: isOfSeveral(config) ? CLOSE.GO_ELSEWHERE : CLOSE.GOING_AWAY,
    shopNames: new Map(config.shops.map(shop => [shop.id, shop.name])),
    visitorsPerMinute: Math.ceil(config.limits.visitorsPerMinute / shares),
    pages: PROJECT.pages,
  }
}
