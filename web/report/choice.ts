// One of a few: which figure a plot shows, in which order rows stand.
import { make } from '../widget/elements.ts'

let made = 0

/** A labelled select; `choose` is called at once with the first one, and with each that is chosen. */
export function choice<Key extends string>(
  label: string,
  options: readonly (readonly [key: Key, name: string])[],
  choose: (key: Key) => void,
): HTMLElement {
  const box = make('div', 'choice')
  const select = make('select', '')
  select.id = `choice-${++made}`
  const name = make('label', '', label)
  name.htmlFor = select.id
  for (const [key, text] of options) {
    const option = make('option', '', text)
    option.value = key
    select.append(option)
  }
  select.addEventListener('change', () => choose(select.value as Key)) // of its options
  box.append(name, select)
  const [first] = options
  if (first) choose(first[0])
  return box
}

/** The figures that other ensembles are compared by, as a choice: `show` makes what is to be seen of one. */
export function chooseAndShow<Key extends string>(
  label: string,
  options: readonly (readonly [key: Key, name: string])[],
  show: (key: Key) => readonly Node[],
): HTMLElement {
  const shown = make('div', 'shown')
  const box = make('div', 'chosen')
  box.append(
    choice(label, options, key => shown.replaceChildren(...show(key))),
    shown,
  )
  return box
}
