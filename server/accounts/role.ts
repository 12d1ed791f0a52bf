// What a person does here, and where they sign in for it.

/** `supervisor`: an agent who may also put back what others have in hand. `data`: works with ensembles, at the studio alone. */
export const ROLES = ['agent', 'supervisor', 'data'] as const
export type Role = (typeof ROLES)[number]

export const PAGE_OF = { agent: '/desk', supervisor: '/desk', data: '/studio' } as const satisfies Readonly<Record<Role, string>>
