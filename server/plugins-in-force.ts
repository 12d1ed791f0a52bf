// Which plugins vote in which shop, and their exchange while turns go on. The new ones are loaded and started beside those in force; only
// when all of them stand ready do they take over, at once and in every shop. A turn ends on the plugins it began with. Versions that run in shadow are
// exchanged with them, in hosts of their own: what one does to its host costs nothing that counts, and no start waits for one.
import { Fault } from '@parley/core/faults.ts'
import type { Clock } from '@parley/core/ports/clock.ts'
import { createPluginVoters, type PluginVoters } from './drivers/voters.plugins.ts'
import type { PluginChoice } from './plugin-choice.ts'
import { createHostGroups } from './plugin-host/host-groups.ts'
import type { PluginObserver } from './plugin-host/observer.ts'

/** What each shop has chosen, by its id. */
export type PluginChoices = ReadonlyMap<string, PluginChoice>

/** A version that votes and does not count, by itself. */
export interface RunningShadow {
  readonly plugin: string
  /** Which of the plugin's shadows it is. */
  readonly since: number
  readonly voters: PluginVoters
}

export interface PluginsInForce {
  /** The plugins of a shop now. A turn takes its pool once. */
  of(shop: string): PluginVoters
  /** The shadows of a shop now. */
  shadows(shop: string): readonly RunningShadow[]
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
  /** Hears of shadows, and of nothing that counts. */
  readonly shadowObserver?: PluginObserver
  readonly clock: Clock
  readonly timeoutMs?: number | undefined
}

/** The plugins of all shops at one time. */
interface Generation {
  readonly byShop: ReadonlyMap<string, PluginVoters>
  readonly all: readonly PluginVoters[]
  /** By shop; empty until they are started. */
  readonly shadows: Map<string, readonly RunningShadow[]>
  /** Resolves when their hosts are started, which they need not be ready for. */
  startShadows(): Promise<void>
  /** From now on what is wrong with a plugin is the operator's to know. */
  takeOver(): void
}

/** Does not wait for the plugins to be loaded; a bad one is told to the observer and the others vote. */
export async function putPluginsInForce(choices: PluginChoices, options: PluginsInForceOptions): Promise<PluginsInForce> {
  const { observer, shadowObserver = {}, timeoutMs, clock } = options
  const groups = createHostGroups({ ...options, hosts: 2 })
  // No reserve: while its host is replaced a shadow votes on nothing, and nobody misses it.
  const shadowGroups = createHostGroups({ clock, observer: shadowObserver, hosts: 1 })
  const retiring = new Set<Promise<unknown>>()
  let isClosed = false
  let current = await makeGeneration(choices, true)
  let candidate: Generation | undefined
  const ready = Promise.all(current.all.map(voters => voters.ready)).then(() => {})
  const hasShadows = [...choices.values()].some(({ shadows = [] }) => shadows.length > 0)
  let last: Promise<unknown> = hasShadows ? ready.then(() => current.startShadows()) : Promise.resolve()

  async function makeGeneration(chosen: PluginChoices, isInForce: boolean): Promise<Generation> {
    const ifInForce = ({ onInvalid, ...heard }: PluginObserver): PluginObserver => ({
      ...heard,
      onInvalid: fault => void (isInForce && onInvalid?.(fault)),
    })
    const made = new Map<string, Promise<PluginVoters>>()
    const voters = await Promise.all(
      [...chosen].map(async ([shop, { shadows: beside = [], ...counting }]) => {
        const settingsFor = beside.map(({ id }) => id)
        const key = JSON.stringify([counting, settingsFor])
        const making =
          made.get(key) ?? createPluginVoters({ ...counting, settingsFor, observer: ifInForce(observer), clock, timeoutMs, groups })
        made.set(key, making)
        return [shop, await making] as const
      }),
    )
    const shadows: Generation['shadows'] = new Map()
    return {
      byShop: new Map(voters),
      all: await Promise.all(made.values()),
      shadows,
      async startShadows() {
        for (const [shop, choice] of chosen)
          for (const { since, ...shadow } of choice.shadows ?? []) {
            if (isClosed) return
            const voters = await createPluginVoters({
              folders: [],
              mesh: choice.mesh,
              settings: id => choice.settings[id] ?? {},
              installed: [shadow],
              observer: ifInForce(shadowObserver),
              clock,
              timeoutMs,
              groups: shadowGroups,
            })
            shadows.set(shop, [...(shadows.get(shop) ?? []), { plugin: shadow.id, since, voters }])
            if (isClosed) await voters.pool.close()
          }
      },
      takeOver: () => {
        isInForce = true
      },
    }
  }

  async function changeNow(read: () => PluginChoices): Promise<void> {
    if (isClosed) throw new Fault('SHUTTING_DOWN', {})
    const known = new Set(faultsOf(current).map(fault => fault.message))
    const ran = new Set(shadowsOf(current).map(nameOf))
    const next = await makeGeneration(read(), false)
    candidate = next
    await Promise.all(next.all.map(voters => voters.ready))
    await next.startShadows()
    const begun = shadowsOf(next).flatMap(shadow => (ran.has(nameOf(shadow)) ? [] : [shadow.voters]))
    await Promise.all(begun.map(voters => voters.ready))
    candidate = undefined
    const [unstarted] = [...next.all, ...begun].flatMap(voters => voters.unstarted())
    const refusal = isClosed
      ? new Fault('SHUTTING_DOWN', {})
      : (faultsOf(next).find(fault => !known.has(fault.message)) ??
        (unstarted === undefined ? undefined : new Fault('PLUGIN_OFF', { plugin: unstarted, reason: 'its host does not start' })))
    if (refusal) {
      await Promise.all(votersOf(next).map(({ pool }) => pool.close()))
      throw refusal
    }
    const before = current
    current = next
    next.takeOver()
    const retired = Promise.all(votersOf(before).map(voters => voters.retire())).finally(() => retiring.delete(retired))
    retiring.add(retired)
  }

  return {
    of: shop => current.byShop.get(shop)!, // asked of shops alone, and every change names them all
    shadows: shop => current.shadows.get(shop) ?? [],
    ready,
    change(read) {
      const changed = last.then(() => changeNow(read))
      last = changed.catch(() => {}) // the caller of this change is told
      return changed
    },
    async close() {
      isClosed = true
      const open = [...votersOf(current), ...(candidate ? votersOf(candidate) : [])]
      await Promise.all([...open.map(({ pool }) => pool.close()), last, ...retiring])
    },
  }
}

const shadowsOf = ({ shadows }: Generation): readonly RunningShadow[] => [...shadows.values()].flat()

const votersOf = (generation: Generation): readonly PluginVoters[] => [
  ...generation.all,
  ...shadowsOf(generation).map(({ voters }) => voters),
]

/** What ran before is not looked at again: it hinders no change. */
const nameOf = ({ plugin, since }: RunningShadow): string => `${plugin} ${since}`

const faultsOf = (generation: Generation): readonly Fault<'PLUGIN_INVALID'>[] => votersOf(generation).flatMap(voters => voters.unusable())
