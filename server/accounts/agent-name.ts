// What an agent may be called, and when two names are the same one. Nothing invisible: two agents who look alike must be one name.
import { Fault } from '@parley/core/faults.ts'

const LONGEST = 40

/** The name as it is kept and shown. Faults: AGENT_INVALID. */
export function agentName(raw: string): string {
  const name = nameFrom(raw)
  if (name === undefined)
    throw new Fault('AGENT_INVALID', { path: 'name', reason: `a name has 1 to ${LONGEST} characters, all of them visible` })
  return name
}

/** The same, and undefined for what can be nobody's name. */
export function nameFrom(raw: string): string | undefined {
  const name = raw.normalize('NFKC').replace(/\s+/gu, ' ').trim()
  const length = [...name].length
  return length >= 1 && length <= LONGEST && !/\p{C}|\p{Default_Ignorable_Code_Point}/u.test(name) ? name : undefined
}

/** Names that fold to the same are the same. Upper case first: it alone brings `ß` and `ss`, and the two small sigmas, together. */
export const foldName = (name: string): string => name.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC')
