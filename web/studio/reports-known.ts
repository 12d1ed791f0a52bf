// The reports that there are, asked for while a page shows them: often while one is under way, and after each thing that was done.
import type { ReportView } from '@parley/core/protocol/studio.ts'
import type { Did } from './pages/report-list.ts'
import { isUnderWay } from './pages/report-list.ts'
import type { Studio } from './studio.ts'

const LOOK_MS = 1_000

export interface ReportsKnown {
  readonly all: readonly ReportView[] | undefined
  /** Why they could not be asked for. */
  readonly failed: unknown
  load(): Promise<void>
  readonly did: Did
  stop(): void
}

/** `changed`: there is something to draw. `isShown`: how far it is, is to be seen. */
export function createReportsKnown(
  studio: Studio,
  changed: () => void,
  removed: () => void,
  isShown: (report: ReportView) => boolean,
): ReportsKnown {
  let all: readonly ReportView[] | undefined
  let failed: unknown
  let timer: ReturnType<typeof setTimeout> | undefined
  let asked = 0

  async function load(): Promise<void> {
    clearTimeout(timer)
    const mine = ++asked
    try {
      const { reports } = await studio.server.get<{ reports: readonly ReportView[] }>('reports')
      if (mine !== asked) return
      all = reports
      failed = undefined
      if (reports.some(report => isUnderWay(report) && isShown(report))) timer = setTimeout(() => void load(), LOOK_MS)
    } catch (error) {
      if (mine !== asked) return
      failed = error
    }
    changed()
  }
  async function act(report: ReportView, what: 'cancel' | 'again' | 'remove'): Promise<void> {
    const { reports: words, shell } = studio.words()
    if (what === 'remove' && !confirm(words.removeReport)) return
    try {
      if (what === 'remove') await studio.server.remove(`reports/${report.id}`)
      else await studio.server.post(`reports/${report.id}/${what}`, {})
      if (what === 'remove') removed()
    } catch {
      studio.tell(shell.unreached)
    }
    await load()
  }
  return {
    get all() {
      return all
    },
    get failed() {
      return failed
    },
    load,
    did: (report, what) => void act(report, what),
    stop: () => {
      asked++
      clearTimeout(timer)
    },
  }
}
