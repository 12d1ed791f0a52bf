// What is kept of an agent, and of whoever works with the data. Who is removed keeps id and name, because conversations name the id for ever; the password is gone and the name free.
import type { AgentId } from '@parley/core/ids.ts'
import { z } from 'zod'
import { PasswordHash } from './password-hash.ts'
import { ROLES } from './role.ts'

const known = {
  /** Random, and never given twice: a new agent of an old name is somebody else. */
  id: z.custom<AgentId>(value => typeof value === 'string'),
  shop: z.string(),
  /** As it is shown; unique in the shop, whatever its case, among those who are not removed. */
  name: z.string(),
  /** Milliseconds since 1970. */
  createdAt: z.number(),
  role: z.enum(ROLES),
}
const Active = z.object({
  ...known,
  state: z.literal('active'),
  password: PasswordHash,
  /** How often all sessions of this agent were ended. A session carries the number of its beginning, so no clock is asked which came first. */
  endings: z.int(),
})
const Removed = z.object({ ...known, state: z.literal('removed'), disabledAt: z.number() })

/** Accounts of before there were roles say whether they are a supervisor's, or nothing at all. */
const withRole = (row: unknown): unknown => {
  if (typeof row !== 'object' || row === null || 'role' in row) return row
  const { isSupervisor = false, ...rest } = row as { readonly isSupervisor?: unknown } // whatever else there is, is looked at next
  return { ...rest, role: isSupervisor === true ? 'supervisor' : 'agent' }
}
export const Account = z.preprocess(withRole, z.discriminatedUnion('state', [Active, Removed]))
export type Account = z.infer<typeof Account>
export type ActiveAccount = z.infer<typeof Active>
export type RemovedAccount = z.infer<typeof Removed>
