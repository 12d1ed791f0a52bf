// Weights and costs to move, with what each move does to the turns of a set.
import type { EnsemblesView, SetView, ShopView, Trial, Weights } from '@parley/core/protocol/studio.ts'
import { fill, h } from '../../look/dom.ts'
import { askOrder } from '../order-dialog.ts'
import { empty, field, loading, select, trouble, versionOptions } from '../parts.ts'
import { hashOf } from '../route.ts'
import type { Page, Studio } from '../studio.ts'
import { createTrials } from '../trial.ts'
import { costLabels, slider } from './sliders.ts'
import { glance, trialEffect } from './trial-effect.ts'

const COSTS = ['wrongAnswer', 'clarify', 'handoff'] as const
type Costs = Readonly<Record<(typeof COSTS)[number], number>>
const LANGUAGES = ['zh', 'en'] as const

interface Known {
  readonly ensembles: EnsemblesView
  readonly sets: readonly SetView[]
  readonly shop: ShopView
}

export function createWeightsPage(studio: Studio): Page {
  const element = h('div', { class: 'page' })
  const effect = h('div', { class: 'stack effect' })
  const atGlance = h('div', { class: 'glance-place' })
  let known: Known | undefined
  let failed: unknown
  let from = ''
  let set = ''
  let isTogether = true
  let moved: Record<string, { zh: number; en: number }> = {}
  let costs: Costs | null = null
  let trial: Trial | undefined
  let notAnswered: unknown
  let isWorking = false
  const opened = new Set<string>()

  const trials = createTrials(
    studio.server,
    next => {
      trial = next
      notAnswered = undefined
      isWorking = next.state === 'opening'
      drawEffect()
    },
    error => {
      notAnswered = error
      isWorking = false
      drawEffect()
    },
  )

  const startOf = (): Weights => known?.ensembles.versions.find(({ version }) => version === from)?.weights ?? {}
  /** Voters of the version, `plugin:*` and the like where such a voter votes here, and voters of the shop that it does not hear. */
  function voters(): readonly string[] {
    const [named, here] = [Object.keys(startOf()), known?.shop.voters ?? []]
    const stands = (voter: string): string => (named.includes(voter) ? voter : voter.replace(/:.*$/, ':*'))
    return [
      ...named.filter(name => !name.endsWith(':*') || here.some(voter => stands(voter) === name)),
      ...here.filter(voter => !named.includes(stands(voter))),
    ]
  }
  const weightOf = (voter: string): { zh: number; en: number } => moved[voter] ?? startOf()[voter] ?? { zh: 0, en: 0 }
  const isMoved = (): boolean => Object.keys(moved).length > 0 || costs !== null

  function ask(): void {
    if (from === '' || set === '') return
    isWorking = true
    effect.dataset.state = 'working'
    trials.ask({ ensemble: from, weights: moved, set, costs })
  }

  async function load(): Promise<void> {
    try {
      const [ensembles, { sets }, shop] = await Promise.all([
        studio.server.get<EnsemblesView>('ensembles'),
        studio.server.get<{ sets: readonly SetView[] }>('sets'),
        studio.shop(),
      ])
      known = { ensembles, sets: sets.filter(({ turns }) => turns > 0), shop }
      failed = undefined
      if (!ensembles.versions.some(({ version, fault }) => version === from && fault === null)) start(ensembles.standing.inForce)
      if (!known.sets.some(({ id }) => id === set)) set = known.sets.at(-1)?.id ?? ''
    } catch (error) {
      failed = error
    }
    draw()
    ask()
  }

  /** From another version, nothing is moved. */
  function start(version: string): void {
    from = version
    moved = {}
  }
  function remember(): void {
    studio.stay(hashOf({ page: 'weights', query: { from, set } }))
  }
  function reset(): void {
    moved = {}
    costs = null
    draw()
    ask()
  }

  function move(voter: string, languages: readonly ('zh' | 'en')[], value: number): void {
    const next = { ...weightOf(voter) }
    for (const language of languages) next[language] = value
    const was = startOf()[voter] ?? { zh: 0, en: 0 }
    moved = { ...moved, [voter]: next }
    if (next.zh === was.zh && next.en === was.en) delete moved[voter]
    reseat()
    ask()
  }
  function price(which: keyof Costs, value: number): void {
    const own = known?.shop.costs
    if (!own) return
    const next = { ...(costs ?? own), [which]: value }
    const { wrongAnswer, clarify, handoff } = next
    costs = COSTS.every(each => next[each] === own[each]) ? null : { wrongAnswer, clarify, handoff }
    reseat()
    ask()
  }
  /** What the moves have to do with the buttons. */
  function reseat(): void {
    for (const button of element.querySelectorAll<HTMLButtonElement>('#weights-reset')) button.disabled = !isMoved()
    for (const button of element.querySelectorAll<HTMLButtonElement>('#weights-save')) button.disabled = Object.keys(moved).length === 0
  }

  function save(): void {
    const { weights: words } = studio.words()
    askOrder(studio, {
      title: words.saveTitle,
      text: words.saveText,
      yes: words.saveYes,
      name: { label: words.saveName, value: from.split('@')[0] ?? from },
      async act({ name, why }) {
        const { version } = await studio.server.post<{ version: string }>('trials/keep', { ensemble: from, weights: moved, name, why })
        studio.tell(words.saved(version))
        start(version)
        remember()
        await load()
      },
    })
  }

  function voterSliders(voter: string): HTMLElement[] {
    const { weights: words } = studio.words()
    const was = startOf()[voter] ?? { zh: 0, en: 0 }
    const one = (languages: readonly ('zh' | 'en')[], language: 'zh' | 'en', named: string, isNamed: boolean): HTMLElement =>
      slider({
        key: `${voter}-${languages.join('-')}`,
        name: isNamed ? words.of(voter, named) : voter,
        label: isNamed ? named : voter,
        value: weightOf(voter)[language],
        isUnmoved: moved[voter] === undefined,
        was: languages.length === 2 && was.zh !== was.en ? [was.zh, was.en] : [was[language]],
        max: Math.max(2, Math.ceil(was[language] * 1.5)),
        step: 0.01,
        wasText: words.was,
        moved: value => move(voter, languages, value),
      })
    if (isTogether) return [one(LANGUAGES, 'zh', words.both, false)]
    return [
      h('p', { class: 'slider-group' }, voter),
      ...LANGUAGES.map(language => one([language], language, words.languages[language], true)),
    ]
  }

  function draw(): void {
    const words = studio.words()
    const { weights: table } = words
    if (known === undefined)
      return fill(element, h('h2', null, table.title), failed ? trouble(words, failed, () => void load()) : loading(words))
    const { ensembles, sets, shop } = known
    const head = [
      h('h2', null, table.title),
      h('p', { class: 'intro' }, table.intro),
      failed !== undefined && trouble(words, failed, () => void load()),
    ]
    if (sets.length === 0)
      return fill(
        element,
        head,
        empty(
          table.noSet,
          table.noSetHint,
          h(
            'div',
            { class: 'actions' },
            h('a', { class: 'secondary', href: hashOf({ page: 'reports' }) }, table.toSets),
            h('a', { class: 'secondary', href: hashOf({ page: 'label' }) }, table.toLabel),
          ),
        ),
      )
    fill(
      element,
      head,
      h(
        'div',
        { class: 'fields' },
        field(
          table.from,
          select(
            versionOptions(words, ensembles),
            from,
            value => {
              start(value)
              remember()
              draw()
              ask()
            },
            'weights-from',
          ),
        ),
        field(
          words.common.set,
          select(
            sets.map(({ id, kind, name, turns }) => [
              id,
              `${kind === 'labelled' ? words.reports.labelled : name} (${words.common.turns(turns)})`,
            ]),
            set,
            value => {
              set = value
              trial = undefined
              remember()
              drawEffect()
              ask()
            },
            'weights-set',
          ),
        ),
      ),
      h(
        'div',
        { class: 'bench' },
        atGlance,
        h(
          'section',
          { class: 'panel sliders', 'aria-labelledby': 'weights-title' },
          h('h3', { id: 'weights-title' }, table.weights),
          h('p', { class: 'faint hint' }, table.weightsHint),
          h(
            'label',
            { class: 'check' },
            h('input', {
              type: 'checkbox',
              id: 'weights-together',
              checked: isTogether,
              onchange: () => {
                isTogether = !isTogether
                draw()
              },
            }),
            h('span', null, table.together),
          ),
          voters().map(voterSliders),
          h('h3', { class: 'second-title' }, table.costs),
          h('p', { class: 'faint hint' }, table.costsHint, shop.costs.handoffVaries && ` ${table.varies}`),
          COSTS.map(which =>
            slider({
              key: which,
              name: table.cost[which],
              label: table.cost[which],
              value: costs?.[which] ?? shop.costs[which],
              isUnmoved: costs === null,
              was: [shop.costs[which]],
              ...costLabels(shop.costs[which]),
              wasText: table.was,
              moved: value => price(which, value),
            }),
          ),
          h(
            'div',
            { class: 'actions' },
            h('button', { class: 'primary', type: 'button', id: 'weights-save', onclick: save }, table.save),
            h('button', { class: 'secondary', type: 'button', id: 'weights-reset', onclick: reset }, table.reset),
          ),
        ),
        effect,
      ),
    )
    reseat()
    drawEffect()
  }

  function drawEffect(): void {
    effect.dataset.state = isWorking ? 'working' : 'still'
    if (trial?.state === 'ready') effect.dataset.asked = String(trial.asked)
    fill(atGlance, glance(studio, trial))
    fill(
      effect,
      notAnswered !== undefined && trouble(studio.words(), notAnswered, ask),
      trialEffect(studio, trial, isMoved(), from === known?.ensembles.standing.inForce, opened),
    )
  }

  return {
    element,
    open({ query }) {
      const asked = query.get('from')
      if (asked !== undefined && asked !== from) start(asked)
      set = query.get('set') ?? set
      draw()
      void load()
    },
    draw,
    leave: trials.stop,
  }
}
