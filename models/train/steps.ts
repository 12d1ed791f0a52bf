// A training as steps. Each is a function of the task and of steps before it, and gives a result that is kept as a file: what was broken off goes on
// after the last step that was finished, and gives the same model as if it had not been.
import { AUGMENTATIONS } from './augmentations.ts'
import type { DataRow } from './data-file.ts'
import { classesIn, lessonsOf } from './data-lessons.ts'
import { likeliest } from './figures.ts'
import { finish } from './finish.ts'
import { wholeEffort } from './fit.ts'
import type { Effort } from './fit-deep.ts'
import { nearDuplicateGroups } from './folds.ts'
import { type Eye, type Learned, learn } from './learn.ts'
import { CURVE, type CurvePoint, type FinalModel, type Judged, type Read, type Results, type StepId, thosePaying } from './results.ts'
import { foldsFor, placeOf, splitRows } from './split.ts'
import type { Task } from './task.ts'
import { tryAugmentation } from './trials.ts'

interface Step {
  readonly id: StepId
  /** Beside learning from everything, which is 1. */
  readonly cost: number
  /** `eye`: of a task with an encoder. */
  readonly work: (task: Task, read: Read, eye?: Eye) => Results[StepId] | Promise<Results[StepId]>
}

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i)

const SPLIT: readonly Step[] = [{ id: 'split', cost: 0.1, work: ({ rows, seed }) => splitRows(rows, seed) }]
const TRIALS: readonly Step[] = [...AUGMENTATIONS, 'none' as const].map(augmentation => ({
  id: `trial-${augmentation}` as const,
  cost: 0.15,
  work: (task: Task, read: Read, eye?: Eye) => tryAugmentation(task, read('split'), augmentation, eye),
}))

/** Parts that sentences are encoded in ahead of what needs them, so that all threads have their share and no sentence is encoded twice. */
const PARTS = 8

const encoding = (of: 'written' | 'rewritten', textsOf: (task: Task, read: Read) => readonly string[]): readonly Step[] =>
  numbers(PARTS).map(part => ({
    id: `encode-${of}-${part}` as const,
    cost: 0.5,
    async work(task, read, eye) {
      const texts = textsOf(task, read).filter((_, i) => i % PARTS === part)
      for (const text of texts) await eye?.encode(text)
      return texts.length
    },
  }))

const written = ({ rows, phrases, requests }: Task): readonly string[] => [...rows, ...phrases, ...requests].map(({ text }) => text)

/** What the finished model learns from has all that the folds do. */
const rewritten = (task: Task, read: Read): readonly string[] =>
  lessonsOf(task, rowsAt(task, read('split').train), [], thosePaying(read)).map(({ text }) => text)

/** Stage after stage: the steps of one need nothing of each other. The dearest first, so that no thread begins one when the others end. */
export function stagesOf({ rows, encoder }: Pick<Task, 'rows' | 'encoder'>): readonly (readonly Step[])[] {
  const folds = foldsFor(rows.length)
  const share = 1 - 1 / folds
  const learning: readonly Step[] = [
    { id: 'final', cost: 1, work: learnAll },
    ...numbers(folds).map(fold => ({
      id: `fold-${fold}` as const,
      cost: share,
      work: (task: Task, read: Read, eye?: Eye) => judgeFold(task, read, fold, eye),
    })),
    ...CURVE.map((part, i) => ({
      id: `curve-${i}` as const,
      cost: part * share,
      work: (task: Task, read: Read, eye?: Eye) => drawCurve(task, read, part, eye),
    })).reverse(),
  ]
  const ahead = (steps: readonly Step[]): readonly (readonly Step[])[] => (encoder ? [steps] : [])
  return [
    SPLIT,
    ...ahead(encoding('written', written)),
    TRIALS,
    ...ahead(encoding('rewritten', rewritten)),
    learning,
    [{ id: 'finish', cost: 0.1, work: finish }],
  ]
}

/** Works one step of the task out; those of earlier stages are there to be read. */
export async function workOutStep(id: StepId, task: Task, read: Read, eye?: Eye): Promise<Results[StepId]> {
  const step = stagesOf(task)
    .flat()
    .find(each => each.id === id)
  if (!step) throw new Error(`no step ${id} is in this training`)
  return step.work(task, read, eye)
}

async function learnAll(task: Task, read: Read, eye?: Eye): Promise<FinalModel> {
  const { train, test } = read('split')
  const rows = rowsAt(task, train)
  const classes = classesIn(task.kind, rows)
  const phrases = task.phrases.filter(({ label }) => classes.includes(label))
  const learned = await learn(lessonsOf(task, rows, phrases, thosePaying(read)), classes, task.seed, eye)
  return {
    classes,
    onnx: learned.graph(task.kind),
    hashes: learned.hashes,
    ...(learned.view && { view: learned.view }),
    test: await judgedBy(learned, rowsAt(task, test)),
    requests: (await judgedBy(learned, task.requests)).logits,
  }
}

/** What a model says of the sentences of one fold that has learned from the others. */
async function judgeFold(task: Task, read: Read, fold: number, eye?: Eye): Promise<Judged> {
  const { others, mine, classes } = sidesOf(task, read, fold)
  return judgedBy(await teach(task, read, others, classes, mine, foldEffort(read, others.length), eye), mine)
}

async function drawCurve(task: Task, read: Read, share: number, eye?: Eye): Promise<CurvePoint> {
  const { others, mine, classes } = sidesOf(task, read, 0)
  const few = others.filter(row => placeOf(row, task.seed + 2) < share)
  const { logits } = await judgedBy(await teach(task, read, few, classes, mine, curveEffort(few.length), eye), mine)
  const hits = mine.filter(({ label }, i) => classes[likeliest(logits[i]!)] === label).length // one for each
  return { sentences: few.length, hits, judged: mine.length }
}

/** A fold's model looks at each lesson as often as the finished one does. */
const foldEffort = (read: Read, learned: number): Effort => {
  const { nets, looks } = wholeEffort(learned)
  return { nets, looks: Math.round((looks * learned) / read('split').train.length) }
}

/** Where lessons are few a point of the curve would be dearer than the model. */
const curveEffort = (learned: number): Effort => ({ nets: Math.min(3, wholeEffort(learned).nets), looks: 20 * learned })

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
async function teach(
  task: Task,
  read: Read,
  taught: readonly DataRow[],
  classes: readonly string[],
  judged: readonly DataRow[],
  effort: Effort,
  eye?: Eye,
): Promise<Learned> {
  const groups = nearDuplicateGroups([...judged, ...task.phrases].map(({ text }) => text))
  const met = new Set(groups.subarray(0, judged.length))
  const phrases = task.phrases.filter(({ label }, i) => classes.includes(label) && !met.has(groups[judged.length + i]!)) // one for each text
  return learn(lessonsOf(task, taught, phrases, thosePaying(read)), classes, task.seed, eye, effort)
}

async function judgedBy({ judge }: Learned, rows: readonly { readonly text: string }[]): Promise<Judged> {
  const logits: Float64Array[] = []
  const distances: number[] = []
  for (const { text } of rows) {
    const opinion = await judge(text)
    logits.push(opinion.logits)
    distances.push(opinion.distance)
  }
  return { logits, distances }
}

const rowsAt = ({ rows }: Task, places: readonly number[]): readonly DataRow[] => places.map(row => rows[row]!) // rows of the data
