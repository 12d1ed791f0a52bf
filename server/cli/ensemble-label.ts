// `parley ensemble label`: which turns of the log are worth a label, out to a file and back, what people agree on. Of the running server, over the operator's API.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import { agreementsOf } from '@parley/ensembles/labels/agreements.ts'
import { createRandom } from '@parley/models/train/random.ts'
import { z } from 'zod'
import { readConfig } from '../config.ts'
import { labelledRows, queueOf, type RecordedLine, type RowToLabel } from '../evaluation/turns-to-label.ts'
import { WHO } from '../http/operator-labels.ts'
import type { LabelsKept } from '../label-store/keep-labels.ts'
import type { Label } from '../label-store/label-store.ts'
import { readPack } from '../pack-folder.ts'
import { PROJECT } from '../project.ts'
import type { WrongUse } from './agent.ts'
import { number, section, share, table } from './ensemble-report.ts'
import { askOperator } from './operator-request.ts'
import { recorded } from './plugin-replay.ts'
import { knownShop, say } from './plugin-store.ts'
import { progressBar } from './progress-bar.ts'

export interface LabelOptions {
  readonly shop?: string
  readonly url: string
}

export interface QueueOptions extends LabelOptions {
  /** Milliseconds back from now. */
  readonly since: number
  readonly limit: number
  /** Whose labels are left out; of everybody where it is not given. */
  readonly by?: string
}

/** So many labels go to the server at once: a request may be no longer than 64 KiB. */
const AT_ONCE = 200

/** Faults: SERVER_UNREACHABLE, UNKNOWN_SHOP. */
export async function listToLabel(options: QueueOptions, wrongUse: WrongUse): Promise<void> {
  const { rows, total } = await queue(options, shopIn(options, wrongUse))
  if (rows.length === 0) return say('There is nothing to label.')
  for (const { conversation, turn, why, said, times, text } of rows)
    say(
      `${conversation} turn ${turn}${times > 1 ? ` (×${times})` : ''}, ${said}${why.length > 0 ? `, ${why.join(', ')}` : ''}: ${text.replaceAll(/\s+/g, ' ')}`,
    )
  if (total > rows.length) say(`and ${total - rows.length} more: --limit`)
}

/** Faults: as `listToLabel`. */
export async function exportToLabel(file: string, options: QueueOptions & { readonly labelled?: true }, wrongUse: WrongUse): Promise<void> {
  const shop = shopIn(options, wrongUse)
  if (!options.labelled) {
    const { rows, total } = await queue(options, shop)
    write(file, rows)
    return say(`${rows.length} of ${total} turns are in ${file}: say each one's action, and import it.`)
  }
  const { rows, agreed, disputed } = await labelledRows(turnsOf(options, shop), await labelsOf(options, shop))
  write(file, rows)
  say(
    `${agreed} labelled turns of ${rows.length} conversations are in ${file}.${disputed > 0 ? ` ${disputed} are left out: people disagree about them.` : ''}`,
  )
}

/** Names each line that is wrong; nothing is imported then. Faults: TURNS_INVALID, SERVER_UNREACHABLE, UNKNOWN_SHOP. */
export async function importLabels(file: string, options: LabelOptions & { readonly by: string }, wrongUse: WrongUse): Promise<void> {
  const shop = shopIn(options, wrongUse)
  if (!WHO.test(options.by)) wrongUse('--by names a person in up to 64 letters, digits and . _ @ -')
  const settings = readConfig(process.env).shops.find(({ id }) => id === shop)! // it is known
  const { labels, empty } = readLabels(file, new Set(Object.keys(readPack(join(PROJECT.packs, settings.pack)).actions)))
  let kept = 0
  const gone: LabelsKept['gone'][number][] = []
  for (let from = 0; from < labels.length; from += AT_ONCE) {
    const given = labels.slice(from, from + AT_ONCE).map(label => ({ ...label, who: options.by }))
    const answer = (await askOperator(options.url, labelsPath(shop), { labels: given })) as LabelsKept // our own server's answer
    kept += answer.kept
    gone.push(...answer.gone)
  }
  for (const { conversation, turn } of gone) process.stderr.write(`${conversation} turn ${turn}: the log does not have it (any more)\n`)
  say(
    `${kept} labels of ${options.by} are kept${empty > 0 ? `; rows without an action: ${empty}` : ''}${gone.length > 0 ? `; of turns that are not there: ${gone.length}` : ''}.`,
  )
}

/** Faults: SERVER_UNREACHABLE, UNKNOWN_SHOP. */
export async function tellAgreement(options: LabelOptions & { readonly seed: number }, wrongUse: WrongUse): Promise<void> {
  const shop = shopIn(options, wrongUse)
  const labels = await labelsOf(options, shop)
  const { people, pairs, disputes } = agreementsOf(labels, () => createRandom(options.seed))
  say(
    `${labels.length} labels of ${people.length} ${people.length === 1 ? 'person' : 'people'}${people.length > 0 ? `: ${people.map(({ who, labels: of }) => `${who} ${of}`).join(', ')}` : ''}`,
  )
  const rows = pairs.map(({ a, b, turns, agreed, kappa }) => {
    const around = kappa.low === null ? '' : ` (${number(kappa.low, 2)} to ${number(kappa.high, 2)})`
    return [`${a}, ${b}`, String(turns), share(agreed / turns), `${number(kappa.value, 2)}${around}`]
  })
  if (rows.length === 0) return say('No turn is labelled by two people: have a second one label the same file.')
  for (const line of section('Two by two', table([['', 'turns', 'agree', "Cohen's kappa"], ...rows]))) say(line)
  if (disputes.length > 0)
    for (const line of section('Disputed', table(disputes.map(({ actions, turns }) => [actions.join(' or '), String(turns)])))) say(line)
}

const Row = z.object({ conversation: z.string().min(1), turn: z.int().min(1), action: z.string().default('') })
type Given = Pick<Label, 'conversation' | 'turn' | 'action'>

function readLabels(file: string, actions: ReadonlySet<string>): { readonly labels: readonly Given[]; readonly empty: number } {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new Fault('TURNS_INVALID', { file, line: 0, reason: 'the file cannot be read' }, { cause })
  }
  const labels: Given[] = []
  const wrong: { readonly line: number; readonly reason: string }[] = []
  let empty = 0
  for (const [i, row] of text.split('\n').entries()) {
    if (row.trim() === '') continue
    const read = rowIn(row)
    if (typeof read === 'string') wrong.push({ line: i + 1, reason: read })
    else if (read.action === '') empty++
    else if (!actions.has(read.action))
      wrong.push({ line: i + 1, reason: `the shop has no action ${JSON.stringify(read.action).slice(0, 60)}` })
    else labels.push(read)
  }
  for (const { line, reason } of wrong) process.stderr.write(`${file}:${line}: error: ${reason}\n`)
  if (wrong[0]) throw new Fault('TURNS_INVALID', { file, ...wrong[0] })
  return { labels, empty }
}

function rowIn(row: string): Given | string {
  let value: unknown
  try {
    value = JSON.parse(row)
  } catch {
    return 'it is not JSON'
  }
  const parsed = Row.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  return `${issue?.path.join('.') || '(the whole)'}: ${issue?.message ?? 'not a row of an export'}`
}

async function queue(options: QueueOptions, shop: string): Promise<{ readonly rows: readonly RowToLabel[]; readonly total: number }> {
  const all = await queueOf(turnsOf(options, shop), await labelsOf(options, shop), options.by)
  return { rows: all.slice(0, options.limit), total: all.length }
}

async function* turnsOf({ url, since }: QueueOptions, shop: string): AsyncGenerator<RecordedLine> {
  const bar = progressBar('reading the log')
  try {
    for await (const { done, total, conversation, turn, takenBack, thumb, damaged } of recorded({ url, shop, since: Date.now() - since })) {
      bar.show(done, total)
      if (damaged !== undefined) process.stderr.write(`conversation ${conversation}: ${damaged}\n`)
      if (turn) yield { turn, takenBack: takenBack === true, ...(thumb && { thumb }) }
    }
  } finally {
    bar.end()
  }
}

const labelsPath = (shop: string): string => `/shops/${encodeURIComponent(shop)}/labels`
export const labelsOf = async ({ url }: LabelOptions, shop: string): Promise<readonly Label[]> =>
  ((await askOperator(url, labelsPath(shop))) as { readonly labels: readonly Label[] }).labels // our own server's answer

const shopIn = (options: LabelOptions, wrongUse: WrongUse): string => knownShop(options, readConfig(process.env), wrongUse)

/** What customers wrote is for its owner's eyes alone. */
const write = (file: string, rows: readonly object[]): void =>
  writeFileSync(file, rows.map(row => `${JSON.stringify(row)}\n`).join(''), { mode: 0o600 })
