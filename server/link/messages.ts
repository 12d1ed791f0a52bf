// Everything that crosses the link between the engine and a socket process: plain data, in one place. Both ends are our own processes, joined by a
// socket that nobody else can open, so that what comes is believed; only the version is compared, because an engine may be restarted as a later
// release than the sockets that wait for it.
import type { Caught, Engine, Said } from '@parley/core/engine.ts'
import { Fault, type FaultCode } from '@parley/core/faults.ts'
import type { Typist } from '@parley/core/handoff/typists.ts'
import type { ConversationKey, Seq } from '@parley/core/ids.ts'
import type { Sign } from '@parley/core/ports/fan-out.ts'

/** Raised whenever a message changes its meaning. */
export const LINK_VERSION = 5

/** What a socket process needs of the engine. */
export type EngineFace = Asked & Pick<Engine, 'types'>
/** What of it is answered. */
type Asked = Pick<Engine, 'say' | 'since' | 'seen' | 'recall' | 'rate' | 'isErased'>

export type Call = { readonly [M in keyof Asked]: { readonly method: M; readonly args: Parameters<Asked[M]> } }[keyof Asked]
/** `say`, `since`, `rate`, `isErased`; nothing of `seen` and `recall`. */
export type Returned = Said | Caught | Seq | boolean | undefined

/** What a socket process tells of itself; counts are those since its last report. */
export interface SocketReport {
  readonly sockets: number
  readonly residentBytes: number
  readonly faults: Readonly<Record<string, number>>
  readonly bugs: number
}

export type ToEngine =
  /** First message. `process` is the socket process's number, from 1; another one takes its place. */
  | { readonly type: 'hello'; readonly version: number; readonly process: number }
  | { readonly type: 'call'; readonly id: number; readonly call: Call }
  | { readonly type: 'types'; readonly key: ConversationKey; readonly typist: Typist }
  | { readonly type: 'subscribe'; readonly key: ConversationKey }
  | { readonly type: 'unsubscribe'; readonly key: ConversationKey }
  | { readonly type: 'report'; readonly report: SocketReport }
  /** Is sent back behind all that was told before. */
  | { readonly type: 'echo' }

export type FromEngine =
  | { readonly type: 'returned'; readonly id: number; readonly value?: Returned }
  | { readonly type: 'refused'; readonly id: number; readonly fault: FaultRecord }
  /** A bug; the engine's own log has it whole. */
  | { readonly type: 'broke'; readonly id: number; readonly message: string }
  | { readonly type: 'sign'; readonly key: ConversationKey; readonly sign: Sign }
  | { readonly type: 'echo' }
  /** The engine is of another release: this process cannot speak with it and has to be started anew. */
  | { readonly type: 'foreign'; readonly version: number }

/** A fault as data: its message is made anew from the table. */
export interface FaultRecord {
  readonly code: FaultCode
  readonly details: object
}

export const recordOf = ({ code, details }: Fault): FaultRecord => ({ code, details })
export const faultOf = ({ code, details }: FaultRecord): Fault => new Fault(code, details as never) // they were written together by `recordOf`
