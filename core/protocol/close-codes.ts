// Why a connection was closed. The range tells the client what to do, also for codes that it does not know yet:
// 4000-4499 connect again (with backoff), 4500-4999 do not connect again without a change.

export const CLOSE = {
  /** The server restarts, or something went wrong on its side: connect again and resume. */
  GOING_AWAY: 4000,
  /** Nothing was heard for two heartbeats, or no hello in time. */
  SILENT: 4001,
  /** The client did not read fast enough: connect again and resume. */
  SLOW_CONSUMER: 4002,
  /** Frames came faster than the limit: connect again after a while. */
  TOO_FAST: 4003,
  /** This node of several leaves, the others serve: connect again at once, within a second by chance, so that not all come in one moment. */
  GO_ELSEWHERE: 4004,
  /** The token has run out: fetch a new one, then connect again. */
  TOKEN_EXPIRED: 4100,
  /** The token is forged or not for here. */
  TOKEN_INVALID: 4500,
  /** A frame was not of the protocol. */
  PROTOCOL_ERROR: 4501,
  /** The client speaks a version that this server does not. */
  PROTOCOL_VERSION: 4502,
  /** The conversation or shop is not known, or not this customer's. */
  UNKNOWN_CONVERSATION: 4503,
  /** A frame larger than the limit. */
  FRAME_TOO_LARGE: 4504,
  /** What is stored of the conversation is damaged: an operator has to restore it. */
  CONVERSATION_DAMAGED: 4505,
  /** The conversation was erased: fetch a visitor's token anew, which is of a new conversation, and begin that. */
  CONVERSATION_ERASED: 4506,
} as const

export type CloseCode = (typeof CLOSE)[keyof typeof CLOSE]

/** True when a client may connect again by itself. Codes outside 4500-4999 (a lost line, a proxy's 1006) are worth another try. */
export const mayReconnect = (code: number): boolean => !(code >= 4500 && code <= 4999)
