// What an error of PostgreSQL, or of the way to it, is to the mesh. Its own messages may quote values, so none of them goes on.
import { SourceError } from '../../../upstream/source-error.ts'

/** Of the server: five letters and digits. Of the way there: ECONNREFUSED, or none. */
export const sqlState = (error: unknown): string | undefined => {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined
}

/** What was prepared has been overtaken by a change of the tables: it is to be prepared anew. */
export const isOvertaken = (error: unknown): boolean => ['0A000', '26000'].includes(sqlState(error) ?? '')

export function sourceErrorOf(error: unknown, source: string, query: string): SourceError {
  if (error instanceof SourceError) return error
  const state = sqlState(error)
  if (state === undefined) return new SourceError('SOURCE_DOWN', source, {}, { cause: error })
  const because = (code: ConstructorParameters<typeof SourceError>[0], reason?: string): SourceError =>
    new SourceError(code, source, reason === undefined ? {} : { reason })
  if (state.startsWith('25')) return because('SOURCE_REFUSED', 'read-only')
  if (state === '57014' || state === '55P03') return because('SOURCE_TIMEOUT')
  if (/^(08|57P|3D)/.test(state)) return because('SOURCE_DOWN')
  if (/^28/.test(state)) return because('SOURCE_LOCKED')
  if (state === '42501') return because('SOURCE_LOCKED', query)
  if (/^(53|40)/.test(state)) return because('SOURCE_BUSY')
  // What the tables or functions are called, or are made of.
  if (/^(42|0A|26)/.test(state)) return because('SOURCE_CHANGED', query)
  // Of a value: no number, no date, too long.
  if (/^22/.test(state)) return because('SOURCE_REFUSED', 'bad-value')
  return because('SOURCE_BROKEN')
}
