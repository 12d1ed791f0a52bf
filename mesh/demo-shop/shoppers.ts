// Which of the shop's customers is asking.
import { createHash } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'

/**
 * The shop's own id of a customer; undefined for who is none. With `adopts` a stranger is taken for one of the drawn customers, always the same one,
 * so that a visitor of the demo has orders to ask about. Two visitors may be taken for the same: it is for demos alone.
 */
export type FindShopper = (customer: string) => string | undefined

export function createFindShopper(database: DatabaseSync, adopts: boolean): FindShopper {
  const byId = database.prepare('SELECT id FROM customers WHERE id = ?')
  const byPlace = database.prepare('SELECT id FROM customers WHERE place = ?')
  // Casts: each statement gives the columns that it names, and the tables are strict.
  const { drawn } = database.prepare('SELECT count(place) AS drawn FROM customers').get() as { readonly drawn: number }
  return customer => {
    const known = byId.get(customer) as { readonly id: string } | undefined
    if (known || !adopts) return known?.id
    const place = createHash('sha256').update(customer).digest().readUInt32LE() % drawn
    return (byPlace.get(place) as { readonly id: string }).id
  }
}
