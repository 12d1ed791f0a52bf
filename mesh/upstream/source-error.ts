// What can be wrong with a source, by name. Messages name the source and never an address, a credential or what was answered: they are shown to people
// and written to logs.

export const TROUBLES = {
  /** No answer within the source's deadline. */
  SOURCE_TIMEOUT: 'did not answer in time',
  /** It cannot be reached, or it failed so often that it is left alone for a while. */
  SOURCE_DOWN: 'does not answer',
  /** It asks to be asked less, or as many calls are under way and waiting as it may have. */
  SOURCE_BUSY: 'has too much to do',
  /** It does not take our credentials. */
  SOURCE_LOCKED: 'does not let us in',
  /** It says that it is broken. */
  SOURCE_BROKEN: 'is broken',
  /** The answer breaks off or is no JSON. */
  SOURCE_GARBLED: 'gave an answer that cannot be read',
  /** The answer is not as the source's document says. */
  SOURCE_CHANGED: 'gave an answer that is not as its document says',
  /** It has understood, and says no. */
  SOURCE_REFUSED: 'says no',
  /** The caller may not ask it. */
  SOURCE_NOT_GRANTED: 'may not be asked',
} as const
export type Trouble = keyof typeof TROUBLES

export interface SourceErrorDetails {
  /** SOURCE_REFUSED: a short word that can be told apart: `already-open`. SOURCE_CHANGED: the field. */
  readonly reason?: string
  readonly retryAfterMs?: number
}

export class SourceError extends Error {
  readonly code: Trouble
  readonly source: string
  readonly details: SourceErrorDetails

  constructor(code: Trouble, source: string, details: SourceErrorDetails = {}, options?: ErrorOptions) {
    super(`${source} ${TROUBLES[code]}${details.reason === undefined ? '' : `: ${details.reason}`}`, options)
    this.name = 'SourceError'
    this.code = code
    this.source = source
    this.details = details
  }

  /** As GraphQL's errors carry it. */
  get extensions(): Readonly<Record<string, unknown>> {
    return { code: this.code, source: this.source, ...this.details }
  }
}

/** Asked again it may be otherwise. */
export const isPassing = ({ code }: SourceError): boolean => isPassingCode(code)

export const isPassingCode = (code: Trouble): boolean =>
  code === 'SOURCE_TIMEOUT' || code === 'SOURCE_DOWN' || code === 'SOURCE_BUSY' || code === 'SOURCE_BROKEN' || code === 'SOURCE_GARBLED'

/** The source itself is in a bad way: these count against it. */
export const isFailing = ({ code }: SourceError): boolean =>
  code === 'SOURCE_TIMEOUT' || code === 'SOURCE_DOWN' || code === 'SOURCE_BROKEN' || code === 'SOURCE_GARBLED'
