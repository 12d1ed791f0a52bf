// The plugins as voters. They run in processes of their own (server/plugin-host); nothing a plugin does reaches this process except a short
// text that is read with suspicion. Its worst is an abstention.
import { Fault } from '@parley/core/faults.ts'
import type { Clock } from '@parley/core/ports/clock.ts'
import type { GraphAnswer } from '@parley/core/ports/graph.ts'
import { type Ballot, type LookedUp, type Moment, NO_TURN, type VoterInfo, type VoterPool } from '@parley/core/ports/voters.ts'
import type { Runtime } from '@parley/plugin-sdk/manifest.ts'
import type { Question } from '@parley/plugin-sdk/vocabulary.ts'
import { givenFor } from '../plugin-host/grants.ts'
import { createHostGroups, type HostGroups } from '../plugin-host/host-groups.ts'
import { type LoadedPlugin, loadPlugins } from '../plugin-host/load-plugin.ts'
import { callLooking } from '../plugin-host/look-ups.ts'
import type { PluginObserver } from '../plugin-host/observer.ts'
import type { Weight } from '../plugin-host/protocol.ts'
import { readAnswer } from '../plugin-host/read-answer.ts'
import type { Result } from '../plugin-host/supervisor.ts'
import type { InstalledChoice } from '../plugin-store/installed.ts'
import { systemClock } from './clock.system.ts'
import { createPluginEffects, type PluginEffects } from './effects.plugins.ts'

/** Of a question that no customer has asked. */
const NOBODYS_FACTS: GraphAnswer = { data: { customer: null }, missing: ['customer'] }

export interface PluginVotersOptions {
  /** Folders of plugins: each has a plugin.ts, or a plugin.yaml beside a Python file. */
  readonly folders: readonly string[]
  /** By plugin, or of whatever plugin it is. */
  readonly settings?: Parameters<typeof loadPlugins>[1]
  readonly installed?: readonly InstalledChoice[]
  /** Ids of plugins that may have settings here though none of these is there: they run elsewhere, in shadow. */
  readonly settingsFor?: readonly string[]
  /** File of the shop's mesh, for what they look up and have done. Without it the shop has no systems. */
  readonly mesh?: string | undefined
  /** Ids of those that share their host with no other. */
  readonly ownHosts?: readonly string[]
  readonly observer?: PluginObserver
  readonly clock?: Clock
  /** What every plugin has for a turn, instead of the limit in its manifest. */
  readonly timeoutMs?: number | undefined
  /** 1 does without the reserve. */
  readonly hosts?: 1 | 2
  /** Where hosts may run already, and others may share these; its observer is told of them. */
  readonly groups?: HostGroups
}

export interface PluginVoters {
  /** `close` ends it at once, whatever is under way. */
  readonly pool: VoterPool
  /** Resolves when every plugin has started or was given up; until then it abstains with reason `off`. Never rejects. */
  readonly ready: Promise<void>
  /** Those that are voters. */
  readonly plugins: readonly LoadedPlugin[]
  /** Those that its manifests list. */
  readonly effects: PluginEffects
  /** What is wrong, so far, with those that are off for good. */
  unusable(): readonly Fault<'PLUGIN_INVALID'>[]
  /** Why a plugin, by its id, is not asked: it could not be loaded, or keeps costing hosts or time. Undefined when it is. */
  off(plugin: string): string | undefined
  /** Plugins whose hosts have not started so far. */
  unstarted(): readonly string[]
  /** Ends when nobody waits for a ballot any more; it must not be asked again. */
  retire(): Promise<void>
  /** What a plugin has taken so far, by its id; undefined when no host is at work. */
  weigh(plugin: string): Promise<Weight | undefined>
}

/**
 * Reads the manifests and starts the hosts; does not wait for the plugins to be loaded. A bad plugin is no voter and is told to the observer
 * (PLUGIN_INVALID); it rejects for nothing that a plugin did.
 */
export async function createPluginVoters({
  folders,
  settings,
  installed,
  settingsFor,
  mesh,
  ownHosts = [],
  observer = {},
  clock = systemClock,
  timeoutMs,
  hosts = 2,
  groups = createHostGroups({ observer, clock, hosts }),
}: PluginVotersOptions): Promise<PluginVoters> {
  const { plugins: loaded, faults: refused } = await loadPlugins(folders, settings, installed, settingsFor, mesh)
  const plugins = timeoutMs === undefined ? loaded : loaded.map(plugin => withTimeout(plugin, timeoutMs))
  const faults = [...refused, ...(refused.length === 0 ? strangers(ownHosts, plugins) : [])] // of a plugin that is not loaded the id is not known
  const onInvalid = (fault: Fault<'PLUGIN_INVALID'>): void => observer.onInvalid?.(fault)
  faults.forEach(onInvalid)
  const taken = await Promise.all(hostsOf(plugins, ownHosts).map(([runtime, together]) => groups.take(runtime, together, onInvalid)))
  const groupOf = new Map(taken.flatMap(group => group.plugins.map(({ manifest }) => [manifest.id, group] as const)))
  const voters = plugins.map(createVoter)
  const ready = Promise.all(taken.map(group => group.ready)).then(() => {})
  let asks = 0
  let becomeIdle = (): void => {}
  const close = async (): Promise<void> => void (await Promise.all(taken.map(group => group.release())))
  return {
    pool: {
      tier: 'plugin',
      voters: voters.map(({ info }) => info),
      async ask(question, cast, signal, moment = NO_TURN) {
        if (signal.aborted) return
        asks++
        const asked = JSON.stringify(question)
        const { promise: aborted, resolve } = Promise.withResolvers<void>()
        const abort = (): void => resolve()
        signal.addEventListener('abort', abort, { once: true })
        const all = voters.map(voter => voter.ask(question, asked, moment, signal, ballot => void (signal.aborted || cast(ballot))))
        await Promise.race([Promise.all(all), aborted])
        signal.removeEventListener('abort', abort)
        if (--asks === 0) becomeIdle()
      },
      close,
    },
    ready,
    plugins,
    effects: createPluginEffects({
      plugins,
      ready,
      ask: ({ id }, asked, settle) => groupOf.get(id)!.ask(id, asked, settle), // each plugin is in one
    }),
    unusable: () => [...faults, ...taken.flatMap(group => group.faults())],
    unstarted: () => taken.filter(group => !group.hasStarted()).flatMap(group => group.plugins.map(({ manifest }) => manifest.id)),
    off: id =>
      groupOf
        .get(id)
        ?.faults()
        .find(({ details }) => details.plugin === id)?.message ?? groupOf.get(id)?.off(id),
    async retire() {
      if (asks > 0) await new Promise<void>(resolve => (becomeIdle = resolve))
      await close()
    },
    weigh: async id => groupOf.get(id)?.weigh(id),
  }

  function createVoter({ manifest, version, locate }: LoadedPlugin) {
    const { id } = manifest
    const info: VoterInfo = { voter: `plugin:${id}`, version }
    const group = groupOf.get(id)! // each plugin is in one
    const read = (result: Result): { readonly ballot: Omit<Ballot, keyof VoterInfo | 'ms'>; readonly fault?: Fault } => {
      const abstained = (reason: NonNullable<Ballot['reason']>, fault?: Fault) => ({
        ballot: { abstained: true, reason, votes: [] },
        ...(fault ? { fault } : {}),
      })
      switch (result.type) {
        case 'late':
        case 'skipped':
          return abstained('late', new Fault('PLUGIN_TIMEOUT', { plugin: id, ms: manifest.limits.timeoutMs }))
        case 'off':
          return abstained('off', new Fault('PLUGIN_OFF', { plugin: id, reason: result.reason }))
        case 'crashed':
          return abstained('failed', new Fault('PLUGIN_CRASHED', { plugin: id, reason: result.reason }))
        case 'failed':
          return abstained('failed', new Fault('PLUGIN_FAILED', { plugin: id, reason: locate(result.reason) }))
        case 'returned': {
          const answer = readAnswer(result.json, manifest)
          if (!answer.isWellFormed) return abstained('failed', new Fault('PLUGIN_FAILED', { plugin: id, reason: answer.reason }))
          for (const action of answer.dropped) observer.onVoteDropped?.({ plugin: id, action })
          const { ballot } = answer.votes.length > 0 ? { ballot: { abstained: false, votes: answer.votes } } : abstained('silent')
          return { ballot: answer.memory === undefined ? ballot : { ...ballot, memory: answer.memory } }
        }
      }
    }
    const ask = (question: Question, json: string, moment: Moment, signal: AbortSignal, cast: (ballot: Ballot) => void): Promise<void> =>
      new Promise(resolve => {
        const began = clock.monotonic()
        const settle = (result: Result, lookedUp: readonly LookedUp[] = []): void => {
          const { ballot, fault } = read(result)
          const whole = { ...info, ...ballot, ...(lookedUp.length > 0 && { lookedUp }), ms: clock.monotonic() - began }
          observer.onBallot?.(whole, fault)
          cast(whole)
          resolve()
        }
        if (!manifest.languages.includes(question.language)) return settle({ type: 'returned', json: 'null' })
        callLooking({
          manifest,
          call(answers, settleCall) {
            const given = givenFor(id, manifest.grants, moment, answers)
            group.ask(id, { question: json, ...(given && { given }) }, settleCall)
          },
          lookUp: request => moment.lookUp?.(info.voter, request) ?? Promise.resolve(NOBODYS_FACTS),
          isOver: () => signal.aborted,
          settle,
        })
      })
    return { info, ask }
  }
}

/** Which plugins share a host: those of a runtime, but for the ones that have their own. */
function hostsOf(plugins: readonly LoadedPlugin[], ownHosts: readonly string[]): readonly (readonly [Runtime, readonly LoadedPlugin[]])[] {
  const own = plugins.filter(({ manifest }) => ownHosts.includes(manifest.id))
  const shared = Object.groupBy(
    plugins.filter(plugin => !own.includes(plugin)),
    ({ manifest }) => manifest.runtime,
  )
  return [
    ...(Object.entries(shared) as [Runtime, LoadedPlugin[]][]), // its keys are runtimes
    ...own.map(plugin => [plugin.manifest.runtime, [plugin]] as const),
  ]
}

const strangers = (ownHosts: readonly string[], plugins: readonly LoadedPlugin[]): readonly Fault<'PLUGIN_INVALID'>[] =>
  ownHosts
    .filter(id => plugins.every(({ manifest }) => manifest.id !== id))
    .map(
      id =>
        new Fault('PLUGIN_INVALID', {
          plugin: id,
          path: 'ownHosts',
          reason: 'it should have a host of its own, but no plugin of the shop has this id',
        }),
    )

const withTimeout = ({ manifest, guest, ...plugin }: LoadedPlugin, timeoutMs: number): LoadedPlugin => ({
  ...plugin,
  manifest: { ...manifest, limits: { ...manifest.limits, timeoutMs } },
  guest: { ...guest, timeoutMs },
})
