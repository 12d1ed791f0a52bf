// What a SQL source asks of a database, of either kind.
import { SourceError } from '../../upstream/source-error.ts'
import type { DescribedQuery } from './described-file.ts'
import type { DeclaredQuery } from './query-file.ts'
import type { SqlOperation } from './sql-catalogue.ts'

/** What one answer may be at most. */
export interface Most {
  readonly rows: number
  readonly bytes: number
}

export interface Rows {
  readonly columns: readonly string[]
  /** As JSON has them, each in the order of the columns. */
  readonly rows: readonly (readonly unknown[])[]
}

export interface Looked {
  /** By the query's name. */
  readonly described: ReadonlyMap<string, DescribedQuery>
  /** By the query's name: why it cannot be used. */
  readonly problems: ReadonlyMap<string, string>
  /** What should be otherwise, and does not keep it from working. */
  readonly warnings: readonly string[]
}

/** A table that queries could be made for. */
export interface Table {
  readonly name: string
  readonly columns: readonly string[]
  /** Empty where it has none. */
  readonly primaryKey: readonly string[]
  readonly foreignKeys: readonly { readonly column: string; readonly table: string; readonly to: string }[]
}

export interface Database {
  /** `values` in the order of the query's parameters; null where there is none. Rejects with a SourceError, or with the signal's reason. */
  read(operation: SqlOperation, values: readonly unknown[], most: Most, signal: AbortSignal): Promise<Rows>
  /** Asks what the queries take and give, and tries that each of them reads. Rejects with a SourceError. */
  look(queries: readonly DeclaredQuery[], signal: AbortSignal): Promise<Looked>
  tables(signal: AbortSignal): Promise<readonly Table[]>
  close(): void
}

/** Of an answer that is more than it may be: it is not cut short, which nobody would see. */
export const tooMuch = (source: string, of: keyof Most): SourceError =>
  new SourceError('SOURCE_REFUSED', source, { reason: of === 'rows' ? 'too-many' : 'too-large' })
