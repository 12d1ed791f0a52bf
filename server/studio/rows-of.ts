// The turns of a set as rows of a file: those that were uploaded, or those of the log that people have labelled and agree on.
import { asShopId } from '@parley/core/ids.ts'
import { LABELLED } from '@parley/core/protocol/studio.ts'
import { labelledRows } from '../evaluation/turns-to-label.ts'
import type { LabelStore } from '../label-store/label-store.ts'
import type { LogParts } from '../read-log.ts'
import { logLines } from './log-lines.ts'
import type { Sets } from './sets.ts'

/** `onProgress` hears what share of the log is read. Faults: UNKNOWN_SET. */
export type RowsOf = (set: string, signal: AbortSignal, onProgress?: (share: number) => void) => Promise<string>

export function rowsOf(shop: string, sets: Pick<Sets, 'text'>, labels: Pick<LabelStore, 'list'>, log: LogParts): RowsOf {
  return async (set, signal, onProgress = () => {}) => {
    if (set !== LABELLED) return sets.text(set)
    const given = labels.list(shop)
    const conversations = new Set(given.map(({ conversation }) => conversation))
    const wanted = { shop: asShopId(shop), since: 0, conversations, signal }
    const { rows } = await labelledRows(logLines(log, wanted, onProgress), given)
    return rows.map(row => JSON.stringify(row)).join('\n')
  }
}
