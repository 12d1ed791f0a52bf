// What the shipped sentiment model says of texts, without a server.
import { normaliseText } from '@parley/core/pipeline/normalise.ts'
import { readModelFile } from '@parley/models/model-file.ts'
import { type Mood, moodAnswer } from '@parley/models/mood-answer.ts'
import { probabilitiesOf } from '@parley/models/probabilities.ts'
import { vectorise } from '@parley/models/rows.ts'
import { createSession } from '@parley/models/session.ts'
import { createUrgency } from '@parley/models/urgency.ts'
import type { Language } from '@parley/plugin-sdk/vocabulary.ts'
import { PROJECT } from '@parley/server/project.ts'

export interface Felt {
  readonly step: Mood
  /** -1 to 1. */
  readonly mood: number
  /** 0 to 1. */
  readonly urgency: number
}

const BATCH = 256

export const sentimentModel = readModelFile(PROJECT.models, 'sentiment')
const session = await createSession(sentimentModel)
const { classes, temperature, urgency: weights } = sentimentModel.metadata
const urgencyOf = weights && createUrgency(weights)

export const feelOf =
  (language: Language) =>
  async (texts: readonly string[]): Promise<readonly Felt[]> => {
    const felt: Felt[] = []
    for (let from = 0; from < texts.length; from += BATCH) {
      const batch = texts.slice(from, from + BATCH).map(normaliseText)
      const logits = await session.run(batch.map(text => vectorise(text, sentimentModel.table)))
      for (const [i, text] of batch.entries()) {
        const p = probabilitiesOf(logits, temperature[language], i * classes.length, classes.length)
        const best = p.indexOf(Math.max(...p))
        felt.push({
          step: classes[best] as Mood, // the shipped model's are these
          mood: moodAnswer(classes, p, {}, undefined).signals.mood ?? 0,
          urgency: urgencyOf?.(text, language) ?? 0,
        })
      }
    }
    return felt
  }
