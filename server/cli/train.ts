// `parley train`: learns a model of a file of labelled sentences, here or as a job of the running server. It is kept as a version and put in force by
// `parley models use`, never by itself.
import { cpSync, mkdirSync, readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import type { KeptEncoder } from '@parley/models/encoder/kept-encoder.ts'
import { type Card, percent, shown } from '@parley/models/train/card.ts'
import { type DataFile, type Kind, readDataFile } from '@parley/models/train/data-file.ts'
import { refuseTooLittle, type TaskEncoder } from '@parley/models/train/task.ts'
import { type Config, readConfig } from '../config.ts'
import { openModelStore } from '../model-store/open-model-store.ts'
import { readPack } from '../pack-folder.ts'
import { PROJECT } from '../project.ts'
import { type AskedEncoder, keptEncoder, taskEncoder } from '../training/encoders.ts'
import { dropOrder, placeOrder, type TrainingOrder } from '../training/order.ts'
import { taskOf } from '../training/read-task.ts'
import { trainModel } from '../training/train-model.ts'
import { claimEmpty, flushTree } from '../upkeep/folders.ts'
import { shopOf, type WrongUse } from './agent.ts'
import { askOperator } from './operator-request.ts'
import { progressBar } from './progress-bar.ts'
import { steadyProgress } from './steady-progress.ts'

export interface TrainOptions {
  readonly encoder: string
  readonly encoderFile?: string
  readonly encoderPooling?: 'mean' | 'cls'
  readonly encoderNormalise?: 'yes' | 'no'
  readonly encoderLength?: number
  readonly encoderPrefix?: string
  readonly blend?: true
  readonly offline?: true
  readonly skipBadLines?: true
  readonly out?: string
  readonly job?: true
  readonly seed: number
  readonly threads?: number
  readonly shop?: string
  readonly url: string
  readonly json?: true
}

/** Exit status of a command that was broken off at the keyboard. */
const INTERRUPTED = 130

/** Faults: ENCODER_ABSENT, ENCODER_INVALID, HUB_UNREACHABLE, TRAINING_DATA_INVALID, UNKNOWN_SHOP, FOLDER_NOT_EMPTY, DATA_IN_USE; for a job SERVER_UNREACHABLE. */
export async function train(kind: Kind, file: string, options: TrainOptions, wrongUse: WrongUse): Promise<void> {
  if (options.job && options.out !== undefined) wrongUse('a job keeps its model in the data folder: leave out either --job or --out')
  refuseIdle(options, wrongUse)
  const config = readConfig(process.env)
  const order = await readOrderFrom(kind, file, options, config, wrongUse)
  if (options.job) return await orderJob(order, config, options)
  if (options.out !== undefined) claimEmpty(options.out)
  const card = await trainHere(order, config, options)
  if (card === undefined) {
    process.stderr.write('Broken off; the same command goes on where it was.\n')
    process.exitCode = INTERRUPTED
  } else if (options.json) say(JSON.stringify(card))
  else {
    say(summaryOf(card))
    const name = options.out ?? card.version.slice(0, 12)
    say(
      `\nKept ${options.out === undefined ? 'as a version' : `in ${options.out}`}, with its card. Put it in force: parley models use ${kind} ${name}`,
    )
  }
}

/** What is said of an encoder without naming one would be lost. */
function refuseIdle(options: TrainOptions, wrongUse: WrongUse): void {
  const said = Object.keys(options).find(key => key === 'blend' || (key.startsWith('encoder') && key !== 'encoder'))
  if (options.encoder === 'none' && said !== undefined)
    wrongUse(`--${said.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)} is said of an encoder: name one with --encoder`)
}

const askedEncoder = ({
  encoder,
  encoderFile,
  encoderPooling,
  encoderNormalise,
  encoderLength,
  encoderPrefix,
  blend,
}: TrainOptions): AskedEncoder => ({
  encoder,
  wishes: {
    ...(encoderFile !== undefined && { onnx: encoderFile }),
    ...(encoderPooling && { pooling: encoderPooling }),
    ...(encoderNormalise && { isNormalised: encoderNormalise === 'yes' }),
    ...(encoderLength !== undefined && { longest: encoderLength }),
    ...(encoderPrefix !== undefined && { prefix: encoderPrefix }),
  },
  isBlended: blend === true,
})

async function encoderFor({ data, hub, offline }: Config, options: TrainOptions): Promise<TaskEncoder | undefined> {
  const bar = progressBar('fetching')
  try {
    return await taskEncoder(data, askedEncoder(options), {
      url: hub.replace(/\/+$/, ''),
      isOffline: offline || options.offline === true,
      onProgress: bar.show,
    })
  } finally {
    bar.end()
  }
}

async function readOrderFrom(kind: Kind, file: string, options: TrainOptions, config: Config, wrongUse: WrongUse): Promise<TrainingOrder> {
  const id = shopOf(options, config, wrongUse)
  const shop = config.shops.find(each => each.id === id)
  if (!shop) throw new Fault('UNKNOWN_SHOP', { shop: id })
  const folder = join(PROJECT.packs, shop.pack)
  const pack = readPack(folder)
  const read = readDataFile(file, {
    kind,
    hint: shop.locale === 'en' ? 'en' : 'zh',
    ...(kind === 'intent' && { actions: new Set(Object.keys(pack.actions)) }),
  })
  const linesLeftOut = tellProblems(file, read, options.skipBadLines === true)
  refuseTooLittle(file, read.rows)
  const encoder = await encoderFor(config, options)
  return { task: taskOf(kind, read.rows, options.seed, pack, folder, encoder), source: { file: basename(file), linesLeftOut } }
}

/** Gives how many lines are left out. Faults: TRAINING_DATA_INVALID, unless they are to be. */
function tellProblems(file: string, { problems }: DataFile, isToSkip: boolean): number {
  for (const { line, severity, reason } of problems)
    process.stderr.write(`${file}:${line}: ${severity === 'error' && isToSkip ? 'left out' : severity}: ${reason}\n`)
  const bad = problems.filter(({ severity }) => severity === 'error')
  const [first] = bad
  if (first && !isToSkip) throw new Fault('TRAINING_DATA_INVALID', { file, line: first.line, reason: first.reason, problems: bad.length })
  return bad.length
}

/** Undefined where it was broken off at the keyboard. */
async function trainHere(order: TrainingOrder, { data }: Config, { threads, out }: TrainOptions): Promise<Card | undefined> {
  const stop = new AbortController()
  const interrupt = (): void => stop.abort(new Error('interrupted'))
  process.once('SIGINT', interrupt)
  const bar = progressBar('training')
  const steady = steadyProgress(share => bar.show(share, 1))
  try {
    return await trainModel(
      order,
      { data, threads: threads ?? Math.min(4, availableParallelism()), signal: stop.signal, onProgress: steady.reached },
      async (folder, card) => {
        if (out === undefined) await keepVersion(data, order.task.kind, folder)
        else copyTo(out, folder, order.task.encoder && keptEncoder(data, order.task.encoder.hash))
        return card
      },
    )
  } catch (error) {
    if (stop.signal.aborted && error === stop.signal.reason) return undefined
    throw error
  } finally {
    steady.end()
    bar.end()
    process.off('SIGINT', interrupt)
  }
}

async function keepVersion(data: string, kind: Kind, folder: string): Promise<void> {
  const store = openModelStore(data)
  try {
    store.add(kind, folder)
  } finally {
    await store.close()
  }
}

/** With its encoder, since it is to work elsewhere too. */
function copyTo(out: string, folder: string, encoder: KeptEncoder | undefined): void {
  mkdirSync(out, { recursive: true })
  if (encoder) cpSync(encoder.folder, join(out, 'encoder'), { recursive: true })
  for (const name of readdirSync(folder)) cpSync(join(folder, name), join(out, name))
  flushTree(out)
}

async function orderJob(order: TrainingOrder, { data }: Config, { url, json }: TrainOptions): Promise<void> {
  const run = placeOrder(data, order)
  const { id } = (await askOperator(url, '/training', { run }).catch(fault => {
    dropOrder(data, run)
    throw fault
  })) as { readonly id: string } // our own server's answer
  say(
    json
      ? JSON.stringify({ job: id })
      : `Job ${id} is taken. How far it is: parley jobs list --kind train. Its model will be in: parley models list`,
  )
}

function summaryOf(card: Card): string {
  const { kind, version, data, classes, crossValidation, test, augmentations, outOfScope, cost } = card
  const paying = augmentations.filter(({ pays }) => pays).map(({ augmentation }) => augmentation)
  const notPaying = augmentations.filter(({ pays }) => !pays).map(({ augmentation }) => augmentation)
  const lines = [
    `${kind} ${version.slice(0, 12)}: ${data.sentences} sentences, ${classes.length} classes, ${cost.seconds} s, ${cost.peakMemoryMb} MB`,
    `  cross-validation  accuracy ${shown(crossValidation.all.accuracy)}, macro-F1 ${shown(crossValidation.all.macroF1)}`,
    `  locked test       accuracy ${shown(test.all.accuracy)}, macro-F1 ${shown(test.all.macroF1)}`,
    `  augmentations     ${paying.length > 0 ? `${paying.join(', ')} pay and are used` : 'none pays'}${notPaying.length > 0 ? `; left out: ${notPaying.join(', ')}` : ''}`,
  ]
  if (outOfScope?.chosen) {
    const point = outOfScope.points.find(
      ({ confidence, distance }) => confidence === outOfScope.chosen?.confidence && distance === outOfScope.chosen.distance,
    )
    if (point)
      lines.push(
        `  out of scope      recall ${shown(point.outOfScopeRecall)} (by the class alone ${percent(outOfScope.byClass.outOfScopeRecall.value)}) with ${percent(point.inScopeAccuracy.value)} right in scope (${percent(outOfScope.byClass.inScopeAccuracy.value)} without turning down)`,
      )
  } else if (kind === 'intent') lines.push('  out of scope      nothing measured: the data has no sentences labelled OUT_OF_SCOPE')
  return lines.join('\n')
}

const say = (line: string): void => void process.stdout.write(`${line}\n`)
