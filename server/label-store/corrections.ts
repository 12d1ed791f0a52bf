// "It was about X": what agents say at the desk of the bot's turns. Kept as labels like those that are imported, under the agent's name, and marked: such a turn
// stays in the queue of turns to label, for a second person to look at.
import { Fault } from '@parley/core/faults.ts'
import type { Agent } from '@parley/core/handoff/owner.ts'
import type { ConversationKey, ShopId } from '@parley/core/ids.ts'
import type { Shop } from '@parley/core/pipeline/shop.ts'
import type { Clock } from '@parley/core/ports/clock.ts'
import type { NamedAction, TurnLabel } from '@parley/core/protocol/desk-message.ts'
import { type KeepLabelsParts, keepLabels } from './keep-labels.ts'
import type { LabelStore } from './label-store.ts'

export interface Corrections {
  /** In the catalogue's order; none of a shop that is not there. */
  actionsOf(shop: ShopId): readonly NamedAction[]
  /** What agents have said of turns of the conversation, in the order of the turns, as this one of them is told it. */
  of(key: ConversationKey, agent: Pick<Agent, 'name'>): readonly TurnLabel[]
  /** Null takes back what this agent said. Faults: LABEL_INVALID (no such turn or action), STORAGE_FULL. */
  say(key: ConversationKey, agent: Agent, turn: number, action: string | null): Promise<void>
}

export interface CorrectionParts extends KeepLabelsParts {
  readonly labels: KeepLabelsParts['labels'] & Pick<LabelStore, 'of' | 'remove'>
  readonly clock: Clock
  readonly shop: (id: ShopId) => Pick<Shop, 'actions'> | undefined
}

/** What the command line takes for a person (`--by`): an agent who also labels from a file is the same one there. */
export const whoOf = ({ name }: Pick<Agent, 'name'>): string => name.replaceAll(/[^\p{L}\p{N}._@-]+/gu, '_')

export function createCorrections(parts: CorrectionParts): Corrections {
  const { labels, clock, shop } = parts
  const actionsOf = (id: ShopId): Shop['actions'] => shop(id)?.actions ?? {}
  return {
    actionsOf: id => Object.entries(actionsOf(id)).map(([action, { label }]) => ({ action, label: { ...label } })),
    of: ({ shop: id, conversation }, agent) =>
      labels
        .of(id, conversation)
        .filter(({ atDesk }) => atDesk)
        .sort((a, b) => a.turn - b.turn)
        .map(({ turn, who, action }) => {
          const label = actionsOf(id)[action]?.label ?? { 'zh-CN': action, en: action } // a catalogue may have lost it since
          return { turn, by: who, isMine: who === whoOf(agent), action, label: { ...label } }
        }),
    async say(key, agent, turn, action) {
      const { shop: id, conversation } = key
      const who = whoOf(agent)
      if (action === null) return labels.remove(id, { conversation, turn, who })
      if (!Object.hasOwn(actionsOf(id), action))
        throw new Fault('LABEL_INVALID', { reason: `the shop has no action ${JSON.stringify(action)}` })
      const { kept } = await keepLabels(parts, id, [{ conversation, turn, who, action, at: clock.now(), atDesk: true }])
      if (kept === 0) throw new Fault('LABEL_INVALID', { reason: `the conversation has no turn ${turn} of the bot's` })
    },
  }
}
