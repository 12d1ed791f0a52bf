// Finds an action of the catalogue by what is typed: in either language, or by its id. Pure.
import type { NamedAction } from '@parley/core/protocol/desk-message.ts'

/** Those whose names have every word of `typed`, in the catalogue's order; those that begin with it first. All of them for nothing. */
export function findActions(actions: readonly NamedAction[], typed: string): readonly NamedAction[] {
  const words = folded(typed)
    .split(/[\s_]+/)
    .filter(Boolean)
  if (words.length === 0) return actions
  const whole = words.join(' ')
  const found = actions.map(each => ({ each, names: [each.label.en, each.label['zh-CN'], each.action.replaceAll('_', ' ')].map(folded) }))
  const matching = found.filter(({ names }) => words.every(word => names.some(name => name.includes(word))))
  const isFirst = ({ names }: (typeof found)[number]): boolean => names.some(name => name.startsWith(whole))
  return [...matching.filter(isFirst), ...matching.filter(one => !isFirst(one))].map(({ each }) => each)
}

const folded = (text: string): string => text.normalize('NFKC').toLowerCase()
