// A kind of source: what its settings are, how its catalogue is read from the files beside the mesh's, and how it is opened. mesh/source/kinds.ts has them all.
import { z } from 'zod'
import { GUARD } from '../upstream/guard.ts'
import type { SendOptions } from '../upstream/send.ts'
import type { Catalogue } from './catalogue.ts'
import type { Source } from './source.ts'

/** Settings that every source has, of whatever kind. */
export const GUARD_SETTINGS = {
  title: z
    .strictObject({ 'zh-CN': z.string().min(1), en: z.string().min(1) })
    .optional()
    .describe('What people call it, by language: "The warehouse does not answer."'),
  deadlineMs: z.int().min(1).max(60_000).default(GUARD.deadlineMs).describe('Milliseconds for one answer, with all attempts.'),
  retries: z.int().min(0).max(5).default(GUARD.retries).describe('Attempts after the first, where nothing is changed by it.'),
  atOnce: z.int().min(1).max(10_000).default(GUARD.atOnce).describe('Calls under way at most.'),
  waiting: z.int().min(0).max(100_000).default(GUARD.waiting).describe('Calls in line behind these at most.'),
  failures: z.int().min(1).default(GUARD.failures).describe('Failures in a row after which it is left alone for a while.'),
  pauseMs: z.int().min(1).default(GUARD.pauseMs).describe('How long that is, in milliseconds.'),
}

/** What a source is opened with, beside its settings. */
export interface Means extends Pick<SendOptions, 'lookupPublic' | 'isPrivateAddress'> {
  readonly environment: NodeJS.ProcessEnv
  /** The path of a file that the settings name: from the folder of the mesh's file. */
  readonly besides: (file: string) => string
  /** Where it is instead, and with which token: of the demo shop's services, which are started on free ports. */
  readonly instead?: { readonly url: string; readonly token: string }
}

export interface OpenSource extends Source {
  /** Compares it with what stands in its files. Never rejects: what cannot be asked is among what is wrong. */
  check?(signal: AbortSignal): Promise<Checked>
  /** Ends what is kept open. */
  close(): void
}

export interface Checked {
  readonly wrong: readonly string[]
  /** What should be otherwise, and does not keep it from working. */
  readonly warnings: readonly string[]
}

export interface Kind<Settings> {
  /** Strict. One setting is called as the kind is: that is how a source says of which it is. */
  readonly settings: z.ZodType<Settings>
  /** `read` gives the text of a file that the settings name. Throws an Error that says what is wrong with it, and where. */
  catalogue(settings: Settings, read: (file: string) => string): Catalogue
  /** Asks nothing yet. Throws as `catalogue`, and where a credential's file cannot be read. */
  open(name: string, settings: Settings, means: Means): OpenSource
  /** Its files as the source itself serves them now, by their names in the settings. Undefined: nobody has said where. Rejects with what went wrong. */
  served?(name: string, settings: Settings, means: Means, signal: AbortSignal): Promise<ReadonlyMap<string, string> | undefined>
}

/** A source that somebody wants: how it will stand in the mesh's file, and with which files beside it. */
export interface Learned {
  readonly settings: Readonly<Record<string, unknown>>
  readonly files: ReadonlyMap<string, string>
  /** What was guessed, and what is still to be done by a person. */
  readonly remarks: readonly string[]
}
