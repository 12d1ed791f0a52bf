// Parts that several pages are made of: what went wrong, what to do next where there is nothing, how far something is, a table, a choice of versions.
import type { EnsemblesView, Progress } from '@parley/core/protocol/studio.ts'
import { type Child, h } from '../look/dom.ts'
import { percent } from './format.ts'
import { Refused } from './server.ts'
import type { Words } from './words.ts'

/** What went wrong, in words, with what to do. The server's own words follow where they say more than ours. */
export function trouble({ shell }: Words, error: unknown, again?: () => void): HTMLElement {
  return h(
    'div',
    { class: 'trouble', role: 'alert' },
    h('p', null, troubleText(shell, error)),
    again && h('button', { class: 'secondary', type: 'button', onclick: again }, shell.again),
  )
}

export function troubleText(shell: Words['shell'], error: unknown): string {
  if (!(error instanceof Refused)) return shell.unreached
  const own = shell.troubles[error.code]
  return own === undefined
    ? `${shell.otherTrouble(error.code)} ${error.message}`
    : own.endsWith(':') || own.endsWith('：')
      ? `${own} ${error.message}`
      : own
}

/** Nothing is here yet, and this is what to do. */
export const empty = (title: string, hint: string, ...more: readonly Child[]): HTMLElement =>
  h('div', { class: 'empty' }, h('p', { class: 'empty-title' }, title), h('p', { class: 'faint' }, hint), ...more)

export const loading = ({ shell }: Words): HTMLElement => h('p', { class: 'faint loading', role: 'status' }, shell.loading)

/** A bar with what is being done and how long it may take. */
export function progressBar(words: Words, progress: Progress, label: string): HTMLElement {
  const step = words.common.steps[progress.step] ?? progress.step
  const left = progress.secondsLeft === null ? '' : words.common.left(progress.secondsLeft)
  return h(
    'div',
    { class: 'progress' },
    h('progress', { max: 1, value: progress.share, 'aria-label': label }),
    h('p', null, h('span', null, step), h('span', { class: 'faint' }, [percent(progress.share, 0), left].filter(Boolean).join(' · '))),
  )
}

export interface Column {
  readonly title: string
  /** Numbers stand at the right. */
  readonly isNumber?: boolean
}

/** On a phone each row becomes a block whose cells name their columns, unless it is compact. */
export function table(
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly Child[])[],
  kind?: 'compact',
): HTMLTableElement {
  return h(
    'table',
    { class: kind },
    h('caption', { class: 'unseen' }, caption),
    h(
      'thead',
      null,
      h(
        'tr',
        null,
        columns.map(({ title, isNumber }) => h('th', { scope: 'col', class: isNumber && 'number' }, title)),
      ),
    ),
    h(
      'tbody',
      null,
      rows.map(cells =>
        h(
          'tr',
          null,
          cells.map((cell, i) => {
            const props = { class: columns[i]?.isNumber && 'number', 'data-title': columns[i]?.title }
            return i === 0 ? h('th', { ...props, scope: 'row' }, cell) : h('td', props, cell)
          }),
        ),
      ),
    ),
  )
}

let fields = 0
/** A label over what it names. */
export function field(label: string, control: HTMLElement, ...hint: readonly Child[]): HTMLElement {
  control.id ||= `field-${++fields}`
  return h('div', { class: 'field' }, h('label', { for: control.id }, label), control, ...hint)
}

export function select(
  options: readonly (readonly [value: string, text: string])[],
  chosen: string | undefined,
  changed: (value: string) => void,
  key: string,
): HTMLSelectElement {
  const made = h(
    'select',
    { id: key, onchange: event => changed((event.currentTarget as HTMLSelectElement).value) }, // its own
    options.map(([value, text]) => h('option', { value, selected: value === chosen }, text)),
  )
  return made
}

/** Every version that can be read, what is in force first, with where it stands. */
export function versionOptions(words: Words, { versions, standing }: EnsemblesView): readonly (readonly [string, string])[] {
  const where = (version: string): string => {
    const { versions: table } = words
    if (version === standing.inForce) return ` (${words.common.inForce})`
    if (version === standing.canary?.version) return ` (${table.canary})`
    return version === standing.shadow?.version ? ` (${table.shadow})` : ''
  }
  return versions
    .filter(({ fault }) => fault === null)
    .map(({ version }) => [version, `${version}${where(version)}`] as const)
    .sort(([a], [b]) => Number(b === standing.inForce) - Number(a === standing.inForce))
}
