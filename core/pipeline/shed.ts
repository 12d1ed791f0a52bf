// What is given up under overload, in this order: work that no turn waits for and the second stage, then clauses and plugins, then the models but keyword; new messages last
// of all, by the engine, before they are acknowledged. What is shed abstains, and the decision's votes say so.
import type { VoterPool } from '../ports/voters.ts'

/** `none`: everybody is asked. `second`: no second stage. `plugins`: nor a plugin, nor a clause. `models`: the keyword voter alone. */
export type Shed = 'none' | 'second' | 'plugins' | 'models'

export interface Strain {
  /** Turns under way, and the most that may be. */
  readonly underWay: number
  readonly most: number
  /** How far the engine's thread is behind, in milliseconds. */
  readonly lagMs: number
}

/**
 * From when on things are given up: at a share of the most turns, or sooner where the thread is behind while so many are under way. A turn crosses the
 * thread some five times, so that its reply is late by five times the lag; the share alone would give up nothing before replies take a second, and
 * refuse nothing before they take several. Few
 * turns are no overload, whatever else holds the machine up.
 */
const FROM = {
  shadow: { share: 0.125, lagMs: 10, turns: 16 },
  plugins: { share: 0.25, lagMs: 25, turns: 32 },
  models: { share: 0.5, lagMs: 75, turns: 64 },
  messages: { share: 1, lagMs: 250, turns: 128 },
} as const

export const shedAt = (strain: Strain): Shed =>
  isOver(strain, FROM.models) ? 'models' : isOver(strain, FROM.plugins) ? 'plugins' : isOver(strain, FROM.shadow) ? 'second' : 'none'

/** Whether what no turn waits for is left out: a shadow's votes. */
export const isShadowShedAt = (strain: Strain): boolean => isOver(strain, FROM.shadow)

/** Whether a new message is refused: nothing else is left to give up. */
export const isRefusedAt = (strain: Strain): boolean => isOver(strain, FROM.messages)

const isOver = ({ underWay, most, lagMs }: Strain, from: (typeof FROM)[keyof typeof FROM]): boolean =>
  underWay >= most * from.share || (lagMs >= from.lagMs && underWay >= from.turns)

/** Who goes when, the keyword voter never. Clauses go with the plugins. */
const GIVEN_UP: Readonly<Record<Shed, readonly VoterPool['tier'][]>> = {
  none: [],
  second: ['second'],
  plugins: ['second', 'plugin'],
  models: ['second', 'plugin', 'model'],
}

export const isShed = (tier: VoterPool['tier'], shed: Shed): boolean => GIVEN_UP[shed].includes(tier)
