// What is given up under overload, in this order: clauses and plugins, then the models but keyword; new messages last of all, by the engine, before
// they are acknowledged. What is shed abstains, and the decision's votes say so.
import type { VoterPool } from '../ports/voters.ts'

/** `none`: everybody is asked. `plugins`: no plugin and no clause. `models`: the keyword voter alone. */
export type Shed = 'none' | 'plugins' | 'models'

/** Shares of the most turns that may be under way, from which on things are given up. */
const FROM = { plugins: 0.25, models: 0.5 } as const

export const shedAt = (underWay: number, most: number): Shed =>
  underWay >= most * FROM.models ? 'models' : underWay >= most * FROM.plugins ? 'plugins' : 'none'

export const isShed = (tier: VoterPool['tier'], shed: Shed): boolean =>
  tier === 'keyword' ? false : tier === 'plugin' ? shed !== 'none' : shed === 'models'
