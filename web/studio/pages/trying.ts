// What a canary and a shadow have shown so far.
import type { CanaryArm, CanaryView, DivergentSide, ShadowView } from '@parley/core/protocol/studio.ts'
import { h } from '../../look/dom.ts'
import { difference, isBetter, percent, time } from '../format.ts'
import { table } from '../parts.ts'
import type { Studio } from '../studio.ts'

export function canaryTable(studio: Studio, canary: CanaryView | null): HTMLElement {
  const { versions: words, common } = studio.words()
  if (canary === null || canary.arms.canary.turns === 0) return h('p', { class: 'faint' }, words.tooFew)
  const { inForce, canary: tried } = canary.arms
  const arm = (name: string, { turns, conversations }: CanaryArm): string =>
    `${name}: ${common.turns(turns)}, ${common.conversations(conversations)}`
  const figures = table(
    words.canaryTable,
    [
      { title: words.measure },
      { title: words.inForce, isNumber: true },
      { title: words.canaryTitle, isNumber: true },
      { title: words.difference, isNumber: true },
    ],
    Object.entries(canary.differences).map(([measure, { value, low, high }]) => {
      const isShown = low > 0 || high < 0
      return [
        words.canaryMeasures[measure] ?? measure,
        percent(inForce.shares[measure]?.value),
        percent(tried.shares[measure]?.value),
        [
          h('span', { class: isShown ? ['bad', '', 'good'][isBetter(measure, value) + 1] : '' }, difference(measure, value)),
          h(
            'span',
            { class: 'interval' },
            isShown ? words.interval(difference(measure, low), difference(measure, high)) : common.noDifference,
          ),
        ],
      ]
    }),
    'compact',
  )
  return h(
    'div',
    null,
    figures,
    h('p', { class: 'faint hint' }, arm(words.inForce, inForce)),
    h('p', { class: 'faint hint' }, arm(words.canaryTitle, tried)),
  )
}

const LISTED = 20

export function shadowFindings(studio: Studio, shadow: ShadowView | null): HTMLElement {
  const { versions: words, locale } = studio.words()
  const { same = 0, otherwise = 0, failed = 0, late = 0, skipped = 0 } = shadow?.counts ?? {}
  if (shadow === null || shadow.agreement === null) return h('p', { class: 'faint' }, words.noAgreement)
  const side = (name: string, { action, disposition, confidence }: DivergentSide): HTMLElement =>
    h(
      'p',
      null,
      h('span', { class: 'faint' }, name),
      ` ${studio.nameOf(action)} · ${words.dispositions[disposition] ?? disposition} · ${percent(confidence, 0)}`,
    )
  return h(
    'div',
    null,
    h('p', { class: 'figure' }, words.agreement(percent(shadow.agreement))),
    h('p', { class: 'faint' }, words.shadowCounts(same, otherwise)),
    failed + late + skipped > 0 && h('p', { class: 'faint' }, words.shadowLost(failed, late, skipped)),
    h(
      'details',
      null,
      h('summary', null, `${words.divergent} (${otherwise.toLocaleString('en')})`),
      shadow.turns.length === 0
        ? h('p', { class: 'faint' }, words.noDivergent)
        : h(
            'ul',
            { class: 'divergent' },
            shadow.turns
              .slice(0, LISTED)
              .map(turn =>
                h(
                  'li',
                  null,
                  side(words.before, turn.before),
                  side(words.now, turn.now),
                  h('p', { class: 'faint' }, `${time(turn.at, locale)} · ${turn.conversation}, ${words.turn(turn.turn)}`),
                ),
              ),
          ),
    ),
  )
}
