// Turns that another ensemble decides otherwise, side by side: what the customer wrote, what it is about, what A made of it and what B does. By group, and
// filtered by words.
import type { TurnToCompare } from '@parley/ensembles/comparison/compare.ts'
import type { Comparison } from '@parley/ensembles/comparison/comparison.ts'
import type { Group, Side } from '@parley/ensembles/comparison/group.ts'
import { make } from '../widget/elements.ts'
import { told } from './numbers.ts'
import type { Strings } from './strings.ts'
import { card } from './table.ts'

/** Shown at once; more on demand. */
const AT_ONCE = 40

let made = 0

export function changedTurns({ changed, groups }: Pick<Comparison, 'changed' | 'groups'>, strings: Strings): HTMLElement {
  let group: Group | undefined
  let wanted = ''
  const place = make('div', 'turns')
  const chips = make('div', 'chips')
  chips.setAttribute('role', 'group')
  chips.setAttribute('aria-label', strings.group)
  const options: readonly (Group | undefined)[] = [undefined, ...groups.map(each => each.group)]
  const buttons = options.map(option => {
    const count = option ? (groups.find(each => each.group === option)?.turns ?? 0) : changed.length
    const button = make('button', 'chip', `${option ? strings.groups[option] : strings.all} ${count}`)
    button.type = 'button'
    button.addEventListener('click', () => {
      group = option
      fill()
    })
    return button
  })
  chips.append(...buttons)
  const filter = make('input', 'filter')
  filter.type = 'search'
  filter.id = `filter-${++made}`
  filter.placeholder = strings.filterHint
  const label = make('label', 'unseen', strings.filter)
  label.htmlFor = filter.id
  filter.addEventListener('input', () => {
    wanted = filter.value.trim().toLowerCase()
    fill()
  })

  function fill(): void {
    for (const [i, button] of buttons.entries()) button.setAttribute('aria-pressed', String(options[i] === group))
    const found = changed.filter(turn => (group === undefined || turn.group === group) && wordsOf(turn).includes(wanted))
    const byGroup = groups.flatMap(each => {
      const those = found.filter(turn => turn.group === each.group)
      if (those.length === 0) return []
      const title = make('h3', '')
      title.append(groupName(each.group, strings), ` ${those.length}`, make('span', 'faint', ` ${strings.groupHints[each.group]}`))
      return [title, turnList(those, strings)]
    })
    place.replaceChildren(...(byGroup.length > 0 ? byGroup : [make('p', 'faint', strings.noneFound)]))
  }
  fill()
  const tools = make('div', 'tools')
  tools.append(chips, label, filter)
  return card(strings.turnsTitle, '', tools, place)
}

export function groupName(group: Group, strings: Strings): HTMLElement {
  const kind = group === 'fixed' ? 'good' : group === 'broken' || group === 'both-wrong' ? 'bad' : 'neither'
  return make('span', `badge ${kind}`, strings.groups[group])
}

const wordsOf = ({ text, right, place, a, b }: TurnToCompare): string =>
  [text, right, place, a.said, b.said, ...a.options, ...b.options].join(' ').toLowerCase()

/** A list of turns with both sides. */
export function turnList(turns: readonly TurnToCompare[], strings: Strings): HTMLElement {
  const box = make('div', 'turn-list')
  const list = make('ul', '')
  const more = make('button', 'secondary more')
  more.type = 'button'
  let shown = 0
  function show(): void {
    list.append(...turns.slice(shown, shown + AT_ONCE).map(turn => itemOf(turn, strings)))
    shown = Math.min(turns.length, shown + AT_ONCE)
    more.hidden = shown >= turns.length
    more.textContent = strings.more(Math.min(AT_ONCE, turns.length - shown))
  }
  more.addEventListener('click', show)
  show()
  box.append(list, more)
  return box
}

function itemOf({ text, right, place, a, b }: TurnToCompare, strings: Strings): HTMLElement {
  const item = make('li', 'turn')
  const said = make('p', 'sentence', text === '' ? strings.textLeftOut : text)
  const about = make('p', 'faint')
  about.append(`${strings.place(place)} · ${strings.pair(strings.about1, '')}`, make('strong', '', right ?? strings.notKnown))
  const sides = make('div', 'sides')
  sides.append(sideOf('A', a, right, strings), sideOf('B', b, right, strings))
  item.append(said, about, sides)
  return item
}

function sideOf(name: string, side: Side, right: string | null, strings: Strings): HTMLElement {
  const made = make('div', 'side-box')
  const isAbstained = side.done === 'asked back' || side.done === 'handed over'
  const worth = isAbstained || right === null ? 'neither' : side.said === right ? 'good' : 'bad'
  made.append(make('strong', `side ${worth}`, name), make('span', `decided ${worth}`, decisionOf(side, strings)))
  if (worth !== 'neither') made.append(make('span', `faint`, worth === 'good' ? ` ✓ ${strings.right}` : ` ✗ ${strings.wrong}`))
  return made
}

function decisionOf({ said, done, confidence, options, rules }: Side, strings: Strings): string {
  if (done === 'asked back') return strings.pair(strings.done[done], options.join(strings.optionsOr))
  if (done === 'handed over') return strings.done[done]
  const risk = rules.find(({ kind }) => kind === 'risk')
  if (risk) return strings.riskTaken(risk.rule)
  return [`${said ?? strings.nothingSaid} ${told(confidence, 'share')}`, strings.done[done]].filter(Boolean).join(', ')
}
