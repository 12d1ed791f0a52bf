// One plugin in the sandbox of the server, with its real limits, for who writes it: `parley plugin test`, `check` and `dev` ask it here.
// It differs from the server's in two things alone: there is no reserve, and a sandbox that was stopped is replaced before the next turn,
// so that one bad turn hides nothing of the others.
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { Fault, isFault } from '@parley/core/faults.ts'
import { questionOf } from '@parley/core/pipeline/normalise-turn.ts'
import type { Ballot, Moment, VoterPool } from '@parley/core/ports/voters.ts'
import { messageText } from '@parley/core/protocol/message-text.ts'
import type { Question } from '@parley/plugin-sdk/vocabulary.ts'
import type { AskedEffect } from '../drivers/effects.plugins.ts'
import { createPluginVoters } from '../drivers/voters.plugins.ts'
import type { LoadedPlugin, PluginSettings } from '../plugin-host/load-plugin.ts'
import type { Weight } from '../plugin-host/protocol.ts'
import type { EffectDecision } from '../plugin-host/read-effect-answer.ts'
import { PROJECT } from '../project.ts'

export interface Answer {
  readonly ballot: Ballot
  /** Behind an abstention that is no silence. */
  readonly fault: Fault | undefined
  /** Actions it voted for that its manifest does not list. */
  readonly dropped: readonly string[]
}

export interface Bench {
  readonly plugin: LoadedPlugin
  /** One call. */
  ask(question: Question, moment?: Moment): Promise<Answer>
  /** Up to three calls: on a busy machine a good plugin may come late, and what comes late three times is late. */
  askPatiently(question: Question, moment?: Moment): Promise<Answer>
  /** What it would have done, with the fault where it does not say; as patient. */
  decide(effect: AskedEffect): Promise<EffectDecision | Fault>
  weigh(): Promise<Weight | undefined>
  close(): Promise<void>
}

const TRIES = 3

/** When a turn is taken to be that says nothing of it: always the same, so that it is answered alike every day. */
export const BENCH_MOMENT: Moment = { turn: 'bench', at: Date.UTC(2026, 0, 1, 10), memory: {} }

/** Faults: PLUGIN_INVALID. `settings` are those of this plugin alone; `mesh` is the file of the systems that it asks. */
export async function openBench(
  folder: string,
  settings: PluginSettings[string] = {},
  mesh: string | undefined = PROJECT.demoMesh,
): Promise<Bench> {
  if (!existsSync(folder)) throw new Fault('PLUGIN_INVALID', { plugin: folder, path: '', reason: 'there is no such folder' })
  let sandbox = await openSandbox(folder, settings, mesh)
  const ask: Bench['ask'] = async (question, moment = BENCH_MOMENT) => {
    const answer = await sandbox.ask(question, moment)
    if (answer.ballot.reason === 'late' || answer.fault?.code === 'PLUGIN_CRASHED' || answer.ballot.reason === 'off') {
      await sandbox.close()
      sandbox = await openSandbox(folder, settings, mesh)
    }
    return answer
  }
  return {
    get plugin() {
      return sandbox.plugin
    },
    ask,
    async askPatiently(question, moment) {
      for (let tried = 1; ; tried++) {
        const answer = await ask(question, moment)
        if (tried === TRIES || (answer.ballot.reason !== 'late' && answer.ballot.reason !== 'off')) return answer
      }
    },
    async decide(effect) {
      for (let tried = 1; ; tried++) {
        const decided = await sandbox.decide(effect)
        if (!isFault(decided) || decided.code === 'PLUGIN_FAILED') return decided
        await sandbox.close()
        sandbox = await openSandbox(folder, settings, mesh)
        if (tried === TRIES) return decided
      }
    },
    weigh: () => sandbox.weigh(),
    close: () => sandbox.close(),
  }
}

async function openSandbox(folder: string, settings: PluginSettings[string], mesh: string | undefined) {
  const invalid: Fault[] = []
  let fault: Fault | undefined
  let dropped: string[] = []
  const { pool, ready, plugins, effects, weigh } = await createPluginVoters({
    folders: [resolve(folder)],
    settings: () => settings,
    mesh,
    hosts: 1,
    observer: {
      onInvalid: found => void invalid.push(found),
      onBallot: (_, found) => (fault = found),
      onVoteDropped: ({ action }) => void dropped.push(action),
    },
  })
  await ready
  const [plugin] = plugins
  if (invalid[0] || !plugin) {
    await pool.close()
    throw invalid[0] ?? new Error('a plugin was neither loaded nor refused')
  }
  return {
    plugin,
    async ask(question: Question, moment: Moment): Promise<Answer> {
      let ballot: Ballot | undefined
      dropped = []
      fault = undefined
      await pool.ask(question, cast => (ballot = cast), new AbortController().signal, moment)
      return { ballot: ballot!, fault, dropped } // one plugin, one ballot
    },
    async decide(effect: AskedEffect): Promise<EffectDecision | Fault> {
      try {
        return await effects.decide(effect, new AbortController().signal)
      } catch (fault) {
        if (isFault(fault)) return fault
        throw fault
      }
    },
    weigh: () => weigh(plugin.manifest.id),
    close: () => pool.close(),
  }
}

/** The plugin as a voter of turns that wait for it as long as it takes; `heard` is told all that it says. */
export const patientPool = (bench: Bench, heard: (answer: Answer) => void): VoterPool => ({
  tier: 'plugin',
  voters: [{ voter: `plugin:${bench.plugin.manifest.id}`, version: bench.plugin.version }],
  async ask(question, cast, _signal, moment) {
    const answer = await bench.askPatiently(question, moment)
    heard(answer)
    cast(answer.ballot)
  },
  close: bench.close,
})

/** What a plugin would be asked if a customer wrote this. Words without letters are taken to be of its first language. */
export const questionFor = (plugin: LoadedPlugin, text: string): Question =>
  questionOf(messageText(text), plugin.manifest.languages[0] === 'zh' ? 'zh-CN' : 'en')
