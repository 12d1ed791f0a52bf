import type { ActionId } from '@parley/plugin-sdk/vocabulary.ts'

/** Words of a conversation, and what no article can be about. */
const NOT_ANSWERED: ReadonlySet<ActionId> = new Set(['GREETING', 'THANKS', 'GOODBYE', 'AFFIRM', 'DENY', 'RECALL_MESSAGE', 'OUT_OF_SCOPE'])

/** What an article of a shop with these actions can answer: never what a person must take. */
export const articleActions = (actions: Readonly<Record<ActionId, unknown>>, alwaysPerson: readonly ActionId[]): ReadonlySet<ActionId> =>
  new Set(Object.keys(actions).filter(action => !alwaysPerson.includes(action) && !NOT_ANSWERED.has(action)))

/** The same, as a pack's catalogue has them. */
export const articleActionsIn = ({
  actions,
}: {
  readonly actions: Readonly<Record<ActionId, { readonly alwaysPerson: boolean }>>
}): ReadonlySet<ActionId> =>
  articleActions(
    actions,
    Object.keys(actions).filter(action => actions[action]?.alwaysPerson),
  )
