// What is kept of an installed plugin: which version is in force in a shop, which were before, and which is tried beside it.
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

export const CHANGES = ['install', 'promote', 'rollback', 'pin', 'unpin', 'disable', 'enable'] as const

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

export const Shadow = z.strictObject({
  release: Release,
  /** Milliseconds since 1970. No two shadows of a plugin in a shop have the same. */
  since: z.number(),
})
/** A version that votes beside the one in force, is compared with it and does not count. */
export type Shadow = z.infer<typeof Shadow>

/** What a server loads. Without `file` the plugin is off: it is disabled, or nobody trusts its publisher any more. */
export interface InstalledChoice {
  readonly id: string
  readonly file?: string
  readonly hash: string
}

export interface ShadowChoice extends InstalledChoice {
  readonly since: number
}
