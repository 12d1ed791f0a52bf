// All that the client core wants of the world outside: time, chance, a wire, a shop's answer and a shelf. A browser gives the real ones
// (widget/browser-world.ts), a test gives ones it can turn by hand.

export interface Clock {
  /** Milliseconds since 1970. May jump; only for what people read. */
  now(): number
  /** Milliseconds that never run backwards; only for differences. */
  monotonic(): number
  /** Calls back after `ms`, unless cancelled by the function it returns. */
  after(ms: number, callback: () => void): () => void
}

/** What a wire tells. Never called before `openSocket` has returned, and never after `closed`. */
export interface SocketEvents {
  opened(): void
  heard(text: string): void
  closed(code: number): void
}

export interface Socket {
  send(text: string): void
  /** The caller has done with it: what it still tells is not listened to. */
  close(): void
}

/** What shows who asks: a token of the retailer's that names a customer, the refresh token of before, or nothing. */
export interface Proof {
  readonly identity?: string
  readonly refresh?: string
}

/** The answer of `POST /v1/shops/SHOP/visitors`. */
export interface VisitorAnswer {
  readonly token: string
  readonly expiresInMs: number
  readonly refresh: string
  readonly conversation: string
  /** What the shop calls itself, where the server tells. */
  readonly shopName?: string
}

/** The shop answered, and refused. Any other error of `fetchVisitor` means that no answer came. */
export class VisitorRefused extends Error {
  readonly status: number
  readonly retryAfterMs: number
  constructor(status: number, message: string, retryAfterMs = 0) {
    super(message)
    this.name = 'VisitorRefused'
    this.status = status
    this.retryAfterMs = retryAfterMs
  }
}

/** Keeps short texts over a reload, shared by the tabs of one browser. */
export interface Shelf {
  read(key: string): string | undefined
  write(key: string, value: string): void
  remove(key: string): void
  keys(): readonly string[]
}

export interface World {
  readonly clock: Clock
  readonly shelf: Shelf
  /** In [0, 1). */
  random(): number
  /** A new message id: 1 to 64 of `A-Z a-z 0-9 _ -`, never given twice. */
  newRef(): string
  openSocket(events: SocketEvents): Socket
  /** Rejects with VisitorRefused, or with anything else when no answer came. */
  fetchVisitor(proof: Proof): Promise<VisitorAnswer>
}
