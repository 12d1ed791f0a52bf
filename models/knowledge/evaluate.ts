// What a library is worth on questions that it has not seen: whether it finds the right article, and what it would answer.
import type { Language } from '@parley/plugin-sdk/vocabulary.ts'
import { bootstrap, type Interval, shareOf } from '../train/intervals.ts'
import { answerIn } from './answer.ts'
import { languageOf } from './article.ts'
import type { Library } from './library.ts'
import type { AskedQuestion } from './read-questions.ts'

export interface Figures {
  readonly questions: number
  /** Questions that an article answers. The next three are shares of these. */
  readonly answerable: number
  readonly recallAt1: Interval
  readonly recallAt3: Interval
  /** Mean of one divided by the right article's place. */
  readonly meanReciprocalRank: Interval
  /** Answered with the right article, of those that one answers. */
  readonly rightAnswers: Interval
  /** Answered with another article than the right one, or though none answers, of all. */
  readonly wrongAnswers: Interval
  /** The same, of all that were answered. */
  readonly wrongOfAnswered: Interval
  /** Not answered, of all. */
  readonly abstained: Interval
}

export interface Judged extends AskedQuestion {
  readonly language: Language
  /** Ids, best first. */
  readonly found: readonly string[]
  /** The article that it is answered from; null where it is not. */
  readonly answered: string | null
  readonly confidence: number
}

export interface Evaluation {
  readonly all: Figures
  /** Undefined where there is no question of it. */
  readonly zh?: Figures
  readonly en?: Figures
  readonly judged: readonly Judged[]
}

/** Looked at for the reciprocal rank; what stands behind it counts as not found. */
const DEEPEST = 20
const SEED = 1

/** `hint`: the language of questions whose words do not tell. `judging` is called after each. */
export async function evaluate(
  library: Library,
  questions: readonly AskedQuestion[],
  hint: Language,
  judging: (done: number) => void = () => {},
): Promise<Evaluation> {
  const judged: Judged[] = []
  for (const each of questions) {
    const language = languageOf(each.question, hint)
    const found = await library.search(each.question, language, DEEPEST)
    const answer = answerIn(found)
    judged.push({
      ...each,
      language,
      found: found.map(({ article }) => article.id),
      answered: answer?.article.id ?? null,
      confidence: found[0]?.confidence ?? 0,
    })
    judging(judged.length)
  }
  const of = (language: Language): Figures | undefined => {
    const own = judged.filter(each => each.language === language)
    return own.length > 0 ? figuresOf(own) : undefined
  }
  const [zh, en] = [of('zh'), of('en')]
  return { all: figuresOf(judged), ...(zh && { zh }), ...(en && { en }), judged }
}

function figuresOf(judged: readonly Judged[]): Figures {
  const answerable = judged.filter(({ article }) => article !== null)
  const placeOf = ({ found, article }: Judged): number => found.indexOf(article!) // those that one answers
  const within = (places: number): number => answerable.filter(each => placeOf(each) >= 0 && placeOf(each) < places).length
  const answered = judged.filter(each => each.answered !== null)
  const right = answered.filter(each => each.answered === each.article).length
  const ranks = answerable.map(each => (placeOf(each) < 0 ? 0 : 1 / (placeOf(each) + 1)))
  return {
    questions: judged.length,
    answerable: answerable.length,
    recallAt1: shareOf(within(1), answerable.length),
    recallAt3: shareOf(within(3), answerable.length),
    meanReciprocalRank: bootstrap(
      ranks.map((_, i) => i),
      times => weighedMean(ranks, times),
      SEED,
    ),
    rightAnswers: shareOf(right, answerable.length),
    wrongAnswers: shareOf(answered.length - right, judged.length),
    wrongOfAnswered: shareOf(answered.length - right, answered.length),
    abstained: shareOf(judged.length - answered.length, judged.length),
  }
}

function weighedMean(values: readonly number[], times: Uint16Array): number {
  let [sum, count] = [0, 0]
  for (const [i, value] of values.entries()) {
    sum += value * times[i]! // one for each value
    count += times[i]!
  }
  return count === 0 ? 0 : sum / count
}
