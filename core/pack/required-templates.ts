// Templates that belong to a disposition or to the dialogue itself and not to an action. Every pack has them, in every locale.

/** Offers the likeliest actions. */
export const CLARIFY_TEMPLATE = 'clarify'
/** Says that a person takes over. */
export const HANDOFF_TEMPLATE = 'handoff'
/** Says that something went wrong on our side. */
export const TROUBLE_TEMPLATE = 'trouble'

/** Says that the order whose number was given (`slots.order`) is not among the customer's. */
export const AGAIN_ORDER_TEMPLATE = 'again-order'
/** Says that nothing was done, since the customer did not want it. */
export const DECLINED_TEMPLATE = 'declined'
/** Answers with a passage (`source.text`) of an article (`source.title`) of the shop's. */
export const ARTICLE_TEMPLATE = 'article'
/** Names the other request of the same message (`options[0]`) and says that it comes next; follows a reply. */
export const ALSO_TEMPLATE = 'also'
/** Goes back to the request (`options[0]`) that was left for another; opens a reply. */
export const BACK_TEMPLATE = 'back'
/** Asks whether a person should take over, where an answer did not help; follows a reply. */
export const OFFER_PERSON_TEMPLATE = 'offer-person'
/** Says that the last message and its reply are taken back. */
export const RECALLED_TEMPLATE = 'recalled'
/** Says that there is nothing to take back. */
export const RECALLED_NOTHING_TEMPLATE = 'recalled-nothing'
/** Says that a person takes over and which place in line (`queue.position`) the conversation has. */
export const QUEUED_TEMPLATE = 'queued'
/** Says the place in line now to a customer who asks for a person once more. */
export const STILL_QUEUED_TEMPLATE = 'still-queued'
/** Says that a card's or an identity number was hidden and is not kept. */
export const NUMBERS_TEMPLATE = 'risk.numbers'

/** Says that systems (`sources`) do not answer, so that what the words would have told of is not known; follows a reply. A shop may lack it. */
export const SILENT_TEMPLATE = 'source-silent'
/** Says how old (`sources[0].minutes`) what was told is, since its systems do not answer; follows a reply. A shop may lack it. */
export const STALE_TEMPLATE = 'source-stale'

/** Notice: `agent` has joined and the assistant is silent. */
export const CLAIMED_TEMPLATE = 'notice.claimed'
/** Notice: `agent` has handed the conversation back to the assistant. */
export const RETURNED_TEMPLATE = 'notice.returned'
/** Notice: `agent` has ended the conversation. */
export const CLOSED_TEMPLATE = 'notice.closed'

export const REQUIRED_TEMPLATES = [
  CLARIFY_TEMPLATE,
  HANDOFF_TEMPLATE,
  TROUBLE_TEMPLATE,
  AGAIN_ORDER_TEMPLATE,
  DECLINED_TEMPLATE,
  ARTICLE_TEMPLATE,
  ALSO_TEMPLATE,
  BACK_TEMPLATE,
  OFFER_PERSON_TEMPLATE,
  RECALLED_TEMPLATE,
  RECALLED_NOTHING_TEMPLATE,
  QUEUED_TEMPLATE,
  STILL_QUEUED_TEMPLATE,
  NUMBERS_TEMPLATE,
  CLAIMED_TEMPLATE,
  RETURNED_TEMPLATE,
  CLOSED_TEMPLATE,
] as const

export const OPTIONAL_TEMPLATES = [SILENT_TEMPLATE, STALE_TEMPLATE] as const

/** The second wording of a template: what is said where its very words were just said and the customer asks again. A shop may lack it. */
export const againOf = (template: string): string => `${template}.again`
