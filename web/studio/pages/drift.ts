// How turns and what is made of them change from week to week.
import type { DriftView, DriftWeek, Estimate } from '@parley/core/protocol/studio.ts'
import { fill, h } from '../../look/dom.ts'
import { driftPlot } from '../../report/drift.ts'
import type { Kind } from '../../report/numbers.ts'
import { stringsOf } from '../../report/strings.ts'
import { card, words as cell, figure as numberCell, table } from '../../report/table.ts'
import { percent, signed, time } from '../format.ts'
import { empty, loading, progressBar, trouble } from '../parts.ts'
import { hashOf } from '../route.ts'
import type { Page, Studio } from '../studio.ts'

const LOOK_MS = 1_500
/** Voters shown: as many as a plot tells apart. */
const SERIES = 6
const ACTIONS = 12

export function createDriftPage(studio: Studio): Page {
  const element = h('div', { class: 'page drift' })
  const progress = h('div')
  const plots = h('div', { class: 'stack' })
  let view: DriftView | undefined
  let failed: unknown
  let timer: ReturnType<typeof setTimeout> | undefined
  let asked = 0

  async function load(): Promise<void> {
    clearTimeout(timer)
    const mine = ++asked
    const before = view
    try {
      const [next] = await Promise.all([studio.server.get<DriftView>('drift'), studio.shop()])
      if (mine !== asked) return
      view = next
      failed = undefined
      if (next.progress) timer = setTimeout(() => void load(), LOOK_MS)
    } catch (error) {
      if (mine !== asked) return
      failed = error
    }
    drawProgress()
    if (before === undefined || before.at !== view?.at || failed) draw()
  }

  function drawProgress(): void {
    const words = studio.words()
    fill(
      progress,
      view?.progress &&
        h('div', { class: 'panel' }, h('p', null, words.drift.working), progressBar(words, view.progress, words.drift.working)),
    )
  }

  function draw(): void {
    const words = studio.words()
    const { drift } = words
    fill(
      element,
      h('h2', null, drift.title),
      h('p', { class: 'intro' }, drift.intro, typeof view?.at === 'number' && ` ${drift.asOf(time(view.at, words.locale))}`),
      failed !== undefined && trouble(words, failed, () => void load()),
      progress,
      view === undefined ? failed === undefined && loading(words) : plots,
    )
    drawProgress()
    if (view) fill(plots, view.weeks.length > 0 ? plotsOf(view) : view.progress === null && empty(drift.none, drift.noneHint))
  }

  function plotsOf({ weeks, reference }: DriftView): HTMLElement[] {
    const { drift: words, locale } = studio.words()
    const strings = stringsOf(locale)
    const plot = (title: string, explanation: string, kind: Kind, series: readonly Series[]): HTMLElement =>
      driftPlot(
        {
          title,
          explanation,
          kind,
          series: series.map(({ name, of }) => ({ name, points: weeks.map(week => ({ week: mondayOf(week.start), ...of(week) })) })),
        },
        strings,
      )
    const share = (name: keyof DriftWeek['shares'], title: string): Series => ({
      name: title,
      of: week => plain(week.shares[name], week.turns),
    })
    const labelled = (of: (found: NonNullable<DriftWeek['labelled']>) => Estimate) => (week: DriftWeek) =>
      week.labelled ? { estimate: of(week.labelled), support: week.labelled.turns } : plain(null, 0)
    const hasLabels = weeks.some(week => week.labelled !== null)
    const voters = votersOf(weeks).slice(0, SERIES)
    return [
      h(
        'div',
        { class: 'beside' },
        plot(
          words.outcomes,
          words.outcomesHint,
          'share',
          Object.entries(words.shares).map(([name, title]) => share(name as keyof DriftWeek['shares'], title)),
        ), // of the words
        plot(words.regret, words.regretHint, 'share', [share('takenBack', words.takenBack), share('recalled', words.recalled)]),
      ),
      hasLabels
        ? h(
            'div',
            { class: 'beside' },
            plot(words.accuracy, words.accuracyHint, 'share', [{ name: words.accuracy, of: labelled(found => found.accuracy) }]),
            plot(words.calibration, words.calibrationHint, 'share', [
              { name: words.calibration, of: labelled(found => found.calibrationError) },
            ]),
          )
        : card(
            words.accuracy,
            words.noLabels,
            h('p', null, h('a', { class: 'secondary', href: hashOf({ page: 'label' }) }, words.toLabel)),
          ),
      h(
        'div',
        { class: 'beside' },
        plot(words.confidence, words.confidenceHint, 'share', [
          { name: words.confidence, of: week => plain(week.meanConfidence, week.turns) },
        ]),
        plot(
          words.voters,
          words.votersHint,
          'share',
          voters.map(voter => ({
            name: voter,
            of: week => {
              const found = week.voters[voter]
              return found && found.turns > 0 ? plain(found.agreed / found.turns, found.turns) : plain(null, 0)
            },
          })),
        ),
      ),
      h(
        'div',
        { class: 'beside' },
        plot(words.stability, words.stabilityHint(reference.map(mondayOf).join(', ')), 'score', [
          { name: words.index, of: week => plain(week.stability, week.turns) },
        ]),
        actionsCard(weeks),
      ),
    ]
  }

  function actionsCard(weeks: readonly DriftWeek[]): HTMLElement {
    const { drift: words } = studio.words()
    const [before, last] = [weeks.at(-2), weeks.at(-1)]
    const shareIn = (week: DriftWeek | undefined, action: string): number => week?.actions.find(each => each.action === action)?.share ?? 0
    const actions = (last?.actions ?? []).slice(0, ACTIONS)
    return card(
      words.actions,
      words.actionsHint,
      table({
        title: words.actions,
        columns: [{ title: words.action }, ...[words.lastWeek, words.weekBefore, words.change].map(title => ({ title, isNumber: true }))],
        rows: actions.map(({ action, share }) => {
          const was = shareIn(before, action)
          return [
            cell(studio.nameOf(action), 'wide'),
            numberCell(share, percent(share)),
            numberCell(was, before ? percent(was) : '–'),
            numberCell(share - was, before ? signed(100 * (share - was)) : '–'),
          ]
        }),
        sorted: { column: 1, isDown: true },
      }),
    )
  }

  return {
    element,
    open() {
      draw()
      void load()
    },
    draw,
    leave() {
      asked++
      clearTimeout(timer)
    },
  }
}

interface Series {
  readonly name: string
  readonly of: (week: DriftWeek) => { readonly estimate: Estimate; readonly support: number }
}

const plain = (value: number | null, support: number) => ({ estimate: { value, low: null, high: null }, support })

const mondayOf = (start: number): string => new Date(start).toISOString().slice(0, 10)

/** Those that voted most first. */
function votersOf(weeks: readonly DriftWeek[]): readonly string[] {
  const turns = new Map<string, number>()
  for (const { voters } of weeks) for (const [voter, { turns: n }] of Object.entries(voters)) turns.set(voter, (turns.get(voter) ?? 0) + n)
  return [...turns].sort(([, a], [, b]) => b - a).map(([voter]) => voter)
}
