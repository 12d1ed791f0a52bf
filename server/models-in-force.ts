// Which models vote in which shop, and their exchange while turns go on. The new ones are loaded in threads of their own beside those at work; when they
// have run once, the next turn takes them, and those before end when no turn waits for them. Shops with the same models share their threads.
import { Fault } from '@parley/core/faults.ts'
import type { ModelVoters } from './drivers/voters.models.ts'

/** Folders of the models of one shop. */
export interface ModelChoice {
  readonly intent: string
  readonly sentiment: string
}
/** By the shop's id. */
export type ModelChoices = ReadonlyMap<string, ModelChoice>

export interface ModelsInForce {
  /** The models of a shop now. A turn takes them once. */
  of(shop: string): ModelVoters
  /**
   * Puts other models in force; resolves when the next turn has them. `read` is called when the changes before this one are through. What it throws,
   * MODEL_INVALID and SHUTTING_DOWN reject it and leave in force what was.
   */
  change(read: () => ModelChoices | Promise<ModelChoices>): Promise<void>
  close(): Promise<void>
}

/** Starts the voters of one choice; resolves when they stand ready. Faults: MODEL_INVALID. */
export type StartModels = (choice: ModelChoice) => Promise<ModelVoters>

/** Faults: MODEL_INVALID. */
export async function putModelsInForce(choices: ModelChoices, start: StartModels): Promise<ModelsInForce> {
  const retiring = new Set<Promise<void>>()
  let isClosed = false
  let current = await generationOf(choices, new Map())
  let last: Promise<unknown> = Promise.resolve()

  /** What runs already goes on. */
  async function generationOf(chosen: ModelChoices, running: ReadonlyMap<string, ModelVoters>) {
    const voters = new Map<string, ModelVoters>()
    const begun: ModelVoters[] = []
    try {
      for (const choice of chosen.values()) {
        const key = keyOf(choice)
        if (voters.has(key)) continue
        const found = running.get(key)
        const made = found ?? (await start(choice))
        if (!found) begun.push(made)
        voters.set(key, made)
      }
    } catch (fault) {
      await Promise.all(begun.map(each => each.close()))
      throw fault
    }
    return { chosen, voters, begun }
  }

  async function changeNow(read: () => ModelChoices | Promise<ModelChoices>): Promise<void> {
    if (isClosed) throw new Fault('SHUTTING_DOWN', {})
    const next = await generationOf(await read(), current.voters)
    if (isClosed) {
      await Promise.all(next.begun.map(each => each.close()))
      throw new Fault('SHUTTING_DOWN', {})
    }
    const before = current
    current = next
    for (const [key, voters] of before.voters) {
      if (next.voters.has(key)) continue
      const retired = voters.retire().finally(() => retiring.delete(retired))
      retiring.add(retired)
    }
  }

  return {
    of: shop => current.voters.get(keyOf(current.chosen.get(shop)!))!, // asked of shops alone, and every change names them all
    change(read) {
      const changed = last.then(() => changeNow(read))
      last = changed.catch(() => {}) // the caller of this change is told
      return changed
    },
    async close() {
      isClosed = true
      await last
      await Promise.all([...[...current.voters.values()].map(voters => voters.close()), ...retiring])
    },
  }
}

const keyOf = ({ intent, sentiment }: ModelChoice): string => JSON.stringify([intent, sentiment])
