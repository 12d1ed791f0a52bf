// `parley ask`: turns through the same pipeline as the server's, without a log.
import { createReadStream, existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { Fault } from '@parley/core/faults.ts'
import { asCustomerId } from '@parley/core/ids.ts'
import type { RecordedDecision } from '@parley/core/pipeline/decision.ts'
import { workOut } from '@parley/core/pipeline/pipeline.ts'
import type { Shop } from '@parley/core/pipeline/shop.ts'
import { outsideConversation } from '@parley/core/pipeline/turn.ts'
import { messageText } from '@parley/core/protocol/message-text.ts'
import type { Locale } from '@parley/plugin-sdk/vocabulary.ts'
import { z } from 'zod'
import { type Brain, createBrain } from '../brain.ts'
import { readConfig } from '../config.ts'
import { findEnsembleStore } from '../ensemble-store/open-ensemble-store.ts'
import { findKnowledgeStore } from '../knowledge-store/open-knowledge-store.ts'
import { createLogger } from '../logger.ts'
import { createShopMeshes } from '../mesh/shop-meshes.ts'
import { findModelStore } from '../model-store/open-model-store.ts'
import { findPluginStore } from '../plugin-store/open-plugin-store.ts'
import { noSources, openSources } from '../sources.ts'
import { traceOf } from './trace.ts'

export interface AskOptions {
  readonly shop: string
  readonly json?: true
  readonly file?: string
  readonly locale?: Locale
  /** In whose name: the shop's source is then asked, and its orders are this customer's. */
  readonly customer?: string
}

/** Turns under way at once: enough to keep the model threads busy, few enough that no voter comes late for waiting in line. */
const TURNS_AT_ONCE = 16

/** Milliseconds for voters and plugins, instead of what a customer would wait. */
const PATIENCE_MS = 10_000

const Line = z.object({ text: z.string(), locale: z.enum(['zh-CN', 'en']).optional() })

/** Faults: UNKNOWN_SHOP, TEXT_EMPTY, TEXT_TOO_LONG, TURNS_INVALID; a broken line stops nothing before it. */
export async function ask(text: string | undefined, options: AskOptions): Promise<void> {
  const config = readConfig(process.env)
  if (options.file !== undefined && !existsSync(options.file))
    throw new Fault('TURNS_INVALID', { file: options.file, line: 0, reason: 'the file is not there' })
  const logger = createLogger('error')
  const meshes = createShopMeshes(config, process.env, error => logger.error({ err: error }, 'a bug'))
  const sources = options.customer === undefined ? noSources : await openSources(config, logger, meshes)
  // Nobody waits here but for the whole answer: every voter is heard, however long it takes, so that the same turns give the same decisions.
  const deadlines = { ...config.deadlines, voters: PATIENCE_MS, plugin: PATIENCE_MS }
  const store = findPluginStore(config.data)
  const models = findModelStore(config.data)
  const knowledge = findKnowledgeStore(config)
  const ensembles = findEnsembleStore(config.data)
  const installed = {
    choices: store?.choices ?? (() => []),
    ...(models && { models }),
    ...(knowledge && { knowledge }),
    ...(ensembles && { ensembles }),
  }
  const brain = await createBrain({ ...config, deadlines }, logger, sources, undefined, undefined, installed)
  try {
    const shop = brain.shops.get(options.shop)
    if (!shop) throw new Fault('UNKNOWN_SHOP', { shop: options.shop })
    await brain.plugins.ready
    if (options.file !== undefined) await askFile(options.file, shop, brain, options)
    else {
      const decision = await askOne(text ?? '', 1, shop, brain, options.locale ?? null, options.customer)
      process.stdout.write(options.json ? `${JSON.stringify(viewOf(decision))}\n` : `${decision.reply}\n\n${traceOf(decision)}\n`)
    }
  } finally {
    await brain.close()
    await store?.close()
    await models?.close()
    await knowledge?.close()
    await ensembles?.close()
    await meshes.close()
  }
}

function askOne(raw: string, turn: number, shop: Shop, brain: Brain, locale: Locale | null, customer = 'ask'): Promise<RecordedDecision> {
  const received = {
    ...outsideConversation,
    at: Date.now(),
    shop: shop.id,
    customer: asCustomerId(customer),
    turn,
    upTo: turn,
    texts: [messageText(raw)],
    locale,
  }
  return workOut(received, shop, brain.stages, new AbortController().signal)
}

async function askFile(file: string, shop: Shop, brain: Brain, options: AskOptions): Promise<void> {
  const progress = createProgress()
  const under: Promise<RecordedDecision>[] = []
  const put = async (): Promise<void> => {
    const decision = await under.shift()
    if (!process.stdout.write(`${JSON.stringify(viewOf(decision!))}\n`)) await new Promise(resolve => process.stdout.once('drain', resolve)) // only called with turns under way
    progress.done()
  }
  let number = 0
  try {
    for await (const line of createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY })) {
      number++
      if (line.trim() === '') continue
      under.push(askLine(line, file, number, shop, brain, options.locale ?? null))
      under.at(-1)?.catch(() => {}) // met in order, by `put`; until then it is not unhandled
      if (under.length >= TURNS_AT_ONCE) await put()
    }
    while (under.length > 0) await put()
  } finally {
    progress.end()
  }
}

async function askLine(
  line: string,
  file: string,
  number: number,
  shop: Shop,
  brain: Brain,
  locale: Locale | null,
): Promise<RecordedDecision> {
  const broken = (reason: string, cause?: unknown): Fault => new Fault('TURNS_INVALID', { file, line: number, reason }, { cause })
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (cause) {
    throw broken('it is not JSON', cause)
  }
  const parsed = Line.safeParse(value)
  if (!parsed.success)
    throw broken(`${parsed.error.issues[0]?.path.join('.') || '(the whole)'}: ${parsed.error.issues[0]?.message ?? 'not a turn'}`)
  try {
    return await askOne(parsed.data.text, number, shop, brain, parsed.data.locale ?? locale)
  } catch (cause) {
    throw cause instanceof Fault ? broken(cause.message, cause) : cause
  }
}

/** What is printed: the decision without what only a replay or the log needs. */
function viewOf({
  situation: _s,
  options: _o,
  facts: _f,
  frame: _d,
  clauseVotes: _c,
  ...decision
}: RecordedDecision): Omit<RecordedDecision, 'situation' | 'options' | 'facts' | 'frame' | 'clauseVotes'> {
  return decision
}

/** Turns done and turns a second, on standard error and only for a person. */
function createProgress(): { done(): void; end(): void } {
  const started = performance.now()
  let count = 0
  const show = (): void => {
    if (process.stderr.isTTY)
      process.stderr.write(`\r${count} turns, ${Math.round((count / (performance.now() - started)) * 1000)} a second `)
  }
  return {
    done() {
      if (++count % 100 === 0) show()
    },
    end() {
      show()
      if (process.stderr.isTTY) process.stderr.write('\n')
    },
  }
}
