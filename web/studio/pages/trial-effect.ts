// What moved weights and costs do to a set: figures beside those of before, and the turns that are decided otherwise.
import type { Trial, TrialChange, TrialSide } from '@parley/core/protocol/studio.ts'
import { h } from '../../look/dom.ts'
import { difference, figure, isBetter, percent } from '../format.ts'
import { progressBar, table } from '../parts.ts'
import type { Studio } from '../studio.ts'

const SHOWN = [
  'accuracy',
  'macroF1',
  'wrongAnswers',
  'answered',
  'precisionOfAnswers',
  'abstention',
  'outOfScopeRecall',
  'costPer1000',
  'calibrationError',
  'brier',
]

/** `opened`: groups that are unfolded, over answers. */
export function trialEffect(
  studio: Studio,
  trial: Trial | undefined,
  isMoved: boolean,
  isInForce: boolean,
  opened: Set<string>,
): HTMLElement | null {
  const words = studio.words()
  const { weights: table } = words
  if (trial === undefined)
    return h('section', { class: 'panel' }, h('h3', null, table.effect), h('p', { class: 'faint', role: 'status' }, table.working))
  if (trial.state === 'opening')
    return h(
      'section',
      { class: 'panel' },
      h('h3', null, table.effect),
      h('p', { class: 'faint' }, table.opening),
      progressBar(words, trial, table.effect),
    )
  return h(
    'div',
    { class: 'stack' },
    h(
      'section',
      { class: 'panel', 'aria-labelledby': 'effect-title' },
      h('h3', { id: 'effect-title' }, table.effect, ' ', h('span', { class: 'working', role: 'status' })),
      h(
        'p',
        { class: 'faint' },
        table.on(words.common.turns(trial.turns), words.common.conversations(trial.conversations)),
        ` · ${table.answeredIn(String(Math.max(1, Math.round(trial.ms))))}`,
      ),
      !isMoved && h('p', { class: 'faint' }, table.nothingMoved),
      figures(studio, trial, isInForce),
    ),
    h(
      'section',
      { class: 'panel', 'aria-labelledby': 'moved-title' },
      h('h3', { id: 'moved-title' }, table.changed),
      changes(studio, trial.changed, opened),
    ),
    trial.settings !== null && settings(studio, trial.settings),
  )
}

const GLANCE = ['accuracy', 'wrongAnswers', 'costPer1000']
/** Three figures that stay in sight on a phone while sliders are moved. They stand in the table too. */
export function glance(studio: Studio, trial: Trial | undefined): HTMLElement | null {
  const { common } = studio.words()
  if (trial?.state !== 'ready') return null
  const short = (measure: string): string => common.short[measure] ?? measure
  return h(
    'div',
    { class: 'glance', 'aria-hidden': 'true' },
    GLANCE.map(measure => {
      const { before = null, now = null } = trial.figures[measure] ?? {}
      const by = before === null || now === null ? 0 : now - before
      return h(
        'div',
        null,
        h('div', { class: 'faint' }, short(measure)),
        h('strong', null, figure(measure, now)),
        ' ',
        by !== 0 && h('span', { class: ['bad', '', 'good'][isBetter(measure, by) + 1] }, difference(measure, by)),
      )
    }),
  )
}

type Ready = Extract<Trial, { state: 'ready' }>

function figures(studio: Studio, { figures: all, differences }: Ready, isInForce: boolean): HTMLElement {
  const { weights: words, common } = studio.words()
  return table(
    words.effect,
    [
      { title: words.measure },
      { title: isInForce ? common.inForce : words.before, isNumber: true },
      { title: words.now, isNumber: true },
      { title: words.difference, isNumber: true },
    ],
    SHOWN.flatMap(measure => {
      const row = all[measure]
      if (row === undefined) return []
      const judged = differences[measure]
      const by = row.before === null || row.now === null ? null : row.now - row.before
      const isShown = judged?.isShown === true // of the others no interval is worked out
      const kind = by === null || !isShown ? '' : ['bad', '', 'good'][isBetter(measure, by) + 1]
      return [
        [
          common.measures[measure] ?? measure,
          figure(measure, row.before),
          h('strong', { 'data-measure': measure }, figure(measure, row.now)),
          by === null
            ? common.none
            : [
                h('span', { class: kind, 'data-difference': measure }, difference(measure, by)),
                judged && by !== 0 && !judged.isShown && h('span', { class: 'interval' }, common.noDifference),
              ],
        ],
      ]
    }),
    'compact',
  )
}

function changes(studio: Studio, groups: Ready['changed'], opened: Set<string>): HTMLElement {
  const { weights: words, common, reports } = studio.words()
  if (groups.length === 0) return h('p', { class: 'faint' }, words.noneChanged)
  const side = ({ said, done, confidence }: TrialSide): string =>
    `${studio.nameOf(said)} · ${common.done[done] ?? done} · ${percent(confidence, 0)}`
  const example = ({ text, right, before, now }: TrialChange): HTMLElement =>
    h(
      'li',
      null,
      h('p', { class: 'said' }, text),
      h('p', null, h('span', { class: 'faint' }, `${words.before}: `), side(before)),
      h('p', null, h('span', { class: 'faint' }, `${words.now}: `), side(now)),
      right !== null && h('p', { class: 'faint' }, `${reports.right}: ${studio.nameOf(right)}`),
    )
  return h(
    'div',
    { class: 'groups' },
    groups.map(({ group, turns, examples }) =>
      h(
        'details',
        {
          'data-group': group,
          open: opened.has(group),
          ontoggle: event => ((event.currentTarget as HTMLDetailsElement).open ? opened.add(group) : opened.delete(group)), // its own
        },
        h(
          'summary',
          { 'data-key': `group ${group}` },
          h('span', { class: { fixed: 'good', broken: 'bad' }[group] }, common.groups[group] ?? group),
          ` ${turns.toLocaleString('en')}`,
          examples.length < turns && h('span', { class: 'faint' }, ` (${words.firstOf(examples.length)})`),
        ),
        h('ul', { class: 'divergent' }, examples.map(example)),
      ),
    ),
  )
}

function settings(studio: Studio, text: string): HTMLElement {
  const { weights: words } = studio.words()
  return h(
    'section',
    { class: 'panel', 'aria-labelledby': 'settings-title' },
    h('h3', { id: 'settings-title' }, words.settings),
    h('p', { class: 'faint hint' }, words.settingsHint),
    h('pre', { id: 'settings-text', tabindex: 0, role: 'region', 'aria-labelledby': 'settings-title' }, text),
    h(
      'div',
      { class: 'actions' },
      h(
        'button',
        {
          class: 'secondary',
          type: 'button',
          'data-key': 'copy',
          onclick: () => void navigator.clipboard?.writeText(text).then(() => studio.tell(words.copied)),
        },
        words.copy,
      ),
    ),
  )
}
