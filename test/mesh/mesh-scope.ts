// Scopes that the tests ask in.
import { asCustomerId } from '@parley/core/ids.ts'
import type { Scope } from '@parley/mesh/upstream/scope.ts'
import { SHOP } from './questions.ts'

/** The shop's own people. */
export const FOR_SHOP: Scope = { shop: SHOP, customer: null, locale: 'en', sources: null }

export const forCustomer = (customer: string): Scope => ({ ...FOR_SHOP, customer: asCustomerId(customer) })
