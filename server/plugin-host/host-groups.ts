// The hosts of an engine, by what runs in them. Whoever asks for the same plugins with the same settings is given the hosts that run them
// already: so shops that choose alike share theirs, and a change leaves those alone in which nothing changes.
import { Fault } from '@parley/core/faults.ts'
import type { Clock } from '@parley/core/ports/clock.ts'
import type { Runtime } from '@parley/plugin-sdk/manifest.ts'
import type { LoadedPlugin } from './load-plugin.ts'
import type { PluginObserver } from './observer.ts'
import { pythonFiles } from './python-snapshot.ts'
import { createSupervisor, type Supervisor } from './supervisor.ts'

/** Plugins that share a host, as one of those sees them who need it. */
export interface HostGroup extends Pick<Supervisor, 'ask' | 'weigh' | 'off' | 'ready' | 'hasStarted'> {
  readonly plugins: readonly LoadedPlugin[]
  /** Those that could not be loaded so far: they are off for good. */
  faults(): readonly Fault<'PLUGIN_INVALID'>[]
  /** It is not needed here any more; the hosts end, at once, with the last who needed them. */
  release(): Promise<void>
}

export interface HostGroups {
  /** `plugins` are of this runtime. `onInvalid` is told of a plugin that cannot be loaded where the hosts are new. Never rejects because of a plugin or a host. */
  take(runtime: Runtime, plugins: readonly LoadedPlugin[], onInvalid: (fault: Fault<'PLUGIN_INVALID'>) => void): Promise<HostGroup>
}

export interface HostGroupsOptions {
  readonly observer: PluginObserver
  readonly clock: Clock
  /** 1 does without the reserve. */
  readonly hosts: 1 | 2
}

interface Running {
  readonly supervisor: Supervisor
  readonly faults: readonly Fault<'PLUGIN_INVALID'>[]
}

export function createHostGroups({ observer, clock, hosts }: HostGroupsOptions): HostGroups {
  const groups = new Map<string, { readonly running: Promise<Running>; users: number }>()
  return {
    async take(runtime, plugins, onInvalid) {
      const key = JSON.stringify(plugins.map(({ guest }) => guest))
      const group = groups.get(key) ?? { running: start(runtime, plugins, onInvalid), users: 0 }
      groups.set(key, group)
      group.users++
      const { supervisor, faults } = await group.running
      let isReleased = false
      return {
        ask: supervisor.ask,
        weigh: supervisor.weigh,
        off: supervisor.off,
        ready: supervisor.ready,
        plugins,
        faults: () => faults,
        hasStarted: supervisor.hasStarted,
        async release() {
          if (isReleased) return
          isReleased = true
          group.users--
          if (group.users > 0) return
          groups.delete(key)
          await supervisor.close()
        },
      }
    },
  }

  async function start(
    runtime: Runtime,
    plugins: readonly LoadedPlugin[],
    onInvalid: (fault: Fault<'PLUGIN_INVALID'>) => void,
  ): Promise<Running> {
    const faults: Fault<'PLUGIN_INVALID'>[] = []
    const onUnloadable = (plugin: string, reason: string): void => {
      const { locate } = plugins.find(({ manifest }) => manifest.id === plugin)! // a supervisor speaks of its guests alone
      const fault = new Fault('PLUGIN_INVALID', { plugin, path: '', reason: locate(reason) })
      faults.push(fault)
      onInvalid(fault)
    }
    const guests = plugins.map(({ guest }) => guest)
    const options = { runtime, observer, clock, hosts, onUnloadable }
    if (runtime === 'typescript') return { supervisor: createSupervisor({ ...options, guests }), faults }
    try {
      return { supervisor: createSupervisor({ ...options, guests, pyodide: await pythonFiles() }), faults }
    } catch (error) {
      // No Python, but everything else: its plugins abstain, and the operator is told why.
      for (const { plugin } of guests) onUnloadable(plugin, String(error))
      return { supervisor: createSupervisor({ ...options, guests: [] }), faults }
    }
  }
}
