// Has the ensemble that a shop tries in shadow decide every turn once more, from its record: the votes, facts and place in line that the turn had, and
// nobody is asked again. So nothing of it is on a turn's way. It has a deadline of its own, little of it is under way at once, and what there is no room
// for is counted and let go.
import type { ConversationKey } from '@parley/core/ids.ts'
import type { RecordedDecision } from '@parley/core/pipeline/decision.ts'
import type { Stages } from '@parley/core/pipeline/pipeline.ts'
import { replay } from '@parley/core/pipeline/replay.ts'
import type { Shop } from '@parley/core/pipeline/shop.ts'
import type { RecordedTurn } from '@parley/core/recorded-turns.ts'
import type { RunningEnsembles } from '../ensemble-in-force.ts'
import { type Compared, type EnsembleShadows, PARTS, type Shadow } from '../ensemble-store/shadow-comparison.ts'
import { createLineBehindTurns } from './line-behind-turns.ts'

const UNDER_WAY = 2
const WAITING = 64
const DEADLINE_MS = 1_000

export interface EnsembleShadowParts {
  /** The shop's ensembles now. */
  readonly running: (shop: string) => Pick<RunningEnsembles, 'shadow'>
  readonly shop: (id: string) => Shop | undefined
  readonly stages: Stages
  /** Whether the engine has no room for what no turn waits for. */
  readonly isStrained: () => boolean
  readonly comparisons: Pick<EnsembleShadows, 'note' | 'forget'>
  readonly isErased: (key: ConversationKey) => Promise<boolean>
  readonly broke: (error: unknown) => void
  /** Works a recorded turn out again. */
  readonly decideAgain?: typeof replay
}

export interface EnsembleShadowRunner {
  /** Is told of a turn when its decision is kept. Returns at once and never throws. */
  decided(key: ConversationKey, turn: RecordedTurn): void
  /** Resolves when nothing that was decided so far is still to be compared. */
  settled(): Promise<void>
  close(): Promise<void>
}

interface Task {
  readonly key: ConversationKey
  readonly turn: RecordedTurn
  readonly shadow: Shadow
}

export function createEnsembleShadowRunner(parts: EnsembleShadowParts): EnsembleShadowRunner {
  const { running, stages, isStrained, comparisons, isErased, broke, decideAgain = replay } = parts
  const line = createLineBehindTurns<Task>({ underWay: UNDER_WAY, waiting: WAITING, work: compare })
  /** Of each shop, as its shadow sees it: what is worked out once for a shop is so for this one too. */
  const shops = new Map<string, { readonly of: Shop; readonly since: number; readonly shop: Shop }>()

  function shopOf(id: string, since: number): Shop | undefined {
    const [of, { shadow }] = [parts.shop(id), running(id)]
    if (!of || shadow?.since !== since) return undefined // it was ended meanwhile
    const found = shops.get(id)
    if (found?.of === of && found.since === since) return found.shop
    const shop: Shop = { ...of, ensemble: () => shadow.ensemble }
    shops.set(id, { of, since, shop })
    return shop
  }

  async function compare({ key, turn, shadow }: Task): Promise<void> {
    try {
      const shop = shopOf(key.shop, shadow.since)
      if (!shop) return
      if (isStrained()) return comparisons.note(shadow, { outcome: 'skipped' })
      const compared = await comparedWith(shop, turn)
      comparisons.note(shadow, compared)
      // An erasure looks for what is noted; what it came before has to be let go here.
      if (compared.divergent && (await isErased(key))) await comparisons.forget(key.shop, key.conversation)
    } catch (error) {
      broke(error)
    }
  }

  /** The shadow's failure is a bug that is told, and costs nobody anything. */
  async function comparedWith(shop: Shop, turn: RecordedTurn): Promise<Compared> {
    const { promise: late, resolve: isLate } = Promise.withResolvers<'late'>()
    const cancel = stages.clock.after(DEADLINE_MS, () => isLate('late'))
    try {
      const now = await Promise.race([decideAgain(turn.decision, turn.received, shop, stages), late])
      return now === 'late' ? { outcome: 'late' } : compareDecisions(turn, now)
    } catch (error) {
      broke(error)
      return { outcome: 'failed' }
    } finally {
      cancel()
    }
  }

  return {
    decided(key, turn) {
      const { shadow } = running(key.shop)
      // What it has decided itself, as a canary, says nothing of how it differs.
      if (!shadow || turn.decision.ensemble === shadow.ensemble.version) return
      const name = { shop: key.shop, since: shadow.since }
      // An apology was decided by no ensemble.
      const isNobodys = turn.decision.ranking.length === 0
      if (isNobodys || isStrained() || !line.put({ key, turn, shadow: name })) comparisons.note(name, { outcome: 'skipped' })
    },
    settled: line.settled,
    close: line.close,
  }
}

/** `now`: the turn worked out again with the shadow. */
export function compareDecisions({ at, received, decision }: RecordedTurn, now: RecordedDecision): Compared {
  const differs = PARTS.filter(part => decision[part] !== now[part])
  if (differs.length === 0) return { outcome: 'same' }
  const told = ({ action, disposition, template, confidence, ensemble }: RecordedDecision) => ({
    ensemble,
    action,
    disposition,
    template,
    confidence,
  })
  const { conversation, turn } = received
  return { outcome: 'otherwise', divergent: { conversation, turn, at, differs, before: told(decision), now: told(now) } }
}
