// The turns that are left for one person, as they go through them: what is next, what was said and can be taken back. What the person has done counts
// at once; it goes to the server behind, and comes back to the front where that refuses.
import type { LabelPage, LabelRow } from '@parley/core/protocol/studio.ts'
import type { Server } from './server.ts'

const LIMIT = 20
/** So few left: more are asked for. */
const FEW = 5
const READING_MS = 1_000

export interface LabelQueue {
  readonly current: LabelRow | undefined
  /** Undefined until the server has answered once. */
  readonly page: LabelPage | undefined
  /** Left, labelled and skipped, with what is under way counted as done. */
  readonly counts: { readonly left: number; readonly labelled: number; readonly skipped: number }
  readonly failed: unknown
  readonly canUndo: boolean
  /** `action` null: skipped. */
  give(action: string | null): void
  /** False where there is nothing to take back. */
  undo(): boolean
  load(): Promise<void>
  stop(): void
}

interface Done {
  readonly row: LabelRow
  readonly action: string | null
}
const keyOf = ({ conversation, turn }: LabelRow): string => `${conversation} ${turn}`

export function createLabelQueue(server: Pick<Server, 'get' | 'post'>, changed: () => void): LabelQueue {
  let page: LabelPage | undefined
  let rows: readonly LabelRow[] = []
  let done: readonly Done[] = []
  let failed: unknown
  let timer: ReturnType<typeof setTimeout> | undefined
  let asked = 0
  let isAsking = false
  /** One after the other: an undo must not overtake what it takes back. */
  let sent: Promise<void> = Promise.resolve()

  async function load(): Promise<void> {
    clearTimeout(timer)
    const mine = ++asked
    isAsking = true
    try {
      await sent // what was given is counted in the answer
      const next = await server.get<LabelPage>(`labels?from=0&limit=${LIMIT}`)
      if (mine !== asked) return
      page = next
      failed = undefined
      const gone = new Set(done.map(({ row }) => keyOf(row)))
      const first = rows[0]
      const fresh = next.rows.filter(row => !gone.has(keyOf(row)) && (!first || keyOf(row) !== keyOf(first)))
      rows = first ? [first, ...fresh] : fresh // what is being looked at stays
      if (next.readAt === null || (next.progress && rows.length === 0)) timer = setTimeout(() => void load(), READING_MS)
    } catch (error) {
      if (mine !== asked) return
      failed = error
    } finally {
      if (mine === asked) isAsking = false
    }
    changed()
  }

  /** What the server does not take is undone here, and said. */
  function send(path: string, body: unknown, otherwise: () => void): void {
    sent = sent.then(async () => {
      try {
        await server.post(path, body)
      } catch (error) {
        otherwise()
        failed = error
        changed()
      }
    })
  }
  /** Counts of the page as it will be once all is sent. */
  function shift(given: Done, by: 1 | -1): void {
    if (!page) return
    const what = given.action === null ? 'skipped' : 'labelled'
    page = { ...page, total: Math.max(0, page.total - by), [what]: page[what] + by }
  }

  return {
    get current() {
      return rows[0]
    },
    get page() {
      return page
    },
    get counts() {
      return { left: page?.total ?? 0, labelled: page?.labelled ?? 0, skipped: page?.skipped ?? 0 }
    },
    get failed() {
      return failed
    },
    get canUndo() {
      return done.length > 0
    },
    give(action) {
      const [row, ...rest] = rows
      if (!row) return
      const given: Done = { row, action }
      rows = rest
      done = [...done, given]
      failed = undefined
      shift(given, 1)
      const { conversation, turn } = row
      send('labels', { conversation, turn, action }, () => {
        if (!done.includes(given)) return
        done = done.filter(each => each !== given)
        rows = [row, ...rows]
        shift(given, -1)
      })
      if (rows.length < FEW && page && page.total > rows.length && !isAsking) void load()
      changed()
    },
    undo() {
      const given = done.at(-1)
      if (!given) return false
      done = done.slice(0, -1)
      rows = [given.row, ...rows.filter(row => keyOf(row) !== keyOf(given.row))]
      shift(given, -1)
      const { conversation, turn } = given.row
      send('labels/undo', { conversation, turn }, () => {
        rows = rows.filter(row => row !== given.row)
        done = [...done, given]
        shift(given, 1)
      })
      changed()
      return true
    },
    load,
    stop: () => {
      asked++
      isAsking = false
      clearTimeout(timer)
    },
  }
}
