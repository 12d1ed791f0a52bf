// Turns of the log as the queue of turns to label and the labelled rows take them, and how far the reading is.
import type { RecordedLine } from '../evaluation/turns-to-label.ts'
import { isTakenBack, type LogParts, readLog, thumbOf, type Wanted } from '../read-log.ts'

export async function* logLines(log: LogParts, wanted: Wanted, onProgress: (share: number) => void): AsyncGenerator<RecordedLine> {
  for await (const { turns, events, done, total } of readLog(log, wanted)) {
    onProgress(done / total)
    for (const turn of turns) yield { turn, takenBack: isTakenBack(turn, events), thumb: thumbOf(turn, events) }
  }
}
