// Which plugins vote in which shop, and their exchange while turns go on. The new ones are loaded and started beside those in force; only
// when all of them stand ready do they take over, at once and in every shop. A turn ends on the plugins it began with.
import { Fault } from '@parley/core/faults.ts'
import type { Clock } from '@parley/core/ports/clock.ts'
import { createPluginVoters, type PluginVoters } from './drivers/voters.plugins.ts'
import type { PluginChoice } from './plugin-choice.ts'
import { createHostGroups } from './plugin-host/host-groups.ts'
import type { PluginObserver } from './plugin-host/observer.ts'

/** What each shop has chosen, by its id. */
export type PluginChoices = ReadonlyMap<string, PluginChoice>

export interface PluginsInForce {
  /** The plugins of a shop now. A turn takes its pool once. */
  of(shop: string): PluginVoters
  /** Resolves when every plugin of the start has started or was given up. Never rejects. */
  readonly ready: Promise<void>
  /**
   * Puts other plugins or other settings in force; resolves when the next turn has them. `read` is called when the changes before this one
   * are through, so that it sees what is so then. What `read` throws, PLUGIN_INVALID of a plugin with which nothing was wrong before,
   * PLUGIN_OFF where hosts do not start and SHUTTING_DOWN reject it and leave in force what was.
   */
  change(read: () => PluginChoices): Promise<void>
  close(): Promise<void>
}

export interface PluginsInForceOptions {
  readonly observer: PluginObserver
  readonly clock: Clock
  readonly timeoutMs?: number | undefined
}

/** The plugins of all shops at one time. */
interface Generation {
  readonly byShop: ReadonlyMap<string, PluginVoters>
  readonly all: readonly PluginVoters[]
  /** From now on what is wrong with a plugin is the operator's to know. */
  takeOver(): void
}

/** Does not wait for the plugins to be loaded; a bad one is told to the observer and the others vote. */
export async function putPluginsInForce(choices: PluginChoices, options: PluginsInForceOptions): Promise<PluginsInForce> {
  const { observer } = options
  const groups = createHostGroups({ ...options, hosts: 2 })
  const retiring = new Set<Promise<unknown>>()
  let isClosed = false
  let current = await makeGeneration(choices, true)
  let candidate: Generation | undefined
  let last: Promise<unknown> = Promise.resolve()

  async function makeGeneration(chosen: PluginChoices, isInForce: boolean): Promise<Generation> {
    const heard: PluginObserver = { ...observer, onInvalid: fault => void (isInForce && observer.onInvalid?.(fault)) }
    const made = new Map<string, Promise<PluginVoters>>()
    const voters = await Promise.all(
      [...chosen].map(async ([shop, choice]) => {
        const key = JSON.stringify(choice)
        const { timeoutMs, clock } = options
        const making = made.get(key) ?? createPluginVoters({ ...choice, observer: heard, clock, timeoutMs, groups })
        made.set(key, making)
        return [shop, await making] as const
      }),
    )
    return {
      byShop: new Map(voters),
      all: await Promise.all(made.values()),
      takeOver: () => {
        isInForce = true
      },
    }
  }

  async function changeNow(read: () => PluginChoices): Promise<void> {
    if (isClosed) throw new Fault('SHUTTING_DOWN', {})
    const known = new Set(faultsOf(current).map(fault => fault.message))
    const next = await makeGeneration(read(), false)
    candidate = next
    await Promise.all(next.all.map(({ ready }) => ready))
    candidate = undefined
    const [unstarted] = next.all.flatMap(voters => voters.unstarted())
    const refusal = isClosed
      ? new Fault('SHUTTING_DOWN', {})
      : (faultsOf(next).find(fault => !known.has(fault.message)) ??
        (unstarted === undefined ? undefined : new Fault('PLUGIN_OFF', { plugin: unstarted, reason: 'its host does not start' })))
    if (refusal) {
      await Promise.all(next.all.map(({ pool }) => pool.close()))
      throw refusal
    }
    const before = current
    current = next
    next.takeOver()
    const retired = Promise.all(before.all.map(voters => voters.retire())).finally(() => retiring.delete(retired))
    retiring.add(retired)
  }

  return {
    of: shop => current.byShop.get(shop)!, // asked of shops alone, and every change names them all
    ready: Promise.all(current.all.map(({ ready }) => ready)).then(() => {}),
    change(read) {
      const changed = last.then(() => changeNow(read))
      last = changed.catch(() => {}) // the caller of this change is told
      return changed
    },
    async close() {
      isClosed = true
      const open = [...current.all, ...(candidate?.all ?? [])]
      await Promise.all([...open.map(({ pool }) => pool.close()), last, ...retiring])
    },
  }
}

const faultsOf = ({ all }: Generation): readonly Fault<'PLUGIN_INVALID'>[] => all.flatMap(voters => voters.unusable())
