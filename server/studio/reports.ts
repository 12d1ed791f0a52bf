// Reports of a shop: ordered, worked out one after another in the background, kept until they are removed. What a restart finds unfinished was broken off.
import { join } from 'node:path'
import { Fault, isFault } from '@parley/core/faults.ts'
import { asShopId } from '@parley/core/ids.ts'
import { type Progress, ReportOrder, type ReportState, type ReportView } from '@parley/core/protocol/studio.ts'
import type { RecordedTurn } from '@parley/core/recorded-turns.ts'
import { z } from 'zod'
import type { Config } from '../config.ts'
import type { EnsembleText } from '../ensemble-store/ensemble-store.ts'
import type { LabelStore } from '../label-store/label-store.ts'
import { type LogParts, readLog } from '../read-log.ts'
import { ENDINGS, type JudgeTask } from './judge-messages.ts'
import { createProgress } from './progress.ts'
import type { RowsOf } from './rows-of.ts'
import { runJudge } from './run-judge.ts'
import type { Sets } from './sets.ts'
import { newId, openShelf, STUDIO_FOLDER } from './studio-folder.ts'

export interface Reports {
  list(): readonly ReportView[]
  /** Faults: UNKNOWN_REPORT, of each of these. */
  view(id: string): ReportView
  /** Gives it at once. Faults: UNKNOWN_SET, UNKNOWN_ENSEMBLE, ENSEMBLE_INVALID, STUDIO_FULL, STORAGE_FULL. */
  order(order: ReportOrder, who: string): Promise<ReportView>
  cancel(id: string): Promise<ReportView>
  /** Begins it anew, with the same versions. Faults: UNKNOWN_SET. */
  again(id: string): Promise<ReportView>
  remove(id: string): Promise<void>
  /** Faults: REPORT_NOT_DONE. */
  file(id: string, what: 'result' | 'html'): Promise<string>
  /** What quotes the conversation is gone when it resolves. */
  forget(conversation: string): Promise<void>
  /** What is under way is broken off. */
  close(): Promise<void>
}

export interface ReportsParts {
  readonly config: Config
  readonly shop: string
  readonly sets: Sets
  readonly labels: Pick<LabelStore, 'list'>
  readonly resolve: (named: string) => EnsembleText
  /** The turns of a set, one a line. Faults: UNKNOWN_SET. */
  readonly rowsOf: RowsOf
  readonly log: LogParts
  readonly now: () => number
  /** Lets one at a time through, in the order in which they come. */
  readonly oneAtATime: (work: () => Promise<void>) => Promise<void>
  /** Hears how each ended. */
  readonly ended: (state: ReportState['state']) => void
  readonly broke: (error: unknown) => void
}

const MOST = 200
const DAY_MS = 86_400_000

const Text = z.strictObject({ version: z.string(), text: z.string() })
const Kept = z.strictObject({
  id: z.string(),
  order: ReportOrder,
  /** By what the order calls them. */
  texts: z.record(z.string(), Text),
  setName: z.string().nullable(),
  at: z.number(),
  who: z.string(),
  state: z.discriminatedUnion('state', [
    z.strictObject({ state: z.enum(['waiting', 'cancelled', 'broken-off', 'erased']) }),
    z.strictObject({ state: z.literal('done'), at: z.number(), turns: z.number() }),
    z.strictObject({ state: z.literal('failed'), code: z.string(), message: z.string() }),
  ]),
})
type Kept = z.infer<typeof Kept>

interface UnderWay {
  readonly stop: AbortController
  /** Why it is stopped. */
  because: 'cancelled' | 'erased' | 'broken-off'
  progress: Progress | undefined
  /** What it reads, once it is read; undefined until then, and of a log. */
  rows: string | undefined
  readonly ended: Promise<void>
}

export async function openReports(parts: ReportsParts): Promise<Reports> {
  const { config, shop, sets, labels, log, now } = parts
  const shelf = await openShelf(config.data, shop, 'reports', value => Kept.parse(value), parts.broke)
  const underWay = new Map<string, UnderWay>()
  for (const kept of shelf.list())
    if (kept.state.state === 'waiting') {
      await dropFiles(kept.id)
      await shelf.put(kept.id, { ...kept, state: { state: 'broken-off' } })
    }

  async function dropFiles(id: string): Promise<void> {
    for (const ending of Object.values(ENDINGS)) await shelf.drop(id, ending)
  }

  function named(id: string): Kept {
    const found = shelf.get(id)
    if (!found) throw new Fault('UNKNOWN_REPORT', { report: id })
    return found
  }

  const viewOf = ({ texts: _texts, ...kept }: Kept): ReportView => {
    const progress = underWay.get(kept.id)?.progress
    return { ...kept, state: kept.state.state === 'waiting' && progress ? { state: 'running', ...progress } : kept.state }
  }

  const put = async (kept: Kept): Promise<ReportView> => {
    await shelf.put(kept.id, kept)
    return viewOf(kept)
  }

  function begin(kept: Kept): void {
    const stop = new AbortController()
    const ended = parts.oneAtATime(() => workOut(kept, entry)).catch(parts.broke)
    const entry: UnderWay = { stop, because: 'cancelled', progress: undefined, rows: undefined, ended }
    underWay.set(kept.id, entry)
  }

  async function workOut(kept: Kept, entry: UnderWay): Promise<void> {
    const { id } = kept
    try {
      const state = entry.stop.signal.aborted ? undefined : await judged(kept, entry)
      const ended = entry.stop.signal.aborted || !state ? { state: entry.because } : state
      if (ended.state !== 'done') await dropFiles(id)
      if (shelf.get(id)) await put({ ...kept, state: ended })
      parts.ended(ended.state)
    } finally {
      underWay.delete(id)
    }
  }

  async function judged(kept: Kept, entry: UnderWay): Promise<Kept['state'] | undefined> {
    const { signal } = entry.stop
    const steps = createProgress(now)
    const onProgress = ({ step, share }: Pick<Progress, 'step' | 'share'>): void => {
      entry.progress = steps.at(step, share)
    }
    onProgress({ step: 'starting', share: 0 })
    try {
      const task = await taskOf(kept, entry, onProgress)
      const turns = task.kind === 'log-comparison' ? loggedTurns(task.days, signal) : undefined
      const into = join(config.data, STUDIO_FOLDER, 'reports', shop, kept.id)
      const came = await runJudge({ config, shop, task, setName: kept.setName, into, signal, onProgress, ...(turns && { turns }) })
      if (!came) return undefined
      return came.type === 'done'
        ? { state: 'done', at: now(), turns: came.turns }
        : { state: 'failed', code: came.code, message: came.message }
    } catch (error) {
      if (signal.aborted) return undefined
      if (!isFault(error)) parts.broke(error)
      return {
        state: 'failed',
        code: isFault(error) ? error.code : 'INTERNAL',
        message: isFault(error) ? error.message : 'something went wrong',
      }
    }
  }

  async function taskOf(
    { order, texts }: Kept,
    entry: UnderWay,
    onProgress: (at: Pick<Progress, 'step' | 'share'>) => void,
  ): Promise<JudgeTask> {
    const text = (name: 'ensemble' | 'a' | 'b') => texts[name]! // as it was ordered
    if (order.kind === 'log-comparison')
      return { kind: order.kind, a: text('a'), b: text('b'), labels: labels.list(shop), days: order.days }
    const rows = await parts.rowsOf(order.set, entry.stop.signal, share => onProgress({ step: 'reading the log', share }))
    entry.rows = rows
    return order.kind === 'evaluation'
      ? { kind: order.kind, ensemble: text('ensemble'), rows }
      : { kind: order.kind, a: text('a'), b: text('b'), rows }
  }

  async function* loggedTurns(days: number, signal: AbortSignal): AsyncGenerator<readonly [turn: RecordedTurn, share: number]> {
    for await (const { turns, done, total } of readLog(log, { shop: asShopId(shop), since: now() - days * DAY_MS, signal }))
      for (const turn of turns) yield [turn, done / total]
  }

  async function stopped(id: string, because: UnderWay['because']): Promise<void> {
    const entry = underWay.get(id)
    if (!entry) return
    entry.because = because
    entry.stop.abort()
    await entry.ended
  }

  return {
    list: () =>
      shelf
        .list()
        .toSorted((a, b) => b.at - a.at)
        .map(viewOf),
    view: id => viewOf(named(id)),
    async order(order, who) {
      if (shelf.list().length >= MOST) throw new Fault('STUDIO_FULL', { what: 'reports', limit: MOST })
      const names = order.kind === 'evaluation' ? { ensemble: order.ensemble } : { a: order.a, b: order.b }
      const texts: Record<string, z.infer<typeof Text>> = {}
      for (const [name, given] of Object.entries(names)) {
        const { version, text } = parts.resolve(given)
        texts[name] = { version, text }
      }
      const versions = Object.fromEntries(Object.entries(texts).map(([name, { version }]) => [name, version]))
      const kept: Kept = {
        id: newId(),
        order: { ...order, ...versions },
        texts,
        setName: order.kind === 'log-comparison' ? null : sets.view(order.set).name,
        at: now(),
        who,
        state: { state: 'waiting' },
      }
      const view = await put(kept)
      begin(kept)
      return view
    },
    async cancel(id) {
      named(id)
      await stopped(id, 'cancelled')
      return viewOf(named(id))
    },
    async again(id) {
      const { order } = named(id)
      if (order.kind !== 'log-comparison') sets.view(order.set)
      await stopped(id, 'cancelled')
      await dropFiles(id)
      const kept: Kept = { ...named(id), state: { state: 'waiting' } }
      const view = await put(kept)
      begin(kept)
      return view
    },
    async remove(id) {
      named(id)
      await stopped(id, 'cancelled')
      await shelf.remove(id)
    },
    async file(id, what) {
      const { state } = viewOf(named(id))
      const text = state.state === 'done' ? await shelf.read(id, ENDINGS[what]) : undefined
      if (text === undefined) throw new Fault('REPORT_NOT_DONE', { report: id, state: state.state })
      return text
    },
    async forget(conversation) {
      const name = JSON.stringify(conversation)
      for (const [id, { progress, rows }] of [...underWay])
        if (progress !== undefined && (rows === undefined || rows.includes(name))) await stopped(id, 'erased') // else it has read nothing yet, or not this
      for (const kept of shelf.list()) {
        const quoted = await shelf.read(kept.id, ENDINGS.conversations)
        if (!quoted?.includes(name)) continue
        await put({ ...kept, state: { state: 'erased' } })
        await dropFiles(kept.id)
      }
    },
    async close() {
      await Promise.all([...underWay.keys()].map(id => stopped(id, 'broken-off')))
    },
  }
}
