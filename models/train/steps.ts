// A training as steps. Each is a function of the task and of steps before it, and gives a result that is kept as a file: what was broken off goes on
// after the last step that was finished, and gives the same model as if it had not been.
import { AUGMENTATIONS } from './augmentations.ts'
import type { DataRow } from './data-file.ts'
import { classesIn, lessonsOf } from './data-lessons.ts'
import { likeliest } from './figures.ts'
import { finish } from './finish.ts'
import { nearDuplicateGroups } from './folds.ts'
import { CURVE, type CurvePoint, type FinalModel, type Judged, type Read, type Results, type StepId, thosePaying } from './results.ts'
import { foldsFor, placeOf, splitRows } from './split.ts'
import { graphOf, type Learned, learn, type Opinion } from './subword.ts'
import type { Task } from './task.ts'
import { tryAugmentation } from './trials.ts'

interface Step {
  readonly id: StepId
  /** Beside learning from everything, which is 1. */
  readonly cost: number
  readonly work: (task: Task, read: Read) => Results[StepId]
}

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i)

/** Before the folds, which the task decides on. */
const BEGINNING: readonly (readonly Step[])[] = [
  [{ id: 'split', cost: 0.1, work: ({ rows, seed }) => splitRows(rows, seed) }],
  [...AUGMENTATIONS, 'none' as const].map(augmentation => ({
    id: `trial-${augmentation}` as const,
    cost: augmentation === 'none' ? 0.13 : 0.16,
    work: (task: Task, read: Read) => tryAugmentation(task, read('split'), augmentation),
  })),
]

/** Stage after stage: the steps of one need nothing of each other. The dearest first, so that no thread begins one when the others end. */
export function stagesOf({ rows }: Pick<Task, 'rows'>): readonly (readonly Step[])[] {
  const folds = foldsFor(rows.length)
  const share = 1 - 1 / folds
  const learning: readonly Step[] = [
    { id: 'final', cost: 1, work: learnAll },
    ...numbers(folds).map(fold => ({
      id: `fold-${fold}` as const,
      cost: share,
      work: (task: Task, read: Read) => judgeFold(task, read, fold),
    })),
    ...CURVE.map((part, i) => ({
      id: `curve-${i}` as const,
      cost: part * share,
      work: (task: Task, read: Read) => drawCurve(task, read, part),
    })).reverse(),
  ]
  return [...BEGINNING, learning, [{ id: 'finish', cost: 0.1, work: finish }]]
}

/** Works one step of the task out; those of earlier stages are there to be read. */
export function workOutStep(id: StepId, task: Task, read: Read): Results[StepId] {
  const step = stagesOf(task)
    .flat()
    .find(each => each.id === id)
  if (!step) throw new Error(`no step ${id} is in this training`)
  return step.work(task, read)
}

function learnAll(task: Task, read: Read): FinalModel {
  const { train, test } = read('split')
  const rows = rowsAt(task, train)
  const classes = classesIn(task.kind, rows)
  const phrases = task.phrases.filter(({ label }) => classes.includes(label))
  const learned = learn(lessonsOf(task, rows, phrases, thosePaying(read)), classes, task.seed)
  return {
    classes,
    onnx: graphOf(task.kind, learned),
    hashes: learned.table.hashes,
    test: judgedBy(learned.judge, rowsAt(task, test)),
    requests: task.requests.map(({ text }) => learned.judge(text).logits),
  }
}

/** What a model says of the sentences of one fold that has learned from the others. */
function judgeFold(task: Task, read: Read, fold: number): Judged {
  const { others, mine, classes } = sidesOf(task, read, fold)
  return judgedBy(teach(task, read, others, classes, mine).judge, mine)
}

function drawCurve(task: Task, read: Read, share: number): CurvePoint {
  const { others, mine, classes } = sidesOf(task, read, 0)
  const few = others.filter(row => placeOf(row, task.seed + 2) < share)
  const { judge } = teach(task, read, few, classes, mine)
  const hits = mine.filter(({ text, label }) => classes[likeliest(judge(text).logits)] === label).length
  return { sentences: few.length, hits, judged: mine.length }
}

/** The classes are those of all folds, so that their answers can be put side by side. */
function sidesOf(task: Task, read: Read, fold: number) {
  const { train, folds } = read('split')
  const side = (isMine: boolean): readonly DataRow[] =>
    rowsAt(
      task,
      train.filter((_, i) => (folds[i] === fold) === isMine),
    )
  return { others: side(false), mine: side(true), classes: classesIn(task.kind, rowsAt(task, train)) }
}

/** A phrase that nearly repeats a sentence which is judged is left out. */
function teach(task: Task, read: Read, taught: readonly DataRow[], classes: readonly string[], judged: readonly DataRow[]): Learned {
  const groups = nearDuplicateGroups([...judged, ...task.phrases].map(({ text }) => text))
  const met = new Set(groups.subarray(0, judged.length))
  const phrases = task.phrases.filter(({ label }, i) => classes.includes(label) && !met.has(groups[judged.length + i]!)) // one for each text
  return learn(lessonsOf(task, taught, phrases, thosePaying(read)), classes, task.seed)
}

function judgedBy(judge: (text: string) => Opinion, rows: readonly DataRow[]): Judged {
  const opinions = rows.map(({ text }) => judge(text))
  return { logits: opinions.map(({ logits }) => logits), distances: opinions.map(({ distance }) => distance) }
}

const rowsAt = ({ rows }: Task, places: readonly number[]): readonly DataRow[] => places.map(row => rows[row]!) // rows of the data
