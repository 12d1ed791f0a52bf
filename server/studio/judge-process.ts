// Works out one report, in a process of its own: it steps back for everything else on the machine, what memory it takes is not the engine's, and it ends
// with the engine, however that ends. The voters are asked as by `parley ensemble evaluate`, and their votes kept in the same cache.
import { setPriority } from 'node:os'
import { join } from 'node:path'
import { Fault, isFault } from '@parley/core/faults.ts'
import type { RecordedTurn } from '@parley/core/recorded-turns.ts'
import type { Comparison } from '@parley/ensembles/comparison/comparison.ts'
import { objectionsTo } from '@parley/ensembles/comparison/gate.ts'
import { parseEnsemble } from '@parley/ensembles/ensemble-file.ts'
import type { ComparisonFile, Evaluation, EvaluationFile } from '@parley/ensembles/report-file.ts'
import { sha256 } from '@parley/models/model-file.ts'
import { replaceFile } from '../drivers/replace-file.ts'
import { compareEnsembles } from '../evaluation/compare-ensembles.ts'
import { compareLogged } from '../evaluation/compare-logged.ts'
import { evaluateEnsemble, PRECISIONS } from '../evaluation/evaluate-ensemble.ts'
import { type DialogueToJudge, parseTurns } from '../evaluation/read-turns.ts'
import { withVoters } from '../evaluation/with-voters.ts'
import { aboutOf } from '../report-file/about.ts'
import { reportHtml } from '../report-file/report-html.ts'
import { ENDINGS, type FromJudge, type JudgeTask, type StartJudging, type ToJudge } from './judge-messages.ts'

/** The least that a process can ask for. */
const LAST = 19
/** As of the command line's default. */
const SEED = 1
const DAY_MS = 86_400_000

const tell = (message: FromJudge): Promise<void> => new Promise(resolve => process.send?.(message, () => resolve()))
const stopping = new AbortController()
let takeTurns: (batch: Extract<ToJudge, { readonly type: 'turns' }>) => void = () => {}

process.on('disconnect', () => process.exit(1))
process.on('message', (message: ToJudge) => {
  if (message.type === 'stop') stopping.abort()
  else if (message.type === 'turns') takeTurns(message)
  else void begin(message)
})

async function begin(start: StartJudging): Promise<void> {
  try {
    setPriority(LAST) // before its threads begin: they inherit it
    await tell({ type: 'progress', step: 'starting', share: 0 })
    await tell({ type: 'done', turns: await work(start) })
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    await tell({ type: 'failed', code: isFault(error) ? error.code : 'INTERNAL', message })
  }
  process.exit()
}

interface Judged {
  readonly result: Omit<EvaluationFile, 'about'> | Omit<ComparisonFile, 'about'>
  readonly pack: string
  /** That the result may quote. */
  readonly conversations: readonly string[]
}

/** Gives the number of turns. What may be quoted is named before anything is. */
async function work({ config, shop: id, task, setName, into }: StartJudging): Promise<number> {
  const settings = config.shops.find(each => each.id === id)! // the engine has looked
  const { result, conversations, pack } = await judge(task, config, settings)
  await replaceFile(`${into}${ENDINGS.conversations}`, JSON.stringify(conversations))
  await replaceFile(`${into}${ENDINGS.result}`, JSON.stringify(result.kind === 'evaluate' ? result.evaluation : comparisonIn(result)))
  const about = aboutOf({
    shop: id,
    pack,
    data: task.kind === 'log-comparison' ? { logMs: task.days * DAY_MS } : { file: setName ?? '', sha256: sha256(task.rows) },
    settings: { seed: SEED },
    now: new Date(),
  })
  await replaceFile(`${into}${ENDINGS.html}`, reportHtml({ ...result, about }))
  return result.kind === 'evaluate' ? result.evaluation.turns : result.comparison.turns
}

/** What the pages show beside one another. */
const comparisonIn = ({ comparison, gate }: Omit<ComparisonFile, 'about'>) => ({ ...comparison, gate })

type Settings = Parameters<typeof withVoters>[1]

function judge(task: JudgeTask, config: StartJudging['config'], settings: Settings): Promise<Judged> {
  const common = { cache: join(config.data, 'votes'), seed: SEED, signal: stopping.signal, onProgress }
  const parsed = ({ version, text }: { readonly version: string; readonly text: string }) => parseEnsemble(text, version)
  if (task.kind === 'log-comparison') {
    // What they said then is in the log: nobody is asked.
    const silent = { ...settings, plugins: [], pluginSettings: {}, remoteVoters: [] }
    return withVoters(config, silent, async (shop, stages) => {
      const [a, b] = [parsed(task.a), parsed(task.b)]
      const result = await compareLogged({ ...common, turns: turnsOfLog(), labels: task.labels, shop, stages, a, b })
      const conversations = [...new Set(result.changed.map(({ conversation }) => conversation))]
      return { result: compared(result), conversations, pack: shop.packVersion }
    })
  }
  return withVoters(config, settings, async (shop, stages) => {
    const { dialogues } = parseTurns(task.rows, new Set(Object.keys(shop.actions)))
    const conversations = namesIn(dialogues)
    if (new Set(dialogues.map(({ conversation }) => conversation)).size < 2)
      throw new Fault('TURNS_INVALID', {
        file: 'the set',
        line: 0,
        reason: 'there are fewer than two conversations in it: that tells nothing',
      })
    const parts = { ...common, dialogues, shop, stages }
    const result =
      task.kind === 'evaluation'
        ? evaluated(await evaluateEnsemble({ ...parts, ensemble: parsed(task.ensemble), precisions: PRECISIONS }))
        : compared(await compareEnsembles({ ...parts, pinned: [], a: parsed(task.a), b: parsed(task.b) }))
    return { result, conversations, pack: shop.packVersion }
  })
}

const evaluated = (evaluation: Evaluation) => ({ kind: 'evaluate' as const, evaluation })
const compared = (comparison: Comparison) => ({
  kind: 'compare' as const,
  comparison,
  gate: { maxBroken: null, against: objectionsTo(comparison, {}) },
})

/** A line that names no conversation is called by its number. */
const namesIn = (dialogues: readonly DialogueToJudge[]): readonly string[] => [
  ...new Set(dialogues.flatMap(({ conversation, line }) => (conversation === `line ${line}` ? [] : [conversation]))),
]

async function* turnsOfLog(): AsyncGenerator<RecordedTurn> {
  for (;;) {
    const next = new Promise<Extract<ToJudge, { readonly type: 'turns' }>>(resolve => {
      takeTurns = resolve
    })
    await tell({ type: 'more' })
    const { turns, share } = await next
    onProgress('comparing', share)
    if (turns.length === 0) return
    yield* turns
  }
}

let told = 0
const TELL_MS = 100

function onProgress(step: Extract<FromJudge, { readonly type: 'progress' }>['step'], share: number): void {
  const now = performance.now()
  if (now - told < TELL_MS) return
  told = now
  void tell({ type: 'progress', step, share })
}
