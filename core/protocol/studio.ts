// What the pages of /studio and the server say to each other, as JSON over HTTP below /v1/studio. Everything is of the shop of whoever is signed in with
// the role `data`. What is sent is checked here; what comes back is told in types. A fault is `{code, message, …details}` as elsewhere (docs/faults.md).
// Times are milliseconds since 1970, shares 0 to 1, costs in the shop's own unit.
import { z } from 'zod'

/** A version that is kept (`retail@2-3f2a9c01b2d4`), a shipped one (`retail`), or `in-force`. */
export const EnsembleNamed = z.string().regex(/^[a-z0-9@-]{1,200}$/, 'name a shipped ensemble, a version that is kept, or in-force')
const Id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/)
const Why = z.string().trim().max(1_000)
const ActionName = z.string().regex(/^[A-Z0-9_]{1,64}$/)

// /v1/studio/session: POST signs in, GET says who is, DELETE signs out (204).

export const StudioSignIn = z.strictObject({ shop: z.string().max(64), name: z.string().max(200), password: z.string().max(4_000) })
export type StudioSignIn = z.infer<typeof StudioSignIn>
export interface StudioSession {
  readonly person: { readonly name: string }
  readonly shop: { readonly id: string; readonly name: string }
}

// /v1/studio/shop: GET. What the pages name things by.

export interface ShopView {
  readonly release: string
  readonly actions: readonly ActionView[]
  /** Who votes in the shop now, by name. */
  readonly voters: readonly string[]
  readonly costs: CostView
}
export interface ActionView {
  readonly id: string
  readonly label: { readonly 'zh-CN': string; readonly en: string }
  readonly alwaysPerson: boolean
  /** Times as costly as others to get wrong. */
  readonly severity: number
}
/** What outcomes cost in the shop. */
export interface CostView {
  readonly wrongAnswer: number
  readonly clarify: number
  /** At this hour with nobody waiting, where it goes by hour and queue. */
  readonly handoff: number
  readonly handoffVaries: boolean
}

// /v1/studio/ensembles: GET gives EnsemblesView. /v1/studio/ensembles/VERSION: GET gives EnsembleView. POST /v1/studio/ensembles/orders takes an
// EnsembleOrder and gives EnsemblesView; who orders is who is signed in. Faults: UNKNOWN_ENSEMBLE, ENSEMBLE_INVALID, NO_EARLIER_ENSEMBLE, ENSEMBLE_REFUSED.

export const EnsembleOrder = z.discriminatedUnion('what', [
  z.strictObject({ what: z.literal('promote'), ensemble: EnsembleNamed, why: Why.min(1) }),
  z.strictObject({ what: z.literal('rollback'), why: Why.min(1) }),
  z.strictObject({ what: z.literal('canary'), ensemble: EnsembleNamed, share: z.number().min(0).max(1), why: Why.default('') }),
  z.strictObject({ what: z.literal('shadow'), ensemble: EnsembleNamed, why: Why.default('') }),
  z.strictObject({ what: z.enum(['canary-off', 'shadow-off']), why: Why.default('') }),
])
export type EnsembleOrder = z.infer<typeof EnsembleOrder>

export interface EnsemblesView {
  /** By version. What is shipped and was never kept is among them; what cannot be read any more has a `fault`. */
  readonly versions: readonly VersionView[]
  readonly standing: StandingView
  /** Every change, the last one first. */
  readonly history: readonly HistoryLine[]
}
export interface VersionView {
  readonly version: string
  readonly isShipped: boolean
  readonly description: string
  /** By voter; empty where there is a fault. */
  readonly weights: Weights
  readonly fault: string | null
}
/** How much each voter counts, by language; 0 silences it. */
export type Weights = Readonly<Record<string, { readonly zh: number; readonly en: number }>>
export interface StandingView {
  readonly inForce: string
  readonly canary: { readonly version: string; readonly share: number; readonly since: number } | null
  readonly shadow: { readonly version: string; readonly since: number } | null
  /** What a rollback puts in force, or ends; null: there is nothing to roll back to. `settings`: what the shop's settings name. */
  readonly rollback: { readonly what: 'ends-canary' } | { readonly what: 'puts-back'; readonly version: string | 'settings' } | null
}
export interface HistoryLine {
  readonly at: number
  readonly what: 'promote' | 'rollback' | 'canary' | 'canary-off' | 'shadow' | 'shadow-off' | 'keep'
  /** Null: the one that the shop's settings name. */
  readonly version: string | null
  /** Of a canary. */
  readonly share?: number | undefined
  readonly who: string
  /** May be empty. */
  readonly why: string
}
export interface EnsembleView extends VersionView {
  /** Its file, word for word. */
  readonly text: string
}

// /v1/studio/canary: GET gives { canary: CanaryView | null }; the log is read for it. /v1/studio/shadow: GET gives { shadow: ShadowView | null }.

export interface Interval {
  readonly value: number
  /** Of 95 %. */
  readonly low: number
  readonly high: number
}
export interface CanaryView {
  /** Turns decided from then on. */
  readonly since: number
  readonly arms: Readonly<Record<'inForce' | 'canary', CanaryArm>>
  /** By measure, the canary's share less the other; no difference is shown where it holds 0. */
  readonly differences: Readonly<Record<string, Interval>>
  /** Conversations that could not be read. */
  readonly unread: number
}
export interface CanaryArm {
  readonly version: string
  readonly conversations: number
  readonly turns: number
  /** Of the turns, by measure: handedOver, askedBack, corrected, recalled, and what else there may be. */
  readonly shares: Readonly<Record<string, Interval>>
}
export interface ShadowView {
  /** Turns by what became of them. */
  readonly counts: Readonly<Record<'same' | 'otherwise' | 'failed' | 'late' | 'skipped', number>>
  /** Of those that would be otherwise, by what differs. */
  readonly parts: Readonly<Record<'action' | 'disposition' | 'template', number>>
  /** Share of the compared turns that would be decided the same. */
  readonly agreement: number | null
  /** The last of those that would be decided otherwise, newest first. */
  readonly turns: readonly DivergentTurn[]
}
export interface DivergentTurn extends TurnNamed {
  readonly at: number
  readonly differs: readonly ('action' | 'disposition' | 'template')[]
  readonly before: DivergentSide
  readonly now: DivergentSide
}
export interface DivergentSide {
  readonly ensemble: string
  readonly action: string
  readonly disposition: string
  readonly template: string
  readonly confidence: number
}

// /v1/studio/sets: GET gives { sets }. POST takes a SetUpload and gives SetUploaded. /v1/studio/sets/ID: GET gives SetUploaded (what is wrong with it, too),
// DELETE removes it (204). /v1/studio/sets/ID/text: GET gives the file as it was sent. Faults: UNKNOWN_SET, STUDIO_FULL, STORAGE_FULL.

/** The set that is always there: the turns of the log that people have labelled and agree on. It cannot be removed. */
export const LABELLED = 'labelled'
/** Characters of an upload. */
export const SET_CHARACTERS = 4_000_000
export const SetUpload = z.strictObject({ name: z.string().trim().min(1).max(100), text: z.string().min(1).max(SET_CHARACTERS) })
export type SetUpload = z.infer<typeof SetUpload>

export interface SetView {
  readonly id: string
  readonly name: string
  readonly kind: 'uploaded' | 'labelled'
  /** Turns that it can be judged by, and their conversations. Of the labelled: labels, of so many conversations. */
  readonly turns: number
  readonly conversations: number
  /** Lines that are left out, since something is wrong with them. */
  readonly bad: number
  /** Null of the labelled. */
  readonly at: number | null
  readonly who: string | null
}
export interface SetUploaded {
  /** Null: too little can be read to judge by (fewer than two conversations), and nothing is kept. */
  readonly set: SetView | null
  /** An error's line is left out, a warning's is not. The first thousand. */
  readonly problems: readonly LineProblem[]
}
export interface LineProblem {
  readonly line: number
  readonly severity: 'error' | 'warning'
  readonly reason: string
}

// /v1/studio/reports: GET gives { reports }, newest first. POST takes a ReportOrder and gives a ReportView, at once: it is worked out in the background,
// one after another. /v1/studio/reports/ID: GET gives ReportView, to be asked again while it is under way; DELETE ends and removes it (204).
// POST /v1/studio/reports/ID/cancel ends it; POST /v1/studio/reports/ID/again begins it anew. Of one that is done: /v1/studio/reports/ID/result is what
// `parley ensemble evaluate|compare --json` writes (an Evaluation of ensembles/report-file.ts, or a Comparison of ensembles/comparison/comparison.ts, here
// with `gate`, a GateResult of ensembles/report-file.ts), /v1/studio/reports/ID/html the file to send to a
// colleague. With ?download either comes as a file. Faults: UNKNOWN_SET, UNKNOWN_REPORT, UNKNOWN_ENSEMBLE, ENSEMBLE_INVALID,
// REPORT_NOT_DONE, STUDIO_FULL.

export const ReportOrder = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('evaluation'), set: Id, ensemble: EnsembleNamed }),
  z.strictObject({ kind: z.literal('comparison'), a: EnsembleNamed, b: EnsembleNamed, set: Id }),
  /** On the turns of the log's last days, with the votes of then. */
  z.strictObject({ kind: z.literal('log-comparison'), a: EnsembleNamed, b: EnsembleNamed, days: z.int().min(1).max(365) }),
])
/** Ensembles are versions in what comes back: `in-force` is what was so when it was ordered. */
export type ReportOrder = z.infer<typeof ReportOrder>

export interface ReportView {
  readonly id: string
  readonly order: ReportOrder
  /** What the set was called then; null of a log. */
  readonly setName: string | null
  readonly at: number
  readonly who: string
  readonly state: ReportState
}
export type ReportState =
  | { readonly state: 'waiting' }
  | ({ readonly state: 'running' } & Progress)
  | { readonly state: 'done'; readonly at: number; readonly turns: number }
  | { readonly state: 'failed'; readonly code: string; readonly message: string }
  | { readonly state: 'cancelled' }
  /** The server ended while it was under way: `again` begins it anew; votes that were asked for are kept. */
  | { readonly state: 'broken-off' }
  /** A conversation in it was erased, and with it the result: `again` works it out without. */
  | { readonly state: 'erased' }
export interface Progress {
  readonly step: 'starting' | 'reading the log' | 'asking the voters' | 'judging' | 'comparing'
  /** Of the whole. */
  readonly share: number
  /** Null while too little is done to tell. */
  readonly secondsLeft: number | null
}

// POST /v1/studio/trials takes a TrialOrder and gives a Trial; while the set's votes are not there yet, a Trial that is opening: ask again. One that waits
// when the next of the same person comes is answered 409 TRIAL_OVERTAKEN. Faults: UNKNOWN_SET, UNKNOWN_ENSEMBLE, ENSEMBLE_INVALID.
// POST /v1/studio/trials/keep takes a TrialToKeep and gives { version }, which is in force nowhere. Faults: ENSEMBLE_INVALID, STORAGE_FULL.

const Weight = z.number().min(0).max(10)
const WeightsGiven = z.record(z.string().regex(/^[a-z0-9:*-]{1,80}$/), z.strictObject({ zh: Weight, en: Weight }))
const Cost = z.number().gt(0).max(1e6)
const Changed = {
  /** What is changed, and stays as it is in everything else. */
  ensemble: EnsembleNamed,
  /** Of voters with another weight than in it. */
  weights: WeightsGiven,
}
export const TrialOrder = z.strictObject({
  ...Changed,
  set: Id,
  /** Null: the shop's own. */
  costs: z.strictObject({ wrongAnswer: Cost, clarify: Cost, handoff: Cost }).nullable(),
  /** Comes back with the answer. */
  asked: z.int().min(0),
})
export type TrialOrder = z.infer<typeof TrialOrder>
export const TrialToKeep = z.strictObject({ ...Changed, name: z.string().regex(/^[a-z0-9-]{1,40}$/), why: Why.min(1) })
export type TrialToKeep = z.infer<typeof TrialToKeep>

export interface Estimate {
  readonly value: number | null
  /** The interval of 95 %. */
  readonly low: number | null
  readonly high: number | null
}
export type Trial =
  | ({ readonly asked: number; readonly state: 'opening' } & Progress)
  | {
      readonly asked: number
      readonly state: 'ready'
      readonly turns: number
      readonly conversations: number
      /** By measure (ensembles/evaluation/measures.ts): of the ensemble as it is with the shop's costs, and of what is tried. */
      readonly figures: Readonly<Record<string, { readonly before: number | null; readonly now: number | null }>>
      /** What is tried less what was, for accuracy, abstention, wrongAnswers and costPer1000, both by the costs that are tried. */
      readonly differences: Readonly<Record<string, Estimate & { readonly isShown: boolean }>>
      /** Groups of ensembles/comparison/group.ts that there are. */
      readonly changed: readonly { readonly group: string; readonly turns: number; readonly examples: readonly TrialChange[] }[]
      /** The lines of parley.yaml that set these costs; null where none were tried. */
      readonly settings: string | null
      /** Processor time of the answer in milliseconds. */
      readonly ms: number
    }
/** The first twenty of a group. */
export interface TrialChange {
  readonly place: string
  readonly text: string
  readonly right: string | null
  readonly before: TrialSide
  readonly now: TrialSide
}
export interface TrialSide {
  readonly said: string | null
  readonly confidence: number
  readonly done: 'answered' | 'asked back' | 'handed over' | 'by rule'
}

// /v1/studio/labels?from=0&limit=20: GET gives a LabelPage. POST takes a LabelGiven and gives 204; POST /v1/studio/labels/undo takes a TurnNamed and takes
// back what the signed-in person said of the turn (204). /v1/studio/labels/agreement: GET gives AgreementView. Faults: LABEL_INVALID.

const Turn = { conversation: z.string().min(1).max(200), turn: z.int().min(1) }
export const TurnNamed = z.strictObject(Turn)
export type TurnNamed = z.infer<typeof TurnNamed>
/** `action` null: skipped, and not asked of this person again. */
export const LabelGiven = z.strictObject({ ...Turn, action: ActionName.nullable() })
export type LabelGiven = z.infer<typeof LabelGiven>

export interface LabelPage {
  readonly from: number
  /** Left for this person. */
  readonly total: number
  /** Labelled and skipped by this person. */
  readonly labelled: number
  readonly skipped: number
  /** When the log was read for it; null: it is being read, for the first time. */
  readonly readAt: number | null
  readonly progress: Progress | null
  readonly rows: readonly LabelRow[]
}
export interface LabelRow extends TurnNamed {
  readonly at: number
  readonly text: string
  readonly lang: 'zh' | 'en'
  readonly before: readonly { readonly who: 'customer' | 'shop' | 'agent'; readonly text: string }[]
  /** Turns with these words. */
  readonly times: number
  readonly why: readonly string[]
  /** What the bot took it for, and what it said. */
  readonly said: string
  readonly disposition: string
  readonly reply: string
  /** Best first; probabilities of all actions sum to 1. */
  readonly likely: readonly { readonly action: string; readonly p: number }[]
  readonly votes: readonly { readonly voter: string; readonly action: string | null; readonly confidence: number }[]
  /** What each voter, the prior and each signal added to the score of `said`; they sum to it. Empty where nothing was fused for it. */
  readonly shares: readonly { readonly what: string; readonly share: number }[]
}
export interface AgreementView {
  readonly people: readonly { readonly who: string; readonly labels: number }[]
  readonly pairs: readonly {
    readonly a: string
    readonly b: string
    readonly turns: number
    readonly agreed: number
    readonly kappa: Estimate
  }[]
  /** Two actions that people disagree about, the commonest first. */
  readonly disputes: readonly { readonly actions: readonly [string, string]; readonly turns: number }[]
  readonly disputed: readonly { readonly conversation: string; readonly turn: number; readonly said: Readonly<Record<string, string>> }[]
}

// /v1/studio/drift: GET gives DriftView; while it is worked out, what was known before.

export interface DriftView {
  /** When it was worked out; null: never. */
  readonly at: number | null
  readonly progress: Progress | null
  /** The oldest first; one without a turn is not there. */
  readonly weeks: readonly DriftWeek[]
  /** Starts of the weeks that the mix is held against. */
  readonly reference: readonly number[]
}
export interface DriftWeek {
  /** Its Monday by the shop's clock, as midnight UTC of that day: `new Date(start).toISOString().slice(0, 10)`. */
  readonly start: number
  readonly turns: number
  readonly shares: {
    readonly answered: number
    readonly askedBack: number
    readonly handedOver: number
    readonly byRule: number
    /** Taken back by an agent or the operator, and by the customer. */
    readonly takenBack: number
    readonly recalled: number
  }
  /** Null where no votes decided a turn. */
  readonly meanConfidence: number | null
  /** By voter: of the turns that it voted on, those on which its first vote is what was decided. */
  readonly voters: Readonly<Record<string, { readonly turns: number; readonly agreed: number }>>
  /** Shares of the actions, the commonest first. */
  readonly actions: readonly { readonly action: string; readonly share: number }[]
  /** Population stability index of the mix of actions against the reference; below 0.1 it is taken to be the same, above 0.25 another. Null of too few. */
  readonly stability: number | null
  readonly labelled: { readonly turns: number; readonly accuracy: Estimate; readonly calibrationError: Estimate } | null
}
