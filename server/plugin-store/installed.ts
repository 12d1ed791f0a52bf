// What is kept of an installed plugin: which version is in force in a shop, and which were before.
import { z } from 'zod'

const Release = z.strictObject({
  version: z.string(),
  /** Of the bundle's content. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  /** Fingerprint. */
  publisher: z.string(),
})
/** One published version. */
export type Release = z.infer<typeof Release>

export const CHANGES = ['install', 'rollback', 'pin', 'unpin', 'disable', 'enable'] as const

export const Installed = z.strictObject({
  inForce: Release,
  /** Those that were in force before, the last one last. */
  earlier: z.array(Release),
  /** An install changes nothing while it is. */
  isPinned: z.boolean(),
  /** It does not vote. */
  isDisabled: z.boolean(),
  /** What was done, the last one last: at, in milliseconds since 1970; `version` was in force from then on. */
  changes: z.array(z.strictObject({ at: z.number(), what: z.enum(CHANGES), version: z.string() })),
})
export type Installed = z.infer<typeof Installed>

/** What a server loads. Without `file` the plugin is off: it is disabled, or nobody trusts its publisher any more. */
export interface InstalledChoice {
  readonly id: string
  readonly file?: string
  readonly hash: string
}
