// An ensemble as a data team writes it: one readable, versioned, immutable YAML file. ensembles/SPEC.md gives the arithmetic.
import { createHash } from 'node:crypto'
import { Fault } from '@parley/core/faults.ts'
import { parseDocument } from 'yaml'
import { z } from 'zod'
import { SIGNALS } from './signals.ts'

const PerLanguage = (schema: z.ZodNumber) => z.strictObject({ zh: schema, en: schema })

/** Of a calibration: confidences that rise, and shares of right ones that do not fall. */
const Knots = z
  .array(z.tuple([z.number().min(0).max(1), z.number().min(0).max(1)]))
  .max(40)
  .refine(knots => knots.every(([c, p], i) => i === 0 || (c > knots[i - 1]![0] && p >= knots[i - 1]![1])), 'the points do not rise')

const Rest = z
  .record(z.string(), z.number().gt(0).max(1))
  .refine(rest => Object.values(rest).reduce((sum, p) => sum + p, 0) <= 1 + 1e-9, 'the probabilities sum to more than 1')

const VoterEntry = z.strictObject({
  /** How much this voter's evidence counts; 0 silences it. */
  weight: PerLanguage(z.number().min(0).max(10)),
  /** Divides the voter's log-probabilities: above 1 it is taken to be less sure than it says. */
  temperature: PerLanguage(z.number().min(0.05).max(20)).default({ zh: 1, en: 1 }),
  /** What its confidences are worth, as points [confidence, share that is right] with lines between; none: what it says. Read before the temperature. */
  calibration: z.strictObject({ zh: Knots, en: Knots }).default({ zh: [], en: [] }),
  /** How often each action is right where none of its votes is: what it leaves unnamed goes to them so. Those that are not named share what is left by the prior. */
  rest: Rest.default({}),
  /** The same by what its surest vote is for; those that are not named share what is left by `rest`. */
  mistakes: z.record(z.string(), Rest).default({}),
  /** Multiplies the weight for one action; 1 for what is not named. */
  actions: z.record(z.string(), z.number().min(0).max(10)).default({}),
})

export const EnsembleFile = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]{1,40}$/),
  version: z.int().min(1),
  description: z.string().optional(),
  /** By voter name; `plugin:*` and `remote:*` stand for those of the kind without an entry of their own. A voter without an entry is heard with weight 0. */
  voters: z.record(z.string().regex(/^[a-z0-9:*-]{1,80}$/), VoterEntry),
  /** How often each action is what a turn is about, before any vote; actions that are not named share what is left evenly. */
  prior: z.record(z.string(), z.number().gt(0).lt(1)).default({}),
  /** The same where live traffic differs from the data that all else was fitted on; where it is empty, `prior` holds there too. */
  priorOfTraffic: z.record(z.string(), z.number().gt(0).lt(1)).default({}),
  /** What each unit of a signal adds to the score of an action, in nats (SPEC.md has the units). */
  signals: z.partialRecord(z.enum(SIGNALS), z.record(z.string(), z.number().min(-10).max(10))).default({}),
  /** Least probability that a voter can give an action, so that no single voter can veto. */
  floor: z.number().gt(0).max(0.05).default(0.001),
})
export type EnsembleFile = z.infer<typeof EnsembleFile>

/** The name under which a voter stands in a file that does not name it: `plugin:*` for `plugin:tastings`; its own where it is of no kind. */
export const kindOf = (voter: string): string => voter.replace(/:.*/, ':*')

export const entryOf = ({ voters }: EnsembleFile, voter: string): EnsembleFile['voters'][string] | undefined =>
  voters[voter] ?? voters[kindOf(voter)]

export interface ParsedEnsemble {
  readonly file: EnsembleFile
  /** `retail@1-3f2a9c01b2d4`: name, version and the start of the text's SHA-256. */
  readonly version: string
}

/** Parses and checks. `name` is what faults call the file. Faults: ENSEMBLE_INVALID with the path of the first thing that is wrong. */
export function parseEnsemble(text: string, name: string): ParsedEnsemble {
  const invalid = (path: string, reason: string): Fault => new Fault('ENSEMBLE_INVALID', { file: name, path, reason })
  const document = parseDocument(text)
  const broken = document.errors[0]
  if (broken) throw invalid('', broken.message.split('\n')[0] ?? 'not YAML')
  const parsed = EnsembleFile.safeParse(document.toJS())
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw invalid(issue?.path.join('.') ?? '', issue?.message ?? 'not an ensemble')
  }
  for (const path of ['prior', 'priorOfTraffic'] as const) {
    const total = Object.values(parsed.data[path]).reduce((sum, p) => sum + p, 0)
    if (total >= 1) throw invalid(path, `the probabilities sum to ${total}, and something must be left for the other actions`)
  }
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 12)
  return { file: parsed.data, version: `${parsed.data.name}@${parsed.data.version}-${hash}` }
}
