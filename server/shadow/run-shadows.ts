// Puts turns to the shadows once they are decided: each is worked out again from its record, with the shadow in its plugin's place. So nothing of it is
// on a turn's way, and all else is as it was: the other votes, the facts, where the dialogue stood. What the shadow looks up it looks up now, in the
// customer's name. What it remembers is compared and forgotten, and it is never asked to do anything. Few are under way at once, few wait, and what
// there is no room for is counted and let go.
import type { ConversationKey } from '@parley/core/ids.ts'
import type { Stages } from '@parley/core/pipeline/pipeline.ts'
import { replay } from '@parley/core/pipeline/replay.ts'
import type { Shop } from '@parley/core/pipeline/shop.ts'
import type { RecordedTurn } from '@parley/core/recorded-turns.ts'
import type { Compared, Comparisons, ShadowName } from '../plugin-store/comparison.ts'
import type { RunningShadow } from '../plugins-in-force.ts'
import { compareVotes } from './compare-votes.ts'
import { createLineBehindTurns } from './line-behind-turns.ts'

const UNDER_WAY = 8
const WAITING = 32
const NOT_ASKED: Compared = { outcome: 'skipped', isDecidedOtherwise: false }

export interface ShadowRunnerParts {
  /** Those of a shop now. */
  readonly shadows: (shop: string) => readonly RunningShadow[]
  readonly shop: (id: string) => Shop | undefined
  readonly stages: Stages
  /** Whether the engine has no room for what no turn waits for. */
  readonly isStrained: () => boolean
  readonly comparisons: Pick<Comparisons, 'note' | 'forget'>
  readonly isErased: (key: ConversationKey) => Promise<boolean>
  readonly broke: (error: unknown) => void
}

export interface ShadowRunner {
  /** Is told of a turn when its decision is kept. Returns at once and never throws. */
  decided(key: ConversationKey, turn: RecordedTurn): void
  /** Resolves when nothing that was decided so far is still to be compared. */
  settled(): Promise<void>
  /** Lets go of what waits; resolves when what is under way has ended. */
  close(): Promise<void>
}

interface Task {
  readonly key: ConversationKey
  readonly turn: RecordedTurn
  readonly name: ShadowName
}

export function createShadowRunner(parts: ShadowRunnerParts): ShadowRunner {
  const { shadows, shop, stages, isStrained, comparisons, isErased, broke } = parts
  const line = createLineBehindTurns<Task>({ underWay: UNDER_WAY, waiting: WAITING, work: compare })

  async function compare({ key, turn, name }: Task): Promise<void> {
    try {
      const { plugin, since } = name
      const running = shadows(key.shop).find(shadow => shadow.plugin === plugin && shadow.since === since)
      const ofShop = shop(key.shop)
      if (!running || !ofShop) return // it was ended meanwhile
      if (isStrained()) return comparisons.note(name, NOT_ASKED)
      // Of one that could not be loaded there is no voter: the recorded vote would stand for its own.
      if (running.voters.plugins.length === 0) return comparisons.note(name, { outcome: 'off', isDecidedOtherwise: false })
      const now = await replay(turn.decision, turn.received, ofShop, stages, running.voters.pool)
      // Another ensemble may be in force by now: only the plugin is to make the difference.
      const decision = now.ensemble === turn.decision.ensemble ? turn.decision : await replay(turn.decision, turn.received, ofShop, stages)
      const compared = compareVotes(`plugin:${plugin}`, { ...turn, decision }, now)
      comparisons.note(name, compared)
      // An erasure looks for what is noted; what it came before has to be let go here.
      if (compared.divergent && (await isErased(key))) await comparisons.forget(key.shop, key.conversation)
    } catch (error) {
      broke(error)
    }
  }

  return {
    decided(key, turn) {
      for (const { plugin, since } of shadows(key.shop)) {
        const name = { shop: key.shop, plugin, since }
        const wasGivenUp = turn.decision.votes.length === 0 || turn.decision.votes.some(({ reason }) => reason === 'shed')
        if (wasGivenUp || isStrained() || !line.put({ key, turn, name })) comparisons.note(name, NOT_ASKED)
      }
    },
    settled: line.settled,
    close: line.close,
  }
}
