// The figures as docs/accuracy.md shows them.
import type { Result } from '../models.ts'
import { SOURCES } from './data-sets.ts'
import type { Interval } from './measures.ts'
import { CONTENDERS } from './peers.ts'
import type { Played } from './play.ts'

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n')

const percent = (share: number): string => (share * 100).toFixed(1)
const shown = ({ value, low, high }: Interval): string => `${percent(value)} (${percent(low)} to ${percent(high)})`

const playedOnes = (results: readonly Result[]): readonly (Result & { readonly played: Played })[] =>
  results.flatMap(result => (typeof result.played === 'string' ? [] : [{ ...result, played: result.played }]))

/** Accuracy and macro-F1 of everybody on every set, with what others have published of it. */
export function scoreTable(results: readonly Result[]): string {
  const rows = results.map(({ set, model, played }) => [
    SOURCES[set].title,
    CONTENDERS[model].title,
    ...(typeof played === 'string' ? [`not run: ${played}`, ''] : [shown(played.accuracy), shown(played.macroF1)]),
  ])
  const published = [...new Set(results.map(({ set }) => set))].flatMap(set => {
    const said = SOURCES[set].published.map(([who, figures]) => `${who} ${figures}`)
    return said.length === 0 ? [] : [`- ${SOURCES[set].title}: ${said.join(' · ')}`]
  })
  return [
    table(['set', 'model', 'accuracy, %', 'macro-F1, %'], rows),
    ...(published.length > 0 ? [`\nPublished by others, on the same splits:\n${published.join('\n')}`] : []),
  ].join('\n')
}

/** In-scope accuracy against out-of-scope recall. */
export function scopeTable(results: readonly Result[]): string {
  const rows = playedOnes(results).flatMap(({ set, model, played: { scope } }) => {
    if (!scope) return []
    const { untuned, tuned, curve } = scope
    const point = ({ inScope, oosRecall }: typeof tuned): string => `${percent(inScope.value)} / ${shown(oosRecall)}`
    const least = Object.entries(curve).sort(([a], [b]) => Number(b) - Number(a))
    return [
      {
        head: least.map(([share]) => `at ${percent(Number(share))}`),
        cells: [
          `${SOURCES[set].title}, ${CONTENDERS[model].title}`,
          point(untuned),
          point(tuned),
          ...least.map(([, recall]) => (recall === null ? '–' : percent(recall))),
        ],
      },
    ]
  })
  if (rows.length === 0) return ''
  return table(
    ['in scope / out-of-scope recall, %', 'out of scope as a class', 'threshold from validation', ...rows[0]!.head],
    rows.map(({ cells }) => cells),
  )
}

export function costTable(results: readonly Result[]): string {
  const number = (value: number | null, digits: number): string => (value === null ? '–' : value.toFixed(digits))
  return table(
    [
      'set',
      'model',
      'training, s of a core',
      'sentences a second of a core',
      'p50, ms',
      'p99, ms',
      'load, ms',
      'peak memory, MB',
      'model, MB',
    ],
    playedOnes(results).map(({ set, model, played }) => [
      SOURCES[set].title,
      CONTENDERS[model].title,
      number(played.trainSeconds, 1),
      number(played.perSecond, 0),
      number(played.p50Ms, 2),
      number(played.p99Ms, 2),
      number(played.loadMs, 0),
      number(played.peakMb, 0),
      number(played.modelMb, 1),
    ]),
  )
}
