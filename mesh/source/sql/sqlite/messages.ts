// What goes between the engine and a process that reads a SQLite file.
import type { Most, Rows, Table } from '../database.ts'
import type { DescribedColumn } from '../described-file.ts'
import type { Value } from '../values.ts'

export type ToReader =
  | {
      readonly type: 'read'
      readonly text: string
      readonly values: Readonly<Record<string, string | number | null>>
      /** Of the columns, in their order. */
      readonly as: readonly Value[]
      readonly most: Most
    }
  /** What the statement gives: it is prepared, and not run. */
  | { readonly type: 'look'; readonly text: string }
  | { readonly type: 'tables' }

export interface LookedColumn extends Omit<DescribedColumn, 'as'> {
  /** Undefined where the database does not say. */
  readonly as?: Value
}

export type FromReader =
  /** It has started, and may be asked. */
  | { readonly type: 'ready' }
  | { readonly type: 'rows'; readonly rows: Rows }
  | { readonly type: 'columns'; readonly columns: readonly LookedColumn[] }
  | { readonly type: 'tables'; readonly tables: readonly Table[] }
  | { readonly type: 'too-much'; readonly of: 'rows' | 'bytes' }
  /** `code` is SQLite's; `words` are its own, of the text alone. */
  | { readonly type: 'failed'; readonly code: number; readonly words: string }

/** What the process is started with. */
export interface ReaderSettings {
  readonly file: string
  readonly lockMs: number
}
