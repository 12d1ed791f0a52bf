// The effects that plugins declare. A plugin says what is to be done, in its sandbox and from slots and settings alone; it is done by the engine in
// the shop's own systems, under the key of the effect. So nothing depends on where the plugin was stopped: run again, it says the same, and the
// key has one effect.
import { Fault } from '@parley/core/faults.ts'
import type { ShopId } from '@parley/core/ids.ts'
import type { EffectRequest, Effects } from '@parley/core/ports/effects.ts'
import type { Graph } from '@parley/core/ports/graph.ts'
import type { Manifest } from '@parley/plugin-sdk/manifest.ts'
import { givenForEffect } from '../plugin-host/grants.ts'
import type { LoadedPlugin } from '../plugin-host/load-plugin.ts'
import { type EffectDecision, readEffectAnswer } from '../plugin-host/read-effect-answer.ts'
import type { Result, Supervisor } from '../plugin-host/supervisor.ts'

export interface PluginEffects {
  /** True when a plugin does or undoes it. */
  has(name: string): boolean
  /** What the plugin would have done. Faults: PLUGIN_TIMEOUT, PLUGIN_CRASHED, PLUGIN_OFF, PLUGIN_FAILED. */
  decide(request: AskedEffect, signal: AbortSignal): Promise<EffectDecision>
}

export type AskedEffect = Pick<EffectRequest, 'name' | 'key' | 'slots' | 'undoes' | 'locale'>

export interface PluginEffectsParts {
  readonly plugins: readonly LoadedPlugin[]
  readonly ready: Promise<void>
  ask(plugin: Manifest, asked: Parameters<Supervisor['ask']>[1], settle: (result: Result) => void): void
}

export function createPluginEffects({ plugins, ready, ask }: PluginEffectsParts): PluginEffects {
  /** By the names of effects and of undos; `effect` is the effect's own. */
  const owners = new Map<string, { readonly plugin: LoadedPlugin; readonly effect: string }>()
  for (const plugin of plugins)
    for (const [name, { undo }] of Object.entries(plugin.manifest.effects))
      for (const each of [name, undo]) owners.set(each, { plugin, effect: name })

  const put = (manifest: Manifest, effect: string, { key, slots, undoes, locale }: AskedEffect): Promise<Result> => {
    const question = JSON.stringify({ effect, slots, locale, ...(undoes && { result: undoes }) })
    const given = givenForEffect(manifest.id, manifest.grants, undoes ? 'undo' : 'onAction', key)
    return new Promise(resolve => ask(manifest, { question, given }, resolve))
  }

  return {
    has: name => owners.has(name),
    async decide(request, signal) {
      const owner = owners.get(request.name)
      if (!owner) throw new Error(`no plugin does ${request.name}: ask \`has\` first`)
      const { manifest, locate } = owner.plugin
      const plugin = manifest.id
      await Promise.race([ready, aborted(signal)]) // at the start of a server effects may come before plugins
      if (signal.aborted) throw new Fault('PLUGIN_OFF', { plugin, reason: 'it has not started yet' })
      const result = await put(manifest, owner.effect, request)
      switch (result.type) {
        case 'late':
        case 'skipped':
          throw new Fault('PLUGIN_TIMEOUT', { plugin, ms: manifest.limits.timeoutMs })
        case 'off':
          throw new Fault('PLUGIN_OFF', { plugin, reason: result.reason })
        case 'crashed':
          throw new Fault('PLUGIN_CRASHED', { plugin, reason: result.reason })
        case 'failed':
          throw new Fault('PLUGIN_FAILED', { plugin, reason: locate(result.reason) })
        case 'returned': {
          const answer = readEffectAnswer(result.json, manifest)
          if (answer.type === 'malformed') throw new Fault('PLUGIN_FAILED', { plugin, reason: answer.reason })
          return answer
        }
      }
    },
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise(resolve => (signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true })))

/** Effects of which the shop's plugins do their own, and its sources the others. */
export function withPluginEffects(
  effects: Effects,
  graph: Pick<Graph, 'mutate'>,
  pluginsOf: (shop: ShopId) => PluginEffects | undefined,
): Effects {
  return {
    has: (shop, name) => pluginsOf(shop)?.has(name) === true || effects.has(shop, name),
    async run(request, signal) {
      const plugins = pluginsOf(request.shop)
      if (!plugins?.has(request.name)) return effects.run(request, signal)
      const decided = await plugins.decide(request, signal)
      if (decided.type === 'refusal') return { state: 'refused', reason: decided.reason }
      const { document, variables, sources } = decided
      return graph.mutate({ document, variables, sources, key: request.key }, request, signal)
    },
  }
}
