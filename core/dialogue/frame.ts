// Where a dialogue stands between two turns: what the bot has asked and waits for, what is known, what did not work out. A decision records the
// frame that it leaves behind, so that folding it is taking it over, and a rollback brings back the one of before.
import type { ActionId } from '@parley/plugin-sdk/vocabulary.ts'
import type { Past } from '../ports/ensemble.ts'
import type { QuickReply } from '../protocol/server-message.ts'

/** A request that is being filled in. */
export interface Form {
  readonly action: ActionId
  /** Filled so far. */
  readonly slots: Readonly<Record<string, string>>
  /** The template that the votes named when it began. */
  readonly template: string
}

/** The bot's open question. `asked` counts how often it was put in a row. */
export type Question =
  | { readonly kind: 'slot'; readonly form: Form; readonly slot: string; readonly asked: number; readonly choices: readonly QuickReply[] }
  /** Shall the form's effect be done? */
  | { readonly kind: 'confirm'; readonly form: Form; readonly asked: number }
  /** Which of these was meant? */
  | { readonly kind: 'choose'; readonly options: readonly ActionId[] }
  /** Shall we go on with the other request of the same message? */
  | { readonly kind: 'next'; readonly form: Form }

export type Pending =
  | Question
  /** Shall a person take over? If not, the question `held` is open again. */
  | { readonly kind: 'person'; readonly held: Question | null }

export interface Topic {
  readonly action: ActionId
  readonly choices: readonly QuickReply[]
}

export interface Course {
  readonly turns: number
  readonly action: ActionId
  readonly repeats: number
}

export interface Frame {
  readonly pending: Pending | null
  /** A question that was left for another topic, or the other request of a message: it comes back when that is done. */
  readonly shelved: Question | null
  /** Values that the customer gave in this dialogue; another topic that asks for the same takes them over. */
  readonly slots: Readonly<Record<string, string>>
  /** What was last answered about an order, and the orders that there were: «and the crabs?» asks the same about another one. */
  readonly topic?: Topic
  /** Turns in a row that did not get the customer on. */
  readonly misses: number
  /** Turns decided so far, what the last one was about, and how often in a row that had been asked before it; absent before the first. */
  readonly course?: Course
  /** Mood of the last turns, oldest first, at most `MOODS`. */
  readonly moods: readonly number[]
  /** What was said, newest last: hashes of the last replies, so that none is given twice in the same words. */
  readonly said: readonly string[]
  /** A person is offered once. */
  readonly isPersonOffered: boolean
}

export const MOODS = 5

export const emptyFrame: Frame = {
  pending: null,
  shelved: null,
  slots: {},
  misses: 0,
  moods: [],
  said: [],
  isPersonOffered: false,
}

/** With a turn more, that was about `action`. */
export const courseWith = (course: Course | undefined, action: ActionId): Course => ({
  turns: (course?.turns ?? 0) + 1,
  action,
  repeats: course?.action === action ? course.repeats + 1 : 0,
})

/** What the votes on the next turn are fused with. */
export const pastOf = ({ course, misses, moods }: Frame): Past => ({
  turns: course?.turns ?? 0,
  repeats: course?.repeats ?? 0,
  misses,
  ...(moods.length > 0 && { mood: moods.reduce((sum, mood) => sum + mood, 0) / moods.length }),
})
