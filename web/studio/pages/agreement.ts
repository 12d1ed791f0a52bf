// How far people agree on what they have labelled, and what they dispute.
import type { AgreementView } from '@parley/core/protocol/studio.ts'
import { fill, h } from '../../look/dom.ts'
import { table, trouble } from '../parts.ts'
import type { Studio } from '../studio.ts'

const LISTED = 20

export function createAgreement(studio: Studio): { readonly element: HTMLElement; load(): Promise<void>; draw(): void } {
  const element = h('section', { class: 'panel', 'aria-labelledby': 'agreement-title' })
  let view: AgreementView | undefined
  let failed: unknown

  async function load(): Promise<void> {
    try {
      view = await studio.server.get<AgreementView>('labels/agreement')
      failed = undefined
    } catch (error) {
      failed = error
    }
    draw()
  }

  function pairs({ pairs: all }: AgreementView): HTMLElement {
    const { label: words, versions } = studio.words()
    const round = (value: number): string => value.toFixed(2)
    return table(
      words.agreement,
      [
        { title: words.pair },
        { title: words.both, isNumber: true },
        { title: words.agreed, isNumber: true },
        { title: words.kappa, isNumber: true },
      ],
      all.map(({ a, b, turns, agreed, kappa }) => [
        `${a}, ${b}`,
        turns.toLocaleString('en'),
        agreed.toLocaleString('en'),
        kappa.value === null
          ? '–'
          : [
              round(kappa.value),
              kappa.low !== null &&
                kappa.high !== null &&
                h('span', { class: 'interval' }, versions.interval(round(kappa.low), round(kappa.high))),
            ],
      ]),
      'compact',
    )
  }

  function draw(): void {
    const words = studio.words()
    const { label } = words
    const title = h('h3', { id: 'agreement-title' }, label.agreement)
    if (view === undefined) return fill(element, title, failed !== undefined && trouble(words, failed, () => void load()))
    const { people, disputes, disputed } = view
    fill(
      element,
      title,
      h('p', { class: 'faint' }, label.agreementHint),
      people.length === 0
        ? h('p', null, label.nobody)
        : h('p', null, people.map(({ who, labels }) => `${who}: ${label.labels(labels)}`).join(' · ')),
      people.length === 1 && h('p', { class: 'faint' }, label.alone),
      view.pairs.length > 0 && pairs(view),
      disputes.length > 0 && [
        h('h4', null, label.disputes),
        h(
          'ul',
          { class: 'disputes' },
          disputes
            .slice(0, LISTED)
            .map(({ actions: [one, other], turns }) =>
              h('li', null, `${studio.nameOf(one)} ↔ ${studio.nameOf(other)} `, h('span', { class: 'faint' }, label.times2(turns))),
            ),
        ),
      ],
      people.length > 1 && [
        h('h4', null, `${label.disputed} (${disputed.length})`),
        disputed.length === 0
          ? h('p', { class: 'faint' }, label.noDisputed)
          : [
              h('p', { class: 'faint' }, label.disputedHint),
              h(
                'ul',
                { class: 'disputes' },
                disputed.slice(0, LISTED).map(({ conversation, turn, said }) =>
                  h(
                    'li',
                    null,
                    h('span', { class: 'faint' }, `${conversation}, ${words.versions.turn(turn)}: `),
                    Object.entries(said)
                      .map(([who, action]) => `${who}: ${studio.nameOf(action)}`)
                      .join(' · '),
                  ),
                ),
              ),
            ],
      ],
    )
  }
  return { element, load, draw }
}
