// `parley plugin dev`: a line typed is a turn. Shown are the plugin's votes with what they cost beside the limits, and the decision of the shop
// in which it would vote. The plugin is loaded anew whenever a file of it is saved.
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { Fault, isFault } from '@parley/core/faults.ts'
import { asCustomerId } from '@parley/core/ids.ts'
import { workOut } from '@parley/core/pipeline/pipeline.ts'
import { outsideConversation } from '@parley/core/pipeline/turn.ts'
import type { Moment, VoterPool } from '@parley/core/ports/voters.ts'
import { messageText } from '@parley/core/protocol/message-text.ts'
import type { Locale } from '@parley/plugin-sdk/vocabulary.ts'
import { type Brain, createBrain } from '../brain.ts'
import { readConfig } from '../config.ts'
import { createLogger } from '../logger.ts'
import { type Answer, type Bench, questionFor } from '../plugin-bench/bench.ts'
import { createBenchShop } from '../plugin-bench/bench-shop.ts'
import { linesOf } from '../plugin-bench/golden.ts'
import { watchPlugin } from '../plugin-bench/watch-plugin.ts'
import type { PluginSettings } from '../plugin-host/load-plugin.ts'
import { traceOf } from './trace.ts'

/** Milliseconds for the other voters: nobody waits here but for the whole answer. */
const PATIENCE_MS = 10_000

/** Faults: UNKNOWN_SHOP, PLUGIN_INVALID where there is no folder. What is wrong with the plugin is printed, and mended by saving it. */
export async function developPlugin(
  folder: string,
  shop: string,
  customer: string,
  settings: PluginSettings[string],
  mesh?: string,
): Promise<void> {
  if (!existsSync(folder)) throw new Fault('PLUGIN_INVALID', { plugin: folder, path: '', reason: 'there is no such folder' })
  const terminal = createInterface({ input: process.stdin, output: process.stdout, prompt: '> ' })
  const lines = terminal[Symbol.asyncIterator]() // from now on: what is written before the plugin is there waits
  const say = (line: string): void => {
    if (!process.stdin.isTTY) return void process.stdout.write(`${line}\n`)
    process.stdout.write(`\r\x1b[K${line}\n`)
    terminal.prompt(true)
  }
  const systems = createBenchShop(mesh)
  const brain = openBrain(shop)
  brain.catch(() => {}) // met below, after the first load was begun
  const plugin = watchPlugin(
    folder,
    settings,
    {
      loaded({ plugin: { manifest, version } }, ms, isFirst) {
        const { timeoutMs, memoryMb } = manifest.limits
        const how = isFirst ? 'loaded' : 'reloaded'
        say(`${manifest.id} ${version} ${how} in ${Math.round(ms)} ms; ${timeoutMs} ms a turn, ${memoryMb} MB`)
      },
      refused: ({ message }, isFirst) =>
        say(`! ${message}\n  ${isFirst ? 'Mend it and save.' : 'The version before goes on until it is mended.'}`),
    },
    mesh,
  )
  try {
    const opened = await brain
    await plugin.current()
    say('Write what a customer would; Ctrl-D leaves.')
    for await (const line of lines) {
      const bench = await plugin.current()
      if (bench && line.trim() !== '') say(await answer(line, bench, opened, shop, locale => systems.lookUp(customer, locale)))
      if (process.stdin.isTTY) terminal.prompt()
    }
  } finally {
    terminal.close()
    await plugin.close()
    await systems.close()
    await brain.then(opened => opened.close()).catch(() => {}) // one that did not open needs no closing
  }
}

/** The shop without its plugins, since the one at hand takes their place, and without who is asked over the network. */
async function openBrain(shop: string): Promise<Brain> {
  const config = readConfig(process.env)
  const shops = config.shops.filter(({ id }) => id === shop).map(each => ({ ...each, plugins: [], pluginSettings: {}, remoteVoters: [] }))
  if (shops.length === 0) throw new Fault('UNKNOWN_SHOP', { shop })
  return createBrain({ ...config, shops, deadlines: { ...config.deadlines, voters: PATIENCE_MS } }, createLogger('error'))
}

/** The terminal is one conversation, whichever version of the plugin answers. */
let turns = 0
let memory: Moment['memory'] = {}

async function answer(
  line: string,
  bench: Bench,
  brain: Brain,
  shop: string,
  lookUpIn: (locale: Locale) => NonNullable<Moment['lookUp']>,
): Promise<string> {
  try {
    const text = messageText(line)
    const before = await bench.weigh()
    const question = questionFor(bench.plugin, text)
    const moment: Moment = { turn: `dev/${++turns}`, at: Date.now(), memory, lookUp: lookUpIn(question.locale) }
    const own = await bench.ask(question, moment)
    if (own.ballot.memory !== undefined) memory = { [own.ballot.voter]: own.ballot.memory }
    const after = await bench.weigh()
    // A sandbox that was replaced has begun to count anew.
    const cpuMs = before && after && after.cpuMs >= before.cpuMs ? after.cpuMs - before.cpuMs : undefined
    return [
      costOf(bench, own, cpuMs, after?.heapMb),
      ...(own.ballot.lookedUp ?? []).map(
        ({ query, variables, data, silent = [] }) =>
          `  ${query} ${JSON.stringify(variables)}: ${JSON.stringify(data)}${silent.length > 0 ? `, without ${silent.join(', ')}` : ''}`,
      ),
      ...linesOf(own).map(said => `  ${said}`),
      await decide(text, moment, own, bench, brain, shop),
    ].join('\n')
  } catch (fault) {
    if (isFault(fault)) return `! ${fault.message}`
    throw fault
  }
}

function costOf({ plugin: { manifest } }: Bench, { ballot }: Answer, cpuMs: number | undefined, heapMb: number | undefined): string {
  const { timeoutMs, memoryMb } = manifest.limits
  const parts = [
    `${ballot.ms.toFixed(1)} of ${timeoutMs} ms`,
    `cpu ${cpuMs === undefined ? 'not measured' : `${cpuMs.toFixed(2)} ms`}`,
    `heap ${heapMb === undefined ? 'not measured' : `${heapMb.toFixed(1)} of ${memoryMb} MB`}`,
  ]
  return `${manifest.id}: ${parts.join(', ')}`
}

/** What the shop would decide with the plugin's vote among the others'. */
async function decide(text: string, moment: Moment, own: Answer, bench: Bench, brain: Brain, id: string): Promise<string> {
  const shop = brain.shops.get(id)! // openBrain has found it
  const whole = questionFor(bench.plugin, text).text
  let last: Promise<unknown> = Promise.resolve()
  const pool: VoterPool = {
    tier: 'plugin',
    voters: [{ voter: own.ballot.voter, version: own.ballot.version }],
    // A message that holds two requests is asked about part by part; the whole was asked already.
    async ask(question, cast) {
      const asked = last.then(() => (question.text === whole ? own : bench.ask(question, moment)))
      last = asked
      cast((await asked).ballot)
    },
    close: async () => {},
  }
  const received = {
    ...outsideConversation,
    at: moment.at,
    shop: shop.id,
    customer: asCustomerId('dev'),
    turn: 1,
    upTo: 1,
    texts: [text],
    locale: null,
  }
  const decision = await workOut(received, { ...shop, pools: () => [...shop.pools(), pool] }, brain.stages, new AbortController().signal)
  return traceOf(decision)
}
