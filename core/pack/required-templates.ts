// Templates that belong to a disposition and not to an action. Every pack has them, in every locale.

/** Offers the likeliest actions. */
export const CLARIFY_TEMPLATE = 'clarify'
/** Says that a person takes over. */
export const HANDOFF_TEMPLATE = 'handoff'
/** Says that something went wrong on our side. */
export const TROUBLE_TEMPLATE = 'trouble'

export const REQUIRED_TEMPLATES = [CLARIFY_TEMPLATE, HANDOFF_TEMPLATE, TROUBLE_TEMPLATE] as const
