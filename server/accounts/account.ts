// What is kept of an agent. A removed agent keeps id and name, because conversations name the id for ever; the password is gone and the name free.
import type { AgentId } from '@parley/core/ids.ts'
import { z } from 'zod'
import { PasswordHash } from './password-hash.ts'

const known = {
  /** Random, and never given twice: a new agent of an old name is somebody else. */
  id: z.custom<AgentId>(value => typeof value === 'string'),
  shop: z.string(),
  /** As it is shown; unique in the shop, whatever its case, among those who are not removed. */
  name: z.string(),
  /** Milliseconds since 1970. */
  createdAt: z.number(),
  /** May also put back what others have in hand. Accounts of before there were supervisors have none of it. */
  isSupervisor: z.boolean().default(false),
}
const Active = z.object({
  ...known,
  state: z.literal('active'),
  password: PasswordHash,
  /** How often all sessions of this agent were ended. A session carries the number of its beginning, so no clock is asked which came first. */
  endings: z.int(),
})
const Removed = z.object({ ...known, state: z.literal('removed'), disabledAt: z.number() })

export const Account = z.discriminatedUnion('state', [Active, Removed])
export type Account = z.infer<typeof Account>
export type ActiveAccount = z.infer<typeof Active>
export type RemovedAccount = z.infer<typeof Removed>
