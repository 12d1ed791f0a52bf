// All that the console's client wants of the world outside: the same as the customer's, with a session in place of a visitor.
import type { DeskMessage } from '@parley/core/protocol/desk-message.ts'
import type { World } from '../client/world.ts'

/** Who has signed in, and where. */
export type Session = Pick<Extract<DeskMessage, { type: 'welcome' }>, 'agent' | 'shop'>

export interface Credentials {
  readonly shop: string
  readonly name: string
  readonly password: string
}

export type SignInAnswer =
  | { readonly result: 'signed-in'; readonly session: Session }
  /** The shop does not say which of the three was wrong. */
  | { readonly result: 'refused' }
  | { readonly result: 'too-often'; readonly retryAfterMs: number }

export interface DeskWorld extends Omit<World, 'fetchVisitor'> {
  /** Null where nobody is signed in. Rejects when no answer came. */
  fetchSession(): Promise<Session | null>
  /** Rejects when no answer came. */
  signIn(credentials: Credentials): Promise<SignInAnswer>
  /** Rejects when no answer came: the session then goes on. */
  signOut(): Promise<void>
}
