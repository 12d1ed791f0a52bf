// The words that a voter uses. Everything here is plain data: it crosses a process boundary as JSON.

/** An entry of the shop's catalogue, such as `COMPENSATE`. Ids are stable; a shop may add its own. Upper case, digits, underscore. */
export type ActionId = string

/** A value that an action of the shop's catalogue needs, such as `order`. */
export type SlotId = string

/** What a customer may write in. A turn's locale picks the template; its language picks the models. */
export type Locale = 'zh-CN' | 'en'
export type Language = 'zh' | 'en'

/** One voter's opinion that the turn is about `action`. A voter gives none to a few of them. */
export interface Vote<A extends ActionId = ActionId, S extends SlotId = SlotId> {
  readonly action: A
  /** Probability that the action is right, 0 to 1. Confidences of one voter's votes on one turn sum to at most 1. */
  readonly confidence: number
  /** A template of the shop or an alias of one; one that does not exist there is ignored. */
  readonly template?: string
  /** Why, for a person to read: at most 500 characters. */
  readonly evidence?: string
  /** A slot of the action: where the action wins and has no value for it yet, the customer is asked. */
  readonly ask?: S
}

/** Numbers about the turn that are no vote. Each is optional; each lies within the range given. */
export interface Signals {
  /** -1 (furious) to 1 (delighted). */
  readonly mood?: number
  /** 0 (whenever) to 1 (now). */
  readonly urgency?: number
  /** 0 to 1: how much this turn needs a person, whatever it is about. */
  readonly handoff?: number
}

/** What a voter is asked. `text` is normalised (see `core/pipeline/normalise.ts`); `original` is as the customer wrote it. */
export interface Question {
  readonly text: string
  readonly original: string
  readonly language: Language
  readonly locale: Locale
}
