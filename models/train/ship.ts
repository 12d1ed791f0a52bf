// The whole training: judges every example out of fold, calibrates, learns which actions a mood asks for, then trains both models on everything
// and writes them. The same pack and seed give the same files, byte for byte.

import { writeClauseWeights } from '../clause-weights.ts'
import { writeLearnedPhrases } from '../keyword/learned-phrases.ts'
import { type WrittenModel, writeModelFile } from '../model-file.ts'
import { networkGraph } from '../onnx/network-graph.ts'
import { probabilitiesOf } from '../probabilities.ts'
import type { UrgencyWeights } from '../urgency.ts'
import type { Corpus, Lesson } from './corpus.ts'
import { type Figures, figuresOf } from './figures.ts'
import { fitClauseWeights } from './fit-clauses.ts'
import { fitUrgency } from './fit-urgency.ts'
import { learnPhrases, phraseData } from './learn-phrases.ts'
import { dataHash, intentLessons, moodLessons } from './lessons.ts'
import { estimateActionsByMood } from './mood-table.ts'
import { FOLDS, judgeOutOfFold, type OutOfFold, train } from './out-of-fold.ts'

export interface Shipped {
  readonly intent: Figures
  readonly sentiment: Figures
  /** Undefined where the pack has no examples of it. */
  readonly urgency: UrgencyWeights['training'] | undefined
  readonly outOfFold: OutOfFold
}

/** How often `progress` is called. */
export const STEPS = 2 * FOLDS + 2

export function trainAndWrite(corpus: Corpus, folder: string, seed: number, progress: () => void = () => {}): Shipped {
  const outOfFold = judgeOutOfFold(corpus, seed, progress)
  const { intentClasses, moodClasses } = outOfFold
  const intent = figuresOf(outOfFold.intents, intentClasses)
  const sentiment = figuresOf(outOfFold.moods, moodClasses)
  const moodsOfIntents = outOfFold.intents.map(({ example, mood }) => ({
    action: example.label,
    moods: probabilitiesOf(mood, sentiment.temperature[example.language]),
  }))
  writeLearnedPhrases(folder, learnPhrases(corpus.intents), phraseData(corpus.intents))
  writeClauseWeights(folder, fitClauseWeights(outOfFold.messages, intentClasses, intent.temperature), phraseData(corpus.intents))
  writeModel(folder, 'intent', intentLessons(corpus.intents, corpus.phrases, seed), intentClasses, corpus.intents.length, intent, seed)
  progress()
  const urgency = fitUrgency(corpus.urgency, seed)
  writeModel(folder, 'sentiment', moodLessons(corpus.moods, seed), moodClasses, corpus.moods.length, sentiment, seed, {
    actionsByMood: estimateActionsByMood(moodsOfIntents, moodClasses, intentClasses),
    ...(urgency && { urgency }),
  })
  progress()
  return { intent, sentiment, urgency: urgency?.training, outOfFold }
}

function writeModel(
  folder: string,
  name: string,
  lessons: readonly Lesson[],
  classes: readonly string[],
  examples: number,
  figures: Figures,
  seed: number,
  more: Pick<WrittenModel, 'actionsByMood' | 'urgency'> = {},
): void {
  const { model, table } = train(lessons, classes, seed)
  const { temperature, accuracy, macroF1, logLoss, f1 } = figures
  const data = dataHash(lessons)
  writeModelFile(folder, {
    name,
    classes: [...classes],
    temperature,
    ...more,
    training: { seed, data, examples, folds: FOLDS, accuracy, macroF1, logLoss, f1 },
    hashes: table.hashes,
    onnx: networkGraph(name, model),
  })
}
