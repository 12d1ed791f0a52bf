// Plans what is done with a turn that is understood: answer it, ask for what is missing, ask whether to go on, do it, hand it over; and what comes
// behind the answer: the other request of the message, the question that was left, the offer of a person. Pure.
import type { Locale } from '@parley/plugin-sdk/vocabulary.ts'
import { ALL } from '../dialogue/find-slot.ts'
import { courseWith, type Form, type Frame, type Pending, type Question } from '../dialogue/frame.ts'
import { isAngry, isOutOfPatience } from '../dialogue/patience.ts'
import type { PlannedEffect } from '../effects/effects.ts'
import {
  AGAIN_ORDER_TEMPLATE,
  ALSO_TEMPLATE,
  ARTICLE_TEMPLATE,
  againOf,
  BACK_TEMPLATE,
  CLARIFY_TEMPLATE,
  DECLINED_TEMPLATE,
  HANDOFF_TEMPLATE,
  NUMBERS_TEMPLATE,
  OFFER_PERSON_TEMPLATE,
  QUEUED_TEMPLATE,
  RECALLED_NOTHING_TEMPLATE,
  RECALLED_TEMPLATE,
  STILL_QUEUED_TEMPLATE,
} from '../pack/required-templates.ts'
import type { Disposition } from '../ports/ensemble.ts'
import type { Fact, OrderFact } from '../ports/mesh.ts'
import type { HandoffReason } from '../protocol/desk-message.ts'
import type { QuickReply } from '../protocol/server-message.ts'
import type { Shop } from './shop.ts'
import type { Enriched, Planned, Saying } from './turn.ts'

/** The heart of a plan, before anything is put behind it. */
interface Core {
  readonly disposition: Disposition
  readonly sayings: readonly [Saying, ...Saying[]]
  readonly form: Form
  /** What the words name as slots, where it is not what the form has: a number that was not found. */
  readonly named?: Readonly<Record<string, string>>
  readonly pending: Question | null
  /** This turn did not get the customer on. */
  readonly isMiss: boolean
  readonly effect?: PlannedEffect
  readonly recall?: number
  readonly facts?: Readonly<Record<string, Fact>>
}

/** `canDo` tells whether the shop has a provider for an effect. */
export function plan(turn: Enriched, shop: Shop, canDo: (effect: string) => boolean): Planned {
  const core = coreOf(turn, shop, canDo)
  const { frame, moods, question, understood } = turn
  const misses = core.isMiss ? frame.misses + 1 : 0
  const behind = followUps(core, turn, { misses, moods }, shop)
  const wait = core.disposition === 'handoff' ? waitOf(turn, shop) : null
  const slots = core.form.slots
  const next: Frame = {
    pending: behind.pending,
    shelved: behind.shelved,
    slots: { ...frame.slots, ...slots },
    ...topicOf(core, turn, shop),
    misses,
    course: courseWith(frame.course, understood.action),
    moods,
    said: frame.said,
    isPersonOffered: frame.isPersonOffered || behind.pending?.kind === 'person',
  }
  return {
    ...turn,
    facts: core.facts ?? turn.facts,
    understood: { ...understood, form: core.form },
    disposition: core.disposition,
    sayings: behind.sayings,
    slots: core.named ?? slots,
    quickReplies: quickRepliesFor(behind.pending, shop, question.locale),
    next,
    effect: core.effect ?? null,
    recall: core.recall ?? null,
    wait,
    place: wait && turn.placeFor(wait.urgency),
  }
}

/** An answer about one of several orders is the topic until something else is spoken of; courtesies leave it. */
function topicOf(core: Core, { facts, frame, understood }: Enriched, shop: Shop): Pick<Frame, 'topic'> {
  const orders = (valueIn(facts.orders) ?? []) as readonly OrderFact[] // as the port says
  const isAnswered = core.disposition === 'answer' && hasOrder(core.form, shop) && orders.length > 1
  if (isAnswered) return { topic: { action: core.form.action, choices: choicesOf(orders) } }
  const isCourtesy = SOCIAL.has(understood.action) || understood.action === 'AFFIRM'
  return frame.topic && isCourtesy ? { topic: frame.topic } : {}
}

const choicesOf = (orders: readonly OrderFact[]): QuickReply[] =>
  orders.map(({ number, items }) => ({ label: items[0] ? `${number} ${items[0].name}` : number, text: number }))

function coreOf(turn: Enriched, shop: Shop, canDo: (effect: string) => boolean): Core {
  const { understood } = turn
  const { form } = understood
  if (understood.disposition === 'handoff') {
    const sayings = [{ template: handoffTemplate(turn, shop) }] as const
    return { disposition: 'handoff', sayings, form, pending: null, isMiss: false }
  }
  if (understood.disposition === 'clarify') {
    const options = understood.options
    const sayings = [{ template: CLARIFY_TEMPLATE, options }] as const
    return { disposition: 'clarify', sayings, form, pending: options.length > 0 ? { kind: 'choose', options } : null, isMiss: true }
  }
  if (understood.how === 'no') return refused(turn, shop)
  if (understood.action === 'RECALL_MESSAGE') {
    const { recallTo } = turn
    const sayings = [{ template: recallTo === null ? RECALLED_NOTHING_TEMPLATE : RECALLED_TEMPLATE }] as const
    return { disposition: 'answer', sayings, form, pending: null, isMiss: false, ...(recallTo !== null && { recall: recallTo }) }
  }
  return fillForm(turn, shop, canDo)
}

/** The customer said no to what was asked. A question that the offer of a person had pushed aside is put again. */
function refused({ frame, understood }: Enriched, shop: Shop): Core {
  const { form, unanswered } = understood
  const own = frame.pending?.kind === 'confirm' ? DECLINED_TEMPLATE : (shop.actions[understood.action]?.template ?? DECLINED_TEMPLATE)
  const sayings: [Saying, ...Saying[]] = unanswered ? [{ template: own }, ...questionOf(unanswered, shop, true)] : [{ template: own }]
  return {
    disposition: unanswered ? 'ask_slot' : 'answer',
    sayings,
    form: unanswered && 'form' in unanswered ? unanswered.form : form,
    pending: unanswered,
    isMiss: false,
  }
}

/** Asks for what the action lacks, one slot at a time; then confirms its effect, or answers. */
function fillForm(turn: Enriched, shop: Shop, canDo: (effect: string) => boolean): Core {
  const { understood } = turn
  const entry = shop.actions[understood.form.action]
  if (!entry) throw new Error(`shop ${shop.id} has no action ${understood.form.action}`)
  const effect = entry.effect && canDo(entry.effect.do) ? entry.effect : undefined
  const orders = valueIn(turn.facts.orders) as readonly OrderFact[] | undefined // as the port says
  const settled = settleOrder(turn, shop, orders ?? [])
  const { form, facts } = settled
  const begin: Saying[] = understood.isContinued ? [] : [{ template: form.template }]
  // Before a question, and in place of an answer that knows nothing of the customer's own. What is done in the world has words of its own.
  const isQuoted = turn.quote !== null && !understood.isContinued && !effect && !areKnown(entry.facts, facts)
  const article: Saying[] = isQuoted ? [{ template: ARTICLE_TEMPLATE }] : []
  const ask = (slot: string, again: boolean, first?: string): Core => {
    const pending = slotQuestion(slot, form, turn, orders ?? [], again)
    const [question] = questionOf(pending, shop, again)
    const asking = first === undefined ? question! : { template: first } // a slot's question has one saying
    const sayings = startWith(effect ? begin : article, asking)
    return { disposition: 'ask_slot', sayings, form, pending, isMiss: again, facts }
  }
  if (understood.unanswered?.kind === 'slot') return ask(understood.unanswered.slot, true)
  if (settled.unknown !== undefined) {
    const asked = ask(settled.unknown, true, AGAIN_ORDER_TEMPLATE)
    // The words name the number that was not found; the form forgets it.
    return { ...asked, named: understood.form.slots }
  }
  for (const slot of entry.slots) {
    if (form.slots[slot] !== undefined) continue
    const kind = shop.slots[slot]?.kind
    // An order is asked for where there are several to choose from and a fact hangs on it; a count only where it is needed to do something.
    const isNeeded =
      kind === 'order'
        ? (orders?.length ?? 0) > 1 && (effect !== undefined || !areKnown(entry.facts, facts))
        : effect !== undefined && hasOrder(form, shop)
    // A customer who is known to have no order cannot name one.
    const isAsked = slot === turn.asked && !(kind === 'order' && orders?.length === 0)
    // Given just now and not kept (more than was bought): asked for again, in other words.
    const isRefused = understood.how === 'slot' && understood.form.slots[slot] !== undefined
    if (isNeeded || isAsked) return ask(slot, isRefused)
  }
  if (effect && entry.slots.every(slot => form.slots[slot] !== undefined)) {
    const planned: PlannedEffect = {
      do: effect.do,
      undo: effect.undo,
      done: effect.done,
      refused: effect.refused,
      promised: effect.promised,
      undone: effect.undone,
      slots: form.slots,
      locale: turn.question.locale,
    }
    if (understood.isConfirmed)
      return { disposition: 'answer', sayings: [{ template: effect.promised }], form, pending: null, isMiss: false, effect: planned, facts }
    const asked = turn.frame.pending?.kind === 'confirm' ? turn.frame.pending.asked + 1 : 1
    const sayings = startWith(begin, { template: effect.confirm })
    return {
      disposition: 'ask_slot',
      sayings,
      form,
      pending: { kind: 'confirm', form, asked },
      isMiss: understood.unanswered !== null,
      facts,
    }
  }
  const isMiss = understood.action === 'OUT_OF_SCOPE'
  return { disposition: 'answer', sayings: [article[0] ?? { template: form.template }], form, pending: null, isMiss, facts }
}

/**
 * The form with its order settled: the one order that the customer has, a number that is theirs, or none. `unknown` is the slot whose number is not
 * among the customer's orders.
 */
function settleOrder({ facts, understood }: Enriched, shop: Shop, orders: readonly OrderFact[]) {
  const { form } = understood
  const slot = shop.actions[form.action]?.slots.find(name => shop.slots[name]?.kind === 'order')
  if (slot === undefined) return { form, facts, unknown: undefined }
  const given = form.slots[slot]
  if (given === undefined) {
    const [only, ...others] = orders
    if (!only || others.length > 0) return { form, facts, unknown: undefined }
    // What is missing of the orders is missing of the one.
    const known = { ...facts, ...(facts.order && facts.orders && { order: { ...facts.orders, value: only } }) }
    return { form: withCount({ ...form, slots: { ...form.slots, [slot]: only.number } }, only, shop), facts: known, unknown: undefined }
  }
  const order = facts.order?.isKnown ? (facts.order.value as OrderFact | null) : orders.find(({ number }) => number === given) // as the port says
  if (order) return { form: withCount({ ...form, slots: { ...form.slots, [slot]: order.number } }, order, shop), facts, unknown: undefined }
  // Only an answer says that it is not theirs: a source that is dead says nothing.
  const isForeign = facts.order?.isKnown === true && order === null
  const { [slot]: _gone, ...others } = form.slots
  return isForeign ? { form: { ...form, slots: others }, facts, unknown: slot } : { form, facts, unknown: undefined }
}

/** «All of them» as a number; a count of more than was bought is asked for again. */
function withCount(form: Form, order: OrderFact, shop: Shop): Form {
  const slot = Object.keys(form.slots).find(name => shop.slots[name]?.kind === 'count')
  if (slot === undefined) return form
  const bought = order.items.reduce((sum, item) => sum + item.quantity, 0)
  if (form.slots[slot] === ALL) return { ...form, slots: { ...form.slots, [slot]: String(bought) } }
  const { [slot]: count, ...others } = form.slots
  return Number(count) > bought ? { ...form, slots: others } : form
}

const startWith = ([first, ...others]: readonly Saying[], last: Saying): [Saying, ...Saying[]] =>
  first ? [first, ...others, last] : [last]

const hasOrder = (form: Form, shop: Shop): boolean => Object.keys(form.slots).some(name => shop.slots[name]?.kind === 'order')

const valueIn = (fact: Fact | undefined): unknown => (fact?.isKnown ? fact.value : undefined)

const areKnown = (names: readonly string[], facts: Readonly<Record<string, Fact>>): boolean =>
  names.length > 0 && names.every(name => valueIn(facts[name]) !== undefined && valueIn(facts[name]) !== null)

function slotQuestion(slot: string, form: Form, { frame, understood }: Enriched, orders: readonly OrderFact[], again: boolean): Question {
  const before = frame.pending?.kind === 'slot' ? frame.pending : understood.unanswered?.kind === 'slot' ? understood.unanswered : undefined
  const choices = choicesOf(orders)
  const kept = before?.slot === slot && choices.length === 0 ? before.choices : choices
  const isOrder = kept.length > 0
  return { kind: 'slot', form, slot, asked: again && before?.slot === slot ? before.asked + 1 : 1, choices: isOrder ? kept : [] }
}

/** The words that put a question. */
function questionOf(question: Question, shop: Shop, again: boolean): Saying[] {
  switch (question.kind) {
    case 'slot': {
      const ask = shop.slots[question.slot]?.ask
      if (ask === undefined) return []
      return [{ template: (again ? shop.templates.resolve(againOf(ask)) : undefined) ?? ask }]
    }
    case 'confirm': {
      const confirm = shop.actions[question.form.action]?.effect?.confirm
      return confirm === undefined ? [] : [{ template: confirm }]
    }
    case 'choose':
      return [{ template: CLARIFY_TEMPLATE, options: question.options }]
    case 'next':
      return []
  }
}

interface Patience {
  readonly misses: number
  readonly moods: readonly number[]
}

/** What is put behind the answer; at most one question is left open. */
function followUps(core: Core, turn: Enriched, { misses, moods }: Patience, shop: Shop) {
  const { also, frame, isMasked, understood } = turn
  const warnings: Saying[] = [
    ...(isMasked ? [{ template: NUMBERS_TEMPLATE }] : []),
    ...turn.risks.flatMap(({ rule, template }) => (rule === 'warn' && template !== undefined ? [{ template }] : [])),
  ]
  const end = (sayings: readonly Saying[], pending: Pending | null, shelved: Question | null) => ({
    sayings: [...sayings, ...warnings] as [Saying, ...Saying[]], // every call gives the core's first saying or one in its place
    pending,
    shelved,
  })
  const { shelved } = understood
  if (core.disposition === 'handoff') return end(core.sayings, null, null)
  if (!frame.isPersonOffered && !turn.isQueued && isOutOfPatience(misses, moods) && shop.actions.HUMAN_AGENT && core.effect === undefined) {
    const offer = { template: OFFER_PERSON_TEMPLATE }
    const held = core.pending?.kind === 'choose' ? null : core.pending
    // A question that was not understood twice is not put a third time in the same breath.
    return end(core.isMiss && core.disposition !== 'answer' ? [offer] : [...core.sayings, offer], { kind: 'person', held }, shelved)
  }
  if (also !== null) {
    const other: Question = { kind: 'next', form: { action: also, slots: {}, template: shop.actions[also]?.template ?? '' } }
    const mention = { template: ALSO_TEMPLATE, options: [also] }
    if (core.pending === null) return end([...core.sayings, mention], other, shelved)
    return end([...core.sayings.slice(0, -1), mention, ...core.sayings.slice(-1)], core.pending, other)
  }
  // Who has just vented is not asked for an order's number in the same breath; the question waits for a calmer turn.
  const isDone = core.disposition === 'answer' && core.pending === null && !SOCIAL.has(understood.action) && !isAngry(moods.at(-1))
  if (shelved && isDone && 'form' in shelved) {
    const back = { template: BACK_TEMPLATE, options: [shelved.form.action] }
    return end([...core.sayings, back, ...questionOf(shelved, shop, false)], shelved, null)
  }
  // Who vents once more has not answered the offer of a person: it stays open.
  if (frame.pending?.kind === 'person' && isAngry(moods.at(-1)) && core.pending === null)
    return end(core.sayings, { kind: 'person', held: null }, shelved)
  return end(core.sayings, core.pending, shelved)
}
const SOCIAL: ReadonlySet<string> = new Set(['GREETING', 'THANKS', 'GOODBYE', 'RECALL_MESSAGE'])

function handoffTemplate(turn: Enriched, shop: Shop): string {
  const { understood } = turn
  const risk = turn.risks.find(({ rule }) => rule === 'handoff')
  if (risk?.template !== undefined) return risk.template
  const isForPerson = shop.situation.alwaysPerson.includes(understood.action)
  const isAskedFor = understood.action === 'HUMAN_AGENT'
  // What has words of its own (food safety) says them also to one who waits already.
  if (turn.isQueued && (isAskedFor || !isForPerson)) return STILL_QUEUED_TEMPLATE
  if (isAskedFor && turn.frame.pending?.kind === 'person') return QUEUED_TEMPLATE
  // An action that a person always takes has words of its own; one handed over out of doubt must not sound sure of what it is about.
  return isForPerson ? understood.form.template : HANDOFF_TEMPLATE
}

/** However a customer presses, the line is jumped for what an action or a risk is, not for how it is put. */
const MOST_BY_WORDS = 0.9

function waitOf(turn: Enriched, shop: Shop) {
  const { question, signals, understood } = turn
  const { mood, trend } = signals
  const entry = shop.actions[understood.action]
  const reason: HandoffReason = turn.risks.some(({ rule }) => rule === 'handoff')
    ? 'risk'
    : turn.frame.pending?.kind === 'person' && understood.how === 'yes'
      ? 'offered'
      : understood.action === 'HUMAN_AGENT'
        ? 'asked'
        : shop.situation.alwaysPerson.includes(understood.action)
          ? 'always'
          : 'doubt'
  return {
    reason,
    action: understood.action,
    urgency: Math.max(
      entry?.urgency ?? 0,
      Math.min(signals.urgency ?? 0, MOST_BY_WORDS),
      ...turn.risks.map(risk => risk.signals.urgency ?? 0),
    ),
    ...(mood !== undefined && { mood }),
    ...(trend !== undefined && { trend }),
    locale: question.locale,
  }
}

const YES_NO: Readonly<Record<Locale, readonly QuickReply[]>> = {
  'zh-CN': [
    { label: '好的', text: '好的' },
    { label: '不用了', text: '不用了' },
  ],
  en: [
    { label: 'Yes', text: 'Yes' },
    { label: 'No', text: 'No' },
  ],
}

function quickRepliesFor(pending: Pending | null, shop: Shop, locale: Locale): readonly QuickReply[] {
  const labelled = (action: string): QuickReply => {
    const label = shop.actions[action]?.label[locale] ?? action
    return { label, text: label }
  }
  switch (pending?.kind) {
    case undefined:
      return []
    case 'slot':
      return pending.choices
    case 'choose':
      return [...pending.options, ...(shop.actions.HUMAN_AGENT ? ['HUMAN_AGENT'] : [])].map(labelled)
    case 'next':
      return [labelled(pending.form.action)]
    case 'confirm':
    case 'person':
      return YES_NO[locale]
  }
}
