// What every page is handed, and what it gives.
import type { ActionView, ShopView, StudioSession } from '@parley/core/protocol/studio.ts'
import type { Route } from './route.ts'
import type { Server } from './server.ts'
import type { Words } from './words.ts'

export interface Studio {
  readonly server: Server
  /** In the language of now. */
  words(): Words
  readonly session: StudioSession
  /** Asked once a sign-in. */
  shop(): Promise<ShopView>
  /** An action by its name in the page's language; its id where the shop has it no more. */
  nameOf(action: string | null): string
  actions(): readonly ActionView[]
  go(hash: string): void
  /** Changes the address to what the page shows now, without a step in the browser's history. */
  stay(hash: string): void
  /** Says something in the corner, for a moment. */
  tell(text: string): void
}

export interface Page {
  readonly element: HTMLElement
  /** The page is shown, or its address has changed, or there is something new to ask of the server. */
  open(route: Route): void
  /** The language has changed: everything is drawn again from what is known. */
  draw(): void
  /** Nothing is asked of the server until it is opened again. */
  leave(): void
  /** A key was pressed and nothing else has use for it. */
  key?(event: KeyboardEvent): void
}
