// The turns of a set as rows of a file: those that were uploaded, or those of the log that people have labelled and agree on.
import { asShopId } from '@parley/core/ids.ts'
import { LABELLED } from '@parley/core/protocol/studio.ts'
import { labelledRows, type RecordedLine } from '../evaluation/turns-to-label.ts'
import type { LabelStore } from '../label-store/label-store.ts'
import { isTakenBack, type LogParts, readLog } from '../read-log.ts'
import type { Sets } from './sets.ts'

/** `onProgress` hears what share of the log is read. Faults: UNKNOWN_SET. */
export type RowsOf = (set: string, signal: AbortSignal, onProgress?: (share: number) => void) => Promise<string>

export function rowsOf(shop: string, sets: Pick<Sets, 'text'>, labels: Pick<LabelStore, 'list'>, log: LogParts): RowsOf {
  return async (set, signal, onProgress = () => {}) => {
    if (set !== LABELLED) return sets.text(set)
    const given = labels.list(shop)
    const conversations = new Set(given.map(({ conversation }) => conversation))
    async function* lines(): AsyncGenerator<RecordedLine> {
      for await (const { turns, events, done, total } of readLog(log, { shop: asShopId(shop), since: 0, conversations, signal })) {
        onProgress(done / total)
        for (const turn of turns) yield { turn, takenBack: isTakenBack(turn, events) }
      }
    }
    const { rows } = await labelledRows(lines(), given)
    return rows.map(row => JSON.stringify(row)).join('\n')
  }
}
