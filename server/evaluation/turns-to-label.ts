// The turns of a shop's log that are worth a label, and those that have one, as rows of a file. Pure but for what it reads: turns of one conversation come one
// after another.
import { normaliseText } from '@parley/core/pipeline/normalise.ts'
import type { Thumb } from '@parley/core/protocol/client-message.ts'
import type { RecordedTurn } from '@parley/core/recorded-turns.ts'
import { type Reason, worthOf } from '@parley/ensembles/labels/worth.ts'
import type { ActionId } from '@parley/plugin-sdk/vocabulary.ts'
import { agreedLabels, type Label, nameOf } from '../label-store/label-store.ts'

export interface RecordedLine {
  readonly turn: RecordedTurn
  readonly takenBack: boolean
  /** The last that the customer has said of its reply, where they have. */
  readonly thumb?: Thumb | null
}

/** A row for a person to fill in. */
export interface RowToLabel {
  readonly conversation: string
  readonly turn: number
  readonly text: string
  readonly lang: 'zh' | 'en'
  /** What was said before it, the last thing last. */
  readonly before: readonly string[]
  /** Turns with these words. */
  readonly times: number
  readonly why: readonly Reason[]
  /** What the customer has said of the reply. */
  readonly thumb?: Thumb
  /** What agents have said at the desk that it was about, where that is another action. */
  readonly corrected?: readonly ActionId[]
  /** What the bot took it for, and what else was likely. */
  readonly said: ActionId
  readonly likely: readonly ActionId[]
  /** Empty: for the person to say. */
  readonly action: ''
}

/** A dialogue as `evaluate` and `tune` read it. */
export interface LabelledRow {
  readonly turns: readonly { readonly text: string; readonly action?: ActionId }[]
  readonly lang: 'zh' | 'en'
  readonly source: 'labels'
  readonly conversation: string
}

const BEFORE = 4
const LIKELY = 5

/**
 * Worthiest first, the same words once, and none that somebody has labelled; with `by`, none that this person has. What an agent said at the desk in passing is
 * no label to be done with, but for that agent: such a turn is worth another look. Keeps a row a wording, and no decision. `labels` are all of the shop's.
 */
export async function queueOf(lines: AsyncIterable<RecordedLine>, labels: readonly Label[], by?: string): Promise<readonly RowToLabel[]> {
  const done = new Set(labels.filter(({ who, atDesk }) => (by === undefined ? !atDesk : who === by)).map(nameOf))
  const said = Map.groupBy(
    labels.filter(({ atDesk }) => atDesk),
    nameOf,
  )
  const rows = new Map<string, { readonly worth: number; readonly row: RowToLabel }>()
  const labelled = new Set<string>()
  let [conversation, before]: [string, string[]] = ['', []]
  for await (const { turn, takenBack, thumb = null } of lines) {
    const { received, decision } = turn
    if (received.conversation !== conversation) [conversation, before] = [received.conversation, []]
    const text = received.texts.join('\n')
    const key = normaliseText(text)
    const corrected = [...new Set(said.get(nameOf(received))?.map(({ action }) => action))].filter(action => action !== decision.action)
    const worth = worthOf(decision, { takenBack, thumb, isCorrected: corrected.length > 0 })
    if (done.has(nameOf(received))) labelled.add(key)
    else if (worth) {
      const known = rows.get(key)
      const times = (known?.row.times ?? 0) + 1
      if (known && known.worth >= worth.value) rows.set(key, { ...known, row: { ...known.row, times } })
      else
        rows.set(key, {
          worth: worth.value,
          row: {
            conversation,
            turn: received.turn,
            text,
            lang: languageIn(turn),
            before: before.slice(-BEFORE),
            times,
            why: worth.why,
            ...(thumb && { thumb }),
            ...(corrected.length > 0 && { corrected }),
            said: decision.action,
            likely: decision.ranking.slice(0, LIKELY).map(({ action }) => action),
            action: '',
          },
        })
    }
    before.push(`customer: ${text}`, `shop: ${decision.reply}`)
  }
  return [...rows]
    .filter(([key]) => !labelled.has(key))
    .map(([, each]) => each)
    .sort((a, b) => b.worth - a.worth || b.row.times - a.row.times)
    .map(({ row }) => row)
}

export interface Labelled {
  readonly rows: readonly LabelledRow[]
  /** Turns with a label that all who labelled it agree on, and those of which they do not: these are in no row as labelled. */
  readonly agreed: number
  readonly disputed: number
}

/** The conversations that have labels, each up to its last one. */
export async function labelledRows(lines: AsyncIterable<RecordedLine>, labels: readonly Label[]): Promise<Labelled> {
  const said = agreedLabels(labels)
  const rows: LabelledRow[] = []
  let [agreed, disputed] = [0, 0]
  let open: RecordedTurn[] = []
  const end = (): void => {
    const turns = open.map(turn => {
      const action = said.get(nameOf(turn.received))
      if (action === null) disputed++
      else if (action !== undefined) agreed++
      return { text: turn.received.texts.join('\n'), ...(action != null && { action }) }
    })
    const last = turns.findLastIndex(({ action }) => action !== undefined)
    const [first] = open
    if (first && last >= 0)
      rows.push({ turns: turns.slice(0, last + 1), lang: languageIn(first), source: 'labels', conversation: first.received.conversation })
    open = []
  }
  for await (const { turn } of lines) {
    if (open[0] && open[0].received.conversation !== turn.received.conversation) end()
    open.push(turn)
  }
  end()
  return { rows, agreed, disputed }
}

const languageIn = ({ decision: { locale } }: RecordedTurn): 'zh' | 'en' => (locale === 'en' ? 'en' : 'zh')
