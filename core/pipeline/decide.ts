// Chooses what costs least, in the light of what the bot has asked before; finds the second request of a message that holds two.
import type { ActionId, Vote } from '@parley/plugin-sdk/vocabulary.ts'
import { MOODS, pastOf } from '../dialogue/frame.ts'
import { moodOf, trendOf } from '../dialogue/patience.ts'
import { understand } from '../dialogue/understand.ts'
import { ARTICLE_TEMPLATE } from '../pack/required-templates.ts'
import type { Choice, Ensemble, Fusion } from '../ports/ensemble.ts'
import type { Ballot, Quote } from '../ports/voters.ts'
import type { Shop } from './shop.ts'
import type { Decided, Fused } from './turn.ts'

export function decide(turn: Fused, shop: Shop, ensemble: Ensemble): Decided {
  const alone = ensemble.decide(turn.fusion, shop.situation)
  const requests = requestsOf(turn, alone, shop, ensemble)
  const choice = requests ? pressing(requests.main, alone, shop) : alone
  const understood = understand({
    text: turn.question.text,
    choice,
    ranking: turn.fusion.ranking,
    probabilities: turn.fusion.probabilities,
    frame: turn.frame,
    slots: shop.slots,
    actions: shop.actions,
    alwaysPerson: shop.situation.alwaysPerson,
    templateFor: action => namedTemplate(turn, action, shop) ?? defaultTemplate(shop, action),
  })
  const also = requests && understood.action === requests.main.action ? requests.also : null
  const risk = turn.risks.find(({ rule }) => rule === 'handoff')
  const asked = askedSlot(turn, understood.form.action, shop) ?? null
  const quote = quoteFor(turn, understood.form.action, shop)
  const { mood } = turn.fusion.signals
  const moods = mood === undefined ? turn.frame.moods : [...turn.frame.moods, moodOf(understood.how, mood)].slice(-MOODS)
  const trend = mood === undefined ? undefined : trendOf(moods)
  const signals = { ...turn.fusion.signals, ...(trend !== undefined && { trend }) }
  return {
    ...turn,
    choice,
    asked,
    quote,
    signals,
    moods,
    understood: risk ? { ...understood, disposition: 'handoff', unanswered: null } : understood,
    also,
  }
}

interface Request {
  readonly action: ActionId
  readonly p: number
}

/** Least probability of a clause's action that makes it a request of its own. */
const CLEAR = 0.8
/** Frames a request rather than being one. */
const NO_REQUEST: ReadonlySet<ActionId> = new Set([
  'OUT_OF_SCOPE',
  'GREETING',
  'THANKS',
  'GOODBYE',
  'AFFIRM',
  'DENY',
  'PRAISE',
  'COMPLAINT',
  'RECALL_MESSAGE',
])

/**
 * Two requests in one message: clauses that are clearly about different actions, of which the whole is one or is unsure. The more pressing one goes
 * first; where both press alike, the first written.
 */
function requestsOf({ clauseBallots, question, frame, fusion }: Fused, whole: Choice, shop: Shop, ensemble: Ensemble) {
  if (clauseBallots.length < 2) return undefined
  const found = new Map<ActionId, Request>()
  for (const ballots of clauseBallots) {
    const clause = ensemble.fuse(ballots, question.language, shop.situation.domain, pastOf(frame))
    const action = clause.ranking[0]?.action
    const p = action === undefined ? 0 : (clause.probabilities[action] ?? 0)
    if (action !== undefined && p >= CLEAR && !NO_REQUEST.has(action) && (found.get(action)?.p ?? 0) < p) found.set(action, { action, p })
  }
  const isSure = whole.disposition !== 'clarify' && !found.has(whole.action) && (fusion.probabilities[whole.action] ?? 0) >= CLEAR
  if (found.size < 2 || isSure) return undefined
  const weight = ({ action }: Request): number => (shop.situation.alwaysPerson.includes(action) ? 2 : (shop.actions[action]?.urgency ?? 0))
  const [main, also] = [...found.values()].sort((a, b) => weight(b) - weight(a)) // a stable sort: the first written stays first
  return main && also ? { main, also: also.action } : undefined
}

const pressing = ({ action, p }: Request, alone: Choice, shop: Shop): Choice =>
  action === alone.action && alone.disposition !== 'clarify'
    ? alone
    : { ...alone, action, disposition: shop.situation.alwaysPerson.includes(action) ? 'handoff' : 'answer', confidence: p, options: [] }

type Weighed = Pick<Fused, 'ballots'> & { readonly fusion: Fusion }

/** Of the votes for the action that name a template of this shop, the weightiest one's. */
const namedTemplate = (turn: Weighed, action: ActionId, shop: Shop): string | undefined =>
  weightiest(turn, action, vote => templateIn(vote, shop))

/** What quotes an article is no vote's to name: it takes a source. */
function templateIn({ template }: Vote, shop: Shop): string | undefined {
  const resolved = template === undefined ? undefined : shop.templates.resolve(template)
  return resolved === ARTICLE_TEMPLATE ? undefined : resolved
}

/** The quote of the weightiest vote for the action; none where one that names a template weighs more. */
function quoteFor(turn: Weighed, action: ActionId, shop: Shop): Quote | null {
  const found = weightiest<Quote | 'template'>(
    turn,
    action,
    (vote, { quotes }) => quotes?.find(quote => quote.action === action) ?? (templateIn(vote, shop) === undefined ? undefined : 'template'),
  )
  return found === undefined || found === 'template' ? null : found
}

/** Of the votes for the action that ask for a slot of it, the weightiest one's. */
const askedSlot = (turn: Weighed, action: ActionId, shop: Shop): string | undefined =>
  weightiest(turn, action, ({ ask }) => (ask !== undefined && shop.actions[action]?.slots.includes(ask) ? ask : undefined))

/** What `pick` takes of the vote for the action that adds most to its score, of those that it takes something of. */
function weightiest<T>(turn: Weighed, action: ActionId, pick: (vote: Vote, ballot: Ballot) => T | undefined): T | undefined {
  const share = new Map(turn.fusion.breakdown.filter(s => s.action === action).map(s => [s.voter, s.share]))
  let best: { readonly share: number; readonly picked: T } | undefined
  for (const ballot of turn.ballots) {
    for (const vote of ballot.votes) {
      const picked = vote.action === action ? pick(vote, ballot) : undefined
      const weight = share.get(ballot.voter) ?? 0
      if (picked !== undefined && weight > 0 && (!best || weight > best.share)) best = { share: weight, picked }
    }
  }
  return best?.picked
}

function defaultTemplate(shop: Shop, action: ActionId): string {
  const entry = shop.actions[action]
  if (!entry) throw new Error(`the ensemble chose ${action}, which shop ${shop.id} does not have`)
  return entry.template
}
