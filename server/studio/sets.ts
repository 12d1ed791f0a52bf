// The sets of turns that a shop's ensembles are judged on: files that were uploaded, kept word for word, and the labelled turns of the log.
import { Fault } from '@parley/core/faults.ts'
import { LABELLED, type LineProblem, type SetUpload, type SetUploaded, type SetView } from '@parley/core/protocol/studio.ts'
import type { ActionId } from '@parley/plugin-sdk/vocabulary.ts'
import { z } from 'zod'
import { parseTurnsBeside, type TurnFile } from '../evaluation/read-turns.ts'
import { agreedLabels, type LabelStore } from '../label-store/label-store.ts'
import { newId, openShelf, SETS, type Shelf } from './studio-folder.ts'

export interface Sets {
  list(): readonly SetView[]
  /** Faults: STUDIO_FULL, STORAGE_FULL. */
  add(upload: SetUpload, who: string): Promise<SetUploaded>
  /** With what is wrong with it now. Faults: UNKNOWN_SET. */
  look(id: string): Promise<SetUploaded>
  /** As it was sent. Faults: UNKNOWN_SET. */
  text(id: string): Promise<string>
  /** Faults: UNKNOWN_SET. */
  view(id: string): SetView
  /** Faults: UNKNOWN_SET. */
  remove(id: string): Promise<void>
  /** Lines that say they are of this conversation are emptied. */
  forget(conversation: string): Promise<void>
}

export interface SetsParts {
  readonly data: string
  readonly shop: string
  readonly actions: ReadonlySet<ActionId>
  readonly labels: Pick<LabelStore, 'list'>
  readonly now: () => number
  readonly broke: (error: unknown) => void
}

const MOST = 200
const PROBLEMS_TOLD = 1_000
/** Fewer tell nothing: no draw would differ. */
const LEAST_CONVERSATIONS = 2
const TEXT = '.jsonl'

const Kept = z.strictObject({
  id: z.string(),
  name: z.string(),
  turns: z.number(),
  conversations: z.number(),
  bad: z.number(),
  at: z.number(),
  who: z.string(),
})
type Kept = z.infer<typeof Kept>

export async function openSets({ data, shop, actions, labels, now, broke }: SetsParts): Promise<Sets> {
  const shelf: Shelf<Kept> = await openShelf(data, shop, SETS, value => Kept.parse(value), broke)
  const viewOf = (kept: Kept): SetView => ({ ...kept, kind: 'uploaded' })

  function named(id: string): Kept {
    const found = shelf.get(id)
    if (!found) throw new Fault('UNKNOWN_SET', { set: id })
    return found
  }

  async function text(id: string): Promise<string> {
    const found = await shelf.read(named(id).id, TEXT)
    if (found === undefined) throw new Fault('UNKNOWN_SET', { set: id }) // it was removed meanwhile
    return found
  }

  function labelled(): SetView {
    const agreed = [...agreedLabels(labels.list(shop))].filter(([, action]) => action !== null)
    const conversations = new Set(agreed.map(([turn]) => turn.slice(0, turn.lastIndexOf('/'))))
    return {
      id: LABELLED,
      name: LABELLED,
      kind: 'labelled',
      turns: agreed.length,
      conversations: conversations.size,
      bad: 0,
      at: null,
      who: null,
    }
  }

  return {
    list: () => [
      labelled(),
      ...shelf
        .list()
        .toSorted((a, b) => b.at - a.at)
        .map(viewOf),
    ],
    async add(upload, who) {
      if (shelf.list().length >= MOST) throw new Fault('STUDIO_FULL', { what: 'sets of turns', limit: MOST })
      const read = await parseTurnsBeside(upload.text, actions)
      const figures = figuresOf(read)
      const problems = told(read)
      if (figures.conversations < LEAST_CONVERSATIONS) return { set: null, problems }
      const kept: Kept = { id: newId(), name: upload.name, ...figures, at: now(), who }
      await shelf.put(kept.id, kept, { ending: TEXT, text: upload.text })
      return { set: viewOf(kept), problems }
    },
    async look(id) {
      if (id === LABELLED) return { set: labelled(), problems: [] }
      const read = await parseTurnsBeside(await text(id), actions)
      return { set: { ...viewOf(named(id)), ...figuresOf(read) }, problems: told(read) }
    },
    text,
    view: id => (id === LABELLED ? labelled() : viewOf(named(id))),
    async remove(id) {
      await shelf.remove(named(id).id)
    },
    async forget(conversation) {
      const name = JSON.stringify(conversation)
      for (const kept of shelf.list()) {
        const before = await shelf.read(kept.id, TEXT)
        if (!before?.includes(name)) continue
        const lines = before.split('\n').map(line => (line.includes(name) && isOf(line, conversation) ? '' : line))
        const after = lines.join('\n')
        if (after !== before)
          await shelf.put(kept.id, { ...kept, ...figuresOf(await parseTurnsBeside(after, actions)) }, { ending: TEXT, text: after })
      }
    },
  }
}

const figuresOf = ({ dialogues, problems }: TurnFile): Pick<Kept, 'turns' | 'conversations' | 'bad'> => ({
  turns: dialogues.reduce((sum, { turns }) => sum + turns.filter(({ right }) => right !== undefined).length, 0),
  conversations: new Set(dialogues.map(({ conversation }) => conversation)).size,
  bad: problems.filter(({ severity }) => severity === 'error').length,
})

const told = ({ problems }: TurnFile): readonly LineProblem[] => problems.slice(0, PROBLEMS_TOLD)

function isOf(line: string, conversation: string): boolean {
  try {
    return (JSON.parse(line) as { readonly conversation?: unknown } | null)?.conversation === conversation
  } catch {
    return true // whatever it is, it names the conversation
  }
}
