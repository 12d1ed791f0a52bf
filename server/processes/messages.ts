// What the supervisor and its children say to each other over the channel that they were forked with.
import type { EnginePaths } from '../compose.ts'
import type { Config } from '../config.ts'
import type { FaultRecord } from '../link/messages.ts'

export type ToChild =
  /** First message. `number`: which socket process this is, from 1; 0 is the engine. */
  | { readonly type: 'start'; readonly config: Config; readonly paths: EnginePaths; readonly number: number }
  /** The engine reads ensembles and plugins again. */
  | { readonly type: 'reload' }
  /** The steps of an orderly end, each answered by `done`. Sockets take no new connection; the engine no new message, and decides what is open. */
  | { readonly type: 'drain' }
  /** Sockets tell their clients to come again later. */
  | { readonly type: 'leave' }
  | { readonly type: 'end' }

export type FromChild =
  | { readonly type: 'ready'; readonly url: string }
  /** It could not start; the process ends. */
  | { readonly type: 'failed'; readonly fault: FaultRecord }
  | { readonly type: 'done'; readonly step: 'drain' | 'leave' }
