// What the supervisor and its children say to each other over the channel that they were forked with.
import type { EnginePaths } from '../compose.ts'
import type { Config } from '../config.ts'
import type { FaultRecord } from '../link/messages.ts'

export type ToChild =
  /** First message. `number`: which socket process this is, from 1; 0 is the engine. */
  | { readonly type: 'start'; readonly config: Config; readonly paths: EnginePaths; readonly number: number }
  /** The engine reads ensembles and plugins again. */
  | { readonly type: 'reload' }
  /** The steps of an orderly end, each answered by `done`. The engine says that it is not ready, and serves on until a balancer has noticed. */
  | { readonly type: 'turn-away' }
  /** Sockets take no new connection; the engine no new message, and decides what is open. */
  | { readonly type: 'drain' }
  /** Sockets tell their clients to come again later. */
  | { readonly type: 'leave' }
  | { readonly type: 'end' }

export type Step = 'turn-away' | 'drain' | 'leave'

export type FromChild =
  | { readonly type: 'ready'; readonly url: string }
  /** It could not start; the process ends. */
  | { readonly type: 'failed'; readonly fault: FaultRecord }
  | { readonly type: 'done'; readonly step: Step }
