// A system that a mesh asks, of whatever kind: what it can be asked, and how that is done.
import type { Catalogue } from './catalogue.ts'

export interface Asking {
  /** By the names of the operation's parameters and of its body's properties. */
  readonly args: Readonly<Record<string, unknown>>
  /** What goes beside the arguments, in small letters: `accept-language`, a key. */
  readonly headers: Readonly<Record<string, string>>
}

export interface Source {
  readonly catalogue: Catalogue
  /** Null where the source has no such thing. Rejects with a SourceError, or with the signal's reason. */
  call(operation: string, asking: Asking, signal: AbortSignal): Promise<unknown>
}
