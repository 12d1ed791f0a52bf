// Whole dialogues with the retail shop: real voters, real orders of the demo shop, a real engine on a log in memory. Each file of dialogues/ holds
// dialogues as people would tell them; PARLEY_REWRITE=1 writes down what comes out now, for the diff to be read.
//
//   dialogue TITLE                begins one; `as CUSTOMER LOCALE` follows, a customer of the demo shop
//   customer TEXT                 what the customer writes; behind `----` come ACTION DISPOSITION and the reply, two blanks before each line
//   restart                       the engine is put away and another one takes over the log
//   agent NAME claims | agent NAME returns | agent NAME: TEXT
//   system NAME falls silent | system NAME answers again
//   shown                         the whole dialogue as the customer sees it now, a line each
//
// Dates in replies are written <date>: the shop moves along with the calendar.
import assert from 'node:assert/strict'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createEngine, type Engine } from '@parley/core/engine.ts'
import { asAgentId, asConversationId, asCustomerId, asShopId, type ConversationKey, type MessageRef } from '@parley/core/ids.ts'
import type { RecordedDecision } from '@parley/core/pipeline/decision.ts'
import type { ConversationLog } from '@parley/core/ports/conversation-log.ts'
import type { Vault } from '@parley/core/ports/vault.ts'
import type { VisibleEvent } from '@parley/core/protocol/server-message.ts'
import type { ServiceName } from '@parley/demo-shop/services.ts'
import { type Brain, createBrain } from '@parley/server/brain.ts'
import { readConfig } from '@parley/server/config.ts'
import { createConversations } from '@parley/server/conversations.ts'
import { systemClock } from '@parley/server/drivers/clock.system.ts'
import { createMemoryLog } from '@parley/server/drivers/conversation-log.memory.ts'
import { createLocalFanOut } from '@parley/server/drivers/fan-out.local.ts'
import { createMemoryJobs } from '@parley/server/drivers/jobs.memory.ts'
import { createAlone } from '@parley/server/drivers/nodes.alone.ts'
import { createMemoryVault } from '@parley/server/drivers/vault.memory.ts'
import { createErasures } from '@parley/server/erasures.ts'
import { createLogger } from '@parley/server/logger.ts'
import { createShopMeshes, type ShopMeshes } from '@parley/server/mesh/shop-meshes.ts'
import { openSources, type Sources } from '@parley/server/sources.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { startTestServices, type TestServices, TOKENS } from '../mesh/demo-services.ts'
import { DEMO_MESH } from '../mesh/joined-shop.ts'

const folder = fileURLToPath(new URL('dialogues/', import.meta.url))
const data = temporaryFolder()
const closing: (() => Promise<void>)[] = []
let services: TestServices
let meshes: ShopMeshes
let sources: Sources
let brain: Brain

before(async () => {
  services = await startTestServices({ after: work => void closing.push(work as () => Promise<void>) }) // it resolves when all is closed
  services.fill()
  const settings = readConfig({ PARLEY_CONFIG: undefined })
  const config = { ...settings, data: data.path, shops: settings.shops.map(shop => ({ ...shop, mesh: writeMesh(services, data.path) })) }
  const environment = { DEMO_ORDERS_TOKEN: TOKENS.orders, DEMO_CRM_TOKEN: TOKENS.crm, DEMO_WAREHOUSE_TOKEN: TOKENS.warehouse }
  meshes = createShopMeshes(config, environment, error => assert.fail(String(error)))
  sources = await openSources(config, createLogger('error'), meshes)
  // Deadlines are another test's matter: here every voter is heard, however busy the machine is.
  const deadlines = { ...config.deadlines, voters: 10_000, plugin: 10_000, mesh: 10_000, effect: 10_000, turn: 30_000 }
  // What the pack says is what is written down: articles are a shop's own.
  const installed = { choices: () => [], knowledge: { changedArticlesOf: () => [] } }
  brain = await createBrain({ ...config, deadlines }, createLogger('error'), sources, undefined, undefined, installed)
  await brain.plugins.ready
})
after(async () => {
  await brain.close()
  await meshes.close()
  for (const close of closing) await close()
  data.remove()
})

interface Step {
  /** Index of its line in the file. */
  readonly at: number
  readonly line: string
  readonly expected: readonly string[]
}
interface Dialogue {
  readonly title: string
  readonly at: number
  readonly customer: string
  readonly locale: 'zh-CN' | 'en'
  readonly steps: readonly Step[]
}

function parse(source: string): Dialogue[] {
  const lines = source.split('\n')
  const dialogues: Dialogue[] = []
  let steps: Step[] = []
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? ''
    if (line === '' || line.startsWith('#')) continue
    const title = /^dialogue (.+)$/.exec(line)?.[1]
    if (title !== undefined) {
      const [, customer = '', locale] = /^as (\S+) (zh-CN|en)$/.exec(lines[++at] ?? '') ?? []
      if (locale !== 'zh-CN' && locale !== 'en') throw new Error(`line ${at + 1}: «as CUSTOMER LOCALE» must follow a title`)
      steps = []
      dialogues.push({ title, at, customer, locale, steps })
      continue
    }
    const expected: string[] = []
    const first = at
    if (lines[at + 1] === '----') {
      at++
      while (lines[at + 1] !== undefined && lines[at + 1] !== '') expected.push(lines[++at]!) // was looked at
    }
    steps.push({ at: first, line, expected })
  }
  return dialogues
}

interface Scene {
  readonly engine: Engine
  readonly decisions: RecordedDecision[]
}

function stage(log: ConversationLog, vault: Vault): Scene {
  const decisions: RecordedDecision[] = []
  const engine = createEngine({
    nodes: createAlone(),
    conversations: createConversations(log, vault),
    erasures: createErasures(log, vault, async () => {}),
    fanOut: createLocalFanOut(error => assert.fail(String(error))),
    jobs: createMemoryJobs({ clock: systemClock, random: Math.random, broke: error => assert.fail(String(error)) }),
    stages: brain.stages,
    shop: id => brain.shops.get(id),
    limits: { inbox: 20, turns: 100, conversations: 100 },
    observer: {
      decided: (_key, { decision }) => decisions.push(decision),
      rated: () => {},
      overdue: () => {},
      erased: () => {},
      tookOver: () => {},
      broke: (_key, error) => assert.fail(String(error)),
      failed: error => assert.fail(String(error)),
    },
  })
  return { engine, decisions }
}

const textOf = (event: VisibleEvent): string => event.parts.map(part => part.text).join('\n')
const timeless = (text: string): string => text.replace(/\d{4}-\d{2}-\d{2}/g, '<date>').replace(/CP-\d+/g, 'CP-<n>')
const indented = (text: string): string[] =>
  timeless(text)
    .split('\n')
    .map(line => `  ${line}`)

/** The demo shop's, over services of the test's own, whose systems it can silence: no answer is kept, and no system is left alone by the way. */
function writeMesh({ services: { orders, crm, warehouse } }: TestServices, folderOf: string): string {
  const text = readFileSync(DEMO_MESH, 'utf8')
    .replaceAll(/openapi: (\w+\.yaml|\w+\.openapi\.yaml)/g, (_, document: string) => `openapi: ${join(dirname(DEMO_MESH), document)}`)
    .replaceAll(/( {4}private: true\n)/g, '$1    failures: 100000\n    deadlineMs: 10000\n')
    .replaceAll(/\bms: \d+/g, 'ms: 0')
    .replace('http://127.0.0.1:8101', orders.url)
    .replace('http://127.0.0.1:8102', crm.url)
    .replace('http://127.0.0.1:8103', warehouse.url)
  const file = join(folderOf, 'mesh.yaml')
  writeFileSync(file, text)
  return file
}

/** Compensation cases outlive a dialogue, and an order has one at a time: the next dialogue begins with a shop that has none. */
function forgetCases(): void {
  const database = new DatabaseSync(join(services.folder, 'crm.db'), { timeout: 5_000 })
  try {
    database.exec('DELETE FROM cases; DELETE FROM outcomes')
  } finally {
    database.close()
  }
}

/** Also an effect that is being undone, whose notice belongs to the turn that took it back. */
async function hasWork(log: ConversationLog, vault: Vault): Promise<boolean> {
  for await (const _unsettled of createConversations(log, vault).unsettled()) return true
  return false
}

/** Plays a dialogue and gives what came of each step. */
async function play({ at: begin, customer, locale, steps }: Dialogue): Promise<string[][]> {
  forgetCases()
  const log = createMemoryLog()
  const vault = createMemoryVault()
  const key: ConversationKey = { shop: asShopId('demo'), conversation: asConversationId(`c${begin}`) }
  const who = asCustomerId(customer)
  let scene = stage(log, vault)
  const shown = async (): Promise<readonly VisibleEvent[]> => (await scene.engine.since(key, who, null)).events
  const outcomes: string[][] = []
  for (const [number, { line }] of steps.entries()) {
    const { engine, decisions } = scene
    const [, words] = /^customer (.+)$/.exec(line) ?? []
    const [, name = '', does] = /^agent (\w+) (claims|returns)$/.exec(line) ?? []
    const [, system, falls] = /^system (orders|crm|warehouse) (falls silent|answers again)$/.exec(line) ?? []
    const [, speaker = '', said] = /^agent (\w+): (.+)$/.exec(line) ?? []
    const agent = (called: string) => ({ id: asAgentId(called), name: called })
    const known = decisions.length
    if (words !== undefined) {
      const ref = `m${number}` as MessageRef // a test's own id
      const { seq } = await engine.say(key, who, { ref, text: words.replaceAll('\\n', '\n'), locale })
      const patience = AbortSignal.timeout(30_000)
      while (engine.turnsUnderWay > 0 || (await hasWork(log, vault))) {
        assert.ok(!patience.aborted, `«${line}» does not come to an end`)
        await new Promise(resolve => setImmediate(resolve))
      }
      const decision = decisions.at(-1)
      const replies = (await shown()).filter(event => event.seq > seq)
      const head = decisions.length > known && decision ? [`${decision.action} ${decision.disposition}`] : ['(nothing)']
      outcomes.push([...head, ...replies.flatMap(event => indented(textOf(event)))])
    } else if (line === 'restart') {
      scene = stage(log, vault)
      await scene.engine.finishUnsettled()
      outcomes.push([])
    } else if (system !== undefined) {
      await services.knob(system as ServiceName, { failure: falls === 'falls silent' ? 'drop' : 'none' }) // one of the three
      outcomes.push([])
    } else if (line === 'shown')
      outcomes.push((await shown()).flatMap(event => indented(`${event.type}: ${textOf(event).replaceAll('\n', ' / ')}`)))
    else if (does === 'claims') {
      await engine.desk.claim(key, agent(name))
      outcomes.push([])
    } else if (does === 'returns') {
      await engine.desk.release(key, agent(name), 'bot', '')
      outcomes.push([])
    } else if (said !== undefined) {
      await engine.desk.say(key, agent(speaker), { ref: `a${number}` as MessageRef, text: said }) // a test's own id
      outcomes.push([])
    } else throw new Error(`«${line}» is no step of a dialogue`)
  }
  return outcomes
}

const files = globSync('*.txt', { cwd: folder }).sort()
const all = files.flatMap(file => parse(readFileSync(join(folder, file), 'utf8')).map(dialogue => ({ file, dialogue })))

test('there are at least 20 whole dialogues', () => assert.ok(all.length >= 20, `${all.length}`))

for (const { file, dialogue } of all) {
  test(`${file}:${dialogue.at} ${dialogue.title}`, async () => {
    const outcomes = await play(dialogue)
    if (process.env.PARLEY_REWRITE) return rewrite(join(folder, file), dialogue.title, outcomes)
    for (const [i, { line, at, expected }] of dialogue.steps.entries()) {
      if (expected.length === 0) continue
      // A dialogue that was written before it was ever played says only what must be decided.
      const outcome = expected.length === 1 ? outcomes[i]?.slice(0, 1) : outcomes[i]
      assert.deepEqual(outcome, expected, `${file}:${at + 1} ${line}\n${outcomes[i]?.join('\n')}`)
    }
  })
}

function rewrite(path: string, title: string, outcomes: readonly string[][]): void {
  const source = readFileSync(path, 'utf8')
  const dialogue = parse(source).find(each => each.title === title)
  if (!dialogue) return
  const lines = source.split('\n')
  for (const [i, { at, expected }] of [...dialogue.steps.entries()].reverse()) {
    const outcome = outcomes[i] ?? []
    const before = expected.length > 0 ? expected.length + 1 : 0
    lines.splice(at + 1, before, ...(outcome.length > 0 ? ['----', ...outcome] : []))
  }
  writeFileSync(path, lines.join('\n'))
}
