// What a turn means where it was said: as an answer to the bot's open question, or as a request of its own. The voters have spoken about the words
// alone; here what was asked before is weighed with them. Pure: the same votes and the same frame give the same meaning.
import type { ActionId } from '@parley/plugin-sdk/vocabulary.ts'
import type { SlotEntry } from '../pack/pack.ts'
import type { Choice, Ranked } from '../ports/ensemble.ts'
import { type Found, findChoice, findSlot } from './find-slot.ts'
import type { Form, Frame, Pending, Question } from './frame.ts'
import { readYesNo } from './yes-no.ts'

export interface Understood {
  /** `plain`: by its own words. The others answer the open question, or `leave` it for another request. */
  readonly how: 'plain' | 'slot' | 'yes' | 'no' | 'chosen' | 'unanswered' | 'left'
  readonly action: ActionId
  readonly disposition: 'answer' | 'clarify' | 'handoff'
  /** Probability of `action`. */
  readonly confidence: number
  /** What `clarify` offers. */
  readonly options: readonly ActionId[]
  /** The request with the values known so far, also those of this turn. */
  readonly form: Form
  /** The form was begun in an earlier turn: what its action says at the start has been said. */
  readonly isContinued: boolean
  /** The customer has said yes to the form's effect. */
  readonly isConfirmed: boolean
  /** The open question, where this turn did not answer it. */
  readonly unanswered: Question | null
  readonly shelved: Question | null
}

export interface UnderstandParts {
  /** Normalised. */
  readonly text: string
  /** The decision by the words alone. */
  readonly choice: Choice
  readonly ranking: readonly Ranked[]
  readonly probabilities: Readonly<Record<ActionId, number>>
  readonly frame: Frame
  readonly slots: Readonly<Record<string, SlotEntry>>
  readonly actions: Readonly<Record<ActionId, { readonly slots: readonly string[]; readonly label: Readonly<Record<string, string>> }>>
  readonly alwaysPerson: readonly ActionId[]
  /** The template that the votes name for an action. */
  readonly templateFor: (action: ActionId) => string
}

/** How likely a message is the answer to a question about a slot: it is nothing but a value, has one in it, or has none. */
const FIT = { whole: 0.97, part: 0.4, none: 0.1 } as const
/** Least probability of AFFIRM or DENY that counts as a yes or a no. */
const SURE = 0.5
/** What is about the dialogue itself is no other topic. */
const ABOUT_DIALOGUE: ReadonlySet<ActionId> = new Set(['AFFIRM', 'DENY', 'THANKS', 'GREETING', 'OUT_OF_SCOPE'])
/** Says that what was begun is given up, beside something else. */
const GIVES_UP = /^(?:算了|不用了|不查了|不要了|不弄了|先不|不是|never ?mind|forget (?:it|that)|actually|no[, ]|scrap that|instead)/u

export function understand(parts: UnderstandParts): Understood {
  const { pending } = parts.frame
  return pending ? answer(pending, parts) : unasked(parts)
}

/** By its own words and what was spoken of: nothing was asked, or this is no answer. */
const unasked = (parts: UnderstandParts): Understood =>
  sameOfAnother(parts) ?? bareOrder(parts) ?? stillTopic(parts) ?? plain(parts, 'plain')

/** Around a thing that the same is asked about. */
const AND = /^(?:and|what about|how about|then|那么?|还有|另外)\s*|\s*(?:呢|咧|then)?[?？!！。.~\s]*$/gu

/** Nothing but a place in the list, or a number. Shorter ones may count anything. */
const PLACE = /^(?:(?:the )?(?:first|second|third|fourth|fifth)|第[一二三四五1-5])(?:个|单|件|订单| one| order)*$/u
const NUMBER = /^(?:订单号?|单号|order|number|no\.?|#|\s)*\d[\d-]{2,}(?:那|这|个|单|订单|的|\s)*$/u

/** Nothing but another order, where nothing is asked: the last question, about that one. */
function sameOfAnother(parts: UnderstandParts): Understood | undefined {
  const { topic } = parts.frame
  const slot = topic && parts.actions[topic.action]?.slots.find(name => parts.slots[name]?.kind === 'order')
  if (!topic || slot === undefined) return undefined
  const words = parts.text.replace(AND, '')
  const found = findSlot('order', words, topic.choices)
  if (!found || !(found.isName || PLACE.test(words) || NUMBER.test(words))) return undefined
  const asked = onAction('slot', topic.action, FIT.whole, parts)
  return { ...asked, form: { ...asked.form, slots: { ...asked.form.slots, [slot]: found.value } } }
}

/** The voters know what it is about. */
const isUnderstood = ({ choice }: UnderstandParts): boolean => choice.disposition === 'answer' && choice.action !== 'OUT_OF_SCOPE'

/** Nothing but the number of an order, out of the blue: how is it with that one? */
function bareOrder(parts: UnderstandParts): Understood | undefined {
  if (isUnderstood(parts) || !findSlot('order', parts.text, undefined)?.isWhole) return undefined
  // The first of the catalogue that needs an order and nothing else.
  const action = Object.keys(parts.actions).find(each => {
    const slots = parts.actions[each]?.slots ?? []
    return slots.length === 1 && parts.slots[slots[0] ?? '']?.kind === 'order'
  })
  return action === undefined ? undefined : onAction('plain', action, FIT.whole, parts)
}

/** In doubt, what is likeliest by its words and was spoken of a moment ago is what is meant: «and what day will it be here?» */
function stillTopic(parts: UnderstandParts): Understood | undefined {
  const { frame, choice, ranking } = parts
  const isDoubt = choice.disposition === 'clarify' || (choice.disposition === 'handoff' && !parts.alwaysPerson.includes(choice.action))
  const action = frame.topic?.action
  return isDoubt && action !== undefined && action === ranking[0]?.action ? onAction('plain', action, p(parts, action), parts) : undefined
}

function answer(pending: Pending, parts: UnderstandParts): Understood {
  switch (pending.kind) {
    case 'slot':
      return answerSlot(pending, parts)
    case 'confirm':
      return answerConfirm(pending, parts)
    case 'choose':
      return answerChoose(pending, parts)
    case 'next':
      return answerNext(pending, parts)
    case 'person':
      return answerPerson(pending, parts)
  }
}

function answerSlot(pending: Extract<Question, { kind: 'slot' }>, parts: UnderstandParts): Understood {
  const { text } = parts
  const slot = parts.slots[pending.slot]
  const found = slot && findSlot(slot.kind, text, pending.choices)
  const rival = rivalOf(parts, pending.form.action)
  // «Sorry, wrong number, it's 2024-881» takes nothing back: it brings the right one. And «glasses», said of what was offered, is nobody's alarm.
  const isCertain = found?.isName === true || (found !== undefined && rival?.action === 'RECALL_MESSAGE')
  if (!isCertain && isLeft(found ? (found.isWhole ? FIT.whole : FIT.part) : FIT.none, rival, parts)) return leave(pending, parts)
  if (found) return resume('slot', fill(pending.form, { ...slotsIn(parts), [pending.slot]: found.value }), parts)
  if (saysNo(parts)) return declined(pending.form, parts)
  return unanswered(pending, parts)
}

function answerConfirm(pending: Extract<Question, { kind: 'confirm' }>, parts: UnderstandParts): Understood {
  const { form } = pending
  const named = Object.entries(slotsIn(parts, true)).filter(([slot]) => form.slots[slot] !== undefined)
  const isCorrected = named.some(([slot, value]) => form.slots[slot] !== value)
  // Said once more as it stands («2024-881, three of them died, what do you pay?»): the question is put again, and nothing went wrong.
  const isRepeated = named.length > 0 && p(parts, form.action) >= SURE
  if (isCorrected || isRepeated) return resume('slot', fill(form, Object.fromEntries(named)), parts)
  if (saysYes(parts)) return { ...resume('yes', form, parts), isConfirmed: true }
  if (saysNo(parts)) return declined(form, parts)
  if (isLeft(FIT.none, rivalOf(parts, form.action), parts)) return leave(pending, parts)
  return unanswered(pending, parts)
}

function answerChoose({ options }: Extract<Question, { kind: 'choose' }>, parts: UnderstandParts): Understood {
  const choices = options.flatMap(action =>
    Object.values(parts.actions[action]?.label ?? {}).map(label => ({ label: label.toLowerCase(), text: action as string })),
  )
  // The ordinals count the options, the labels come in every locale.
  const byPlace = findChoice(
    parts.text,
    options.map(action => ({ label: '', text: action })),
  )
  const chosen = byPlace ?? findChoice(parts.text, choices)
  if (chosen) return onAction('chosen', chosen.value, 1, parts)
  if (saysNo(parts)) return { ...plain(parts, 'no'), disposition: 'clarify', action: options[0] ?? parts.choice.action, options: [] }
  // Said in other words: what was offered is likelier than it was.
  const best = options.reduce((a, b) => (p(parts, b) > p(parts, a) ? b : a), options[0] ?? parts.choice.action)
  const rival = rivalOf(parts, best)
  if (p(parts, best) * OFFERED > (rival?.p ?? 0) && p(parts, best) > 0.15) return onAction('chosen', best, p(parts, best), parts)
  return plain(parts, 'plain')
}
/** What was offered is this much likelier than its words alone say. */
const OFFERED = 3

function answerNext(pending: Extract<Question, { kind: 'next' }>, parts: UnderstandParts): Understood {
  const named = findChoice(
    parts.text,
    Object.values(parts.actions[pending.form.action]?.label ?? {}).map(label => ({ label, text: pending.form.action })),
  )
  if (saysYes(parts) || named?.isWhole) return onAction('chosen', pending.form.action, 1, parts)
  if (saysNo(parts)) return declined(pending.form, parts)
  return unasked(parts)
}

function answerPerson(pending: Extract<Pending, { kind: 'person' }>, parts: UnderstandParts): Understood {
  if (saysYes(parts) && parts.actions.HUMAN_AGENT) return { ...onAction('yes', 'HUMAN_AGENT', 1, parts), disposition: 'handoff' }
  if (saysNo(parts)) {
    const refused = declined({ action: 'DENY', slots: {}, template: '' }, parts)
    return pending.held ? { ...refused, unanswered: pending.held } : refused
  }
  return pending.held ? answer(pending.held, parts) : unasked(parts)
}

/** By its own words, whatever was asked. */
function plain(parts: UnderstandParts, how: Understood['how']): Understood {
  const { choice, frame } = parts
  return {
    how,
    action: choice.action,
    disposition: choice.disposition,
    confidence: choice.confidence,
    options: choice.options,
    form: formFor(choice.action, parts),
    isContinued: false,
    isConfirmed: false,
    unanswered: null,
    shelved: frame.shelved,
  }
}

const onAction = (how: Understood['how'], action: ActionId, confidence: number, parts: UnderstandParts): Understood => ({
  ...plain(parts, how),
  action,
  disposition: parts.alwaysPerson.includes(action) ? 'handoff' : 'answer',
  confidence,
  options: [],
  form: formFor(action, parts),
})

const resume = (how: 'slot' | 'yes', form: Form, parts: UnderstandParts): Understood => ({
  ...onAction(how, form.action, Math.max(FIT.whole, p(parts, form.action)), parts),
  form,
  isContinued: true,
})

const declined = (form: Form, parts: UnderstandParts): Understood => ({
  ...onAction('no', parts.actions.DENY ? 'DENY' : form.action, Math.max(SURE, p(parts, 'DENY')), parts),
  form,
  shelved: null,
})

const unanswered = (pending: Question & { readonly form: Form }, parts: UnderstandParts): Understood => ({
  ...onAction('unanswered', pending.form.action, p(parts, pending.form.action), parts),
  form: pending.form,
  isContinued: true,
  unanswered: pending,
})

/** Another request wins: the question is kept for later, unless the customer has given it up or the other request takes its values over. */
function leave(question: Question & { readonly form: Form }, parts: UnderstandParts): Understood {
  const { form } = question
  const rival = rivalOf(parts, form.action)
  const isOwn = parts.choice.action !== form.action && !ABOUT_DIALOGUE.has(parts.choice.action)
  const left = isOwn || !rival ? plain(parts, 'left') : onAction('left', rival.action, rival.p, parts)
  const isGivenUp = GIVES_UP.test(parts.text)
  const takesOver = parts.actions[left.action]?.slots.some(slot => parts.actions[form.action]?.slots.includes(slot)) ?? false
  return { ...left, shelved: isGivenUp || takesOver || left.disposition === 'handoff' ? null : question }
}

/**
 * Leaving costs less than staying. With `fit` the probability that the message answers the question and q that of the likeliest other action:
 * staying is wrong with (1 - fit)·q, leaving with fit + (1 - fit)·(1 - q), and a wrong answer costs the same either way.
 */
function isLeft(fit: number, rival: Rival | undefined, parts: UnderstandParts): boolean {
  if (!rival) return false
  // What a person must take at once is not asked to wait for an order's number.
  if (parts.alwaysPerson.includes(rival.action) && parts.choice.action === rival.action && parts.choice.disposition === 'handoff')
    return true
  return (1 - fit) * (2 * rival.p - 1) > fit
}

interface Rival {
  readonly action: ActionId
  readonly p: number
}

function rivalOf(parts: UnderstandParts, own: ActionId): Rival | undefined {
  const found = parts.ranking.find(({ action }) => action !== own && !ABOUT_DIALOGUE.has(action))
  return found && { action: found.action, p: p(parts, found.action) }
}

const p = ({ probabilities }: UnderstandParts, action: ActionId): number => probabilities[action] ?? 0

function saysYes(parts: UnderstandParts): boolean {
  const read = readYesNo(parts.text)
  return read === 'yes' || (read === null && p(parts, 'AFFIRM') >= SURE)
}

function saysNo(parts: UnderstandParts): boolean {
  const read = readYesNo(parts.text)
  return read === 'no' || (read === null && p(parts, 'DENY') >= SURE)
}

/** Every value that the words give by themselves; `isAsked` also takes what is clear only as an answer. */
function slotsIn({ text, slots }: UnderstandParts, isAsked = false): Record<string, string> {
  const found: Record<string, string> = {}
  for (const [name, { kind }] of Object.entries(slots)) {
    const value: Found | undefined = findSlot(kind, text, isAsked && kind !== 'text' ? [] : undefined)
    if (value) found[name] = value.value
  }
  return found
}

/** A request begun by this turn, with what its words give and, of what was said before, what it can take over. */
function formFor(action: ActionId, parts: UnderstandParts): Form {
  const own = parts.actions[action]?.slots ?? []
  const known = { ...carried(parts.frame, parts.slots), ...slotsIn(parts) }
  return {
    action,
    slots: Object.fromEntries(own.flatMap(slot => (known[slot] === undefined ? [] : [[slot, known[slot]]]))),
    template: parts.templateFor(action),
  }
}

/** An order goes with the customer from topic to topic; a count belongs to the request that it was given for. */
const carried = (frame: Frame, slots: UnderstandParts['slots']): Record<string, string> =>
  Object.fromEntries(Object.entries(frame.slots).filter(([slot]) => slots[slot]?.kind === 'order'))

const fill = (form: Form, values: Readonly<Record<string, string>>): Form => ({ ...form, slots: { ...form.slots, ...values } })
