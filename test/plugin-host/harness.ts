// A pool of real plugins in real processes, written to a temporary folder, and what its observer heard.
import { EventEmitter, once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Fault } from '@parley/core/faults.ts'
import type { Clock } from '@parley/core/ports/clock.ts'
import type { Ballot, Moment } from '@parley/core/ports/voters.ts'
import { systemClock } from '@parley/server/drivers/clock.system.ts'
import { createPluginVoters, type PluginVoters } from '@parley/server/drivers/voters.plugins.ts'
import type { PluginSettings } from '@parley/server/plugin-host/load-plugin.ts'
import type { HostDeath } from '@parley/server/plugin-host/observer.ts'
import { DEMO_MESH } from '../mesh/joined-shop.ts'

/** Files of one plugin's folder, by name. */
export type Files = Readonly<Record<string, string>>

/** A TypeScript plugin whose `onTurn` has the given body; `outside` stands at the top level of its file. */
export const typescriptPlugin = (id: string, body: string, { outside = '', manifest = '' } = {}): Files => ({
  'plugin.ts': `import { abstain, definePlugin, remember, vote } from '@parley/plugin-sdk'
${outside}
export default definePlugin({
  manifest: { id: ${JSON.stringify(id)}, version: '1.0.0', sdk: '^0.1.0', languages: ['zh', 'en'], actions: ['COMPENSATE', 'PRODUCT_INFO'], ${manifest} },
  onTurn({ text }: any, { settings }: any): any {
    ${body}
  },
})
`,
})

/** A Python plugin of the given module. */
export const pythonPlugin = (id: string, code: string, manifest = ''): Files => ({
  'plugin.yaml': `id: ${id}\nversion: 1.0.0\nsdk: ^0.1.0\nruntime: python\nmodule: plugin\nclass: Plugin\nlanguages: [zh, en]\nactions: [COMPENSATE]\n${manifest}`,
  'plugin.py': code,
})

export interface Trial extends PluginVoters {
  readonly deaths: readonly HostDeath[]
  readonly faults: readonly (Fault | undefined)[]
  readonly invalid: readonly Fault<'PLUGIN_INVALID'>[]
  readonly dropped: readonly { readonly plugin: string; readonly action: string }[]
  readonly pids: readonly number[]
  /** Resident megabytes of each host, by its process id, when it became ready. */
  readonly readyMb: ReadonlyMap<number, number>
  /** Ballots in the order they came. */
  ask(text: string, signal?: AbortSignal, moment?: Moment): Promise<readonly Ballot[]>
  /** Resolves when this many hosts have become ready since the beginning; rejects after `withinMs`. */
  hostsReady(count: number, withinMs: number): Promise<void>
  end(): Promise<void>
}

/** `clock` is the breakers' too. */
export async function startTrial(
  plugins: Readonly<Record<string, Files>>,
  settings: PluginSettings = {},
  bundles: readonly string[] = [],
  clock: Clock = systemClock,
  hosts: 1 | 2 = 2,
  ownHosts: readonly string[] = [],
): Promise<Trial> {
  const root = mkdtempSync(join(tmpdir(), 'parley-plugins-'))
  const folders = Object.entries(plugins).map(([name, files]) => writeFolder(join(root, name), files))
  const heard = new EventEmitter()
  const deaths: HostDeath[] = []
  const faults: (Fault | undefined)[] = []
  const invalid: Fault<'PLUGIN_INVALID'>[] = []
  const dropped: { readonly plugin: string; readonly action: string }[] = []
  const pids: number[] = []
  const readyMb = new Map<number, number>()
  const voters = await createPluginVoters({
    folders: [...folders, ...bundles],
    settings,
    mesh: DEMO_MESH,
    ownHosts,
    clock,
    hosts,
    observer: {
      onInvalid: fault => void invalid.push(fault),
      onHostDeath: death => void deaths.push(death),
      onBallot: (_, fault) => void faults.push(fault),
      onVoteDropped: vote => void dropped.push(vote),
      onHostReady({ pid }) {
        pids.push(pid)
        readyMb.set(pid, residentMb(pid))
        heard.emit('ready')
      },
    },
  })
  return {
    ...voters,
    deaths,
    faults,
    invalid,
    dropped,
    pids,
    readyMb,
    async ask(text, signal = new AbortController().signal, moment) {
      const ballots: Ballot[] = []
      await voters.pool.ask({ text, original: text, language: 'en', locale: 'en' }, ballot => ballots.push(ballot), signal, moment)
      return ballots
    },
    async hostsReady(count, withinMs) {
      const signal = AbortSignal.timeout(withinMs)
      while (pids.length < count) await once(heard, 'ready', { signal })
    },
    async end() {
      await voters.pool.close()
      rmSync(root, { recursive: true })
    },
  }
}

export function writeFolder(folder: string, files: Files): string {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

export const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Of a process that is there; Linux only. */
export const residentMb = (pid: number): number => Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) / 256
