// What the sources' documents say of the panel's fields, for whoever has no pointer to hold over them.
import type { CustomerPanel, PanelField } from '@parley/core/protocol/customer-panel.ts'
import { h } from '../../look/dom.ts'

/** Undefined where no field is described. `isOpen` and `toggled`: the panel is built anew whenever something in it is. */
export function glossary(
  { fields }: Pick<CustomerPanel, 'fields'>,
  title: string,
  isOpen: boolean,
  toggled: (isOpen: boolean) => void,
): HTMLElement | undefined {
  const entries = described(fields)
  if (entries.length === 0) return undefined
  const details = h(
    'details',
    { class: 'glossary', open: isOpen },
    h('summary', null, title),
    h(
      'dl',
      null,
      entries.flatMap(([name, said]) => [h('dt', null, name), h('dd', null, said)]),
    ),
  )
  details.addEventListener('toggle', () => toggled(details.open))
  return details
}

/** Each title with what is said of it, once; in the order of the panel. */
function described(fields: readonly PanelField[]): readonly (readonly [string, string])[] {
  const found = new Map<string, readonly [string, string]>()
  const walk = (each: PanelField): void => {
    if (each.description !== undefined) found.set(`${each.title}\n${each.description}`, [each.title, each.description])
    each.fields?.forEach(walk)
  }
  fields.forEach(walk)
  return [...found.values()]
}
