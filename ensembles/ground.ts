// What an ensemble's file says of a shop's actions, worked out once: its priors, and how each voter is read.
import type { ActionId, Language } from '@parley/plugin-sdk/vocabulary.ts'
import type { Knot } from './calibrate.ts'
import { type EnsembleFile, entryOf } from './ensemble-file.ts'
import { SIGNALS, type SignalName } from './signals.ts'

/** Arrays are in the order of the domain. */
export interface Ground {
  readonly domain: readonly ActionId[]
  readonly floor: number
  readonly prior: Float64Array
  readonly logPrior: Float64Array
  /** Logarithms of the prior of live traffic. */
  readonly scores: Float64Array
  readonly index: ReadonlyMap<ActionId, number>
  readonly signals: readonly { readonly name: SignalName; readonly weights: Float64Array }[]
  /** Null where it has no entry. */
  heardOf(voter: string): Heard | null
}

export interface Heard {
  readonly entry: EnsembleFile['voters'][string]
  /** By action; undefined where all are 1. */
  readonly factors: Float64Array | undefined
  readonly reading: Readonly<Record<Language, Reading>>
}

/** How what a voter says becomes a distribution. */
export interface Reading {
  readonly knots: readonly Knot[]
  readonly temperature: number
  readonly left: Left
  /** In its place by the action of the surest vote. */
  readonly mistakes: ReadonlyMap<ActionId, Left>
}

/** Where what is left unnamed goes. */
export interface Left {
  readonly rest: Float64Array
  /** The same to the power of 1/temperature. */
  readonly raised: Float64Array
  /** Logarithms of that over the prior. */
  readonly logs: Float64Array
}

/** Of the domain that was asked for last: a shop has one for its life. */
const grounds = new WeakMap<EnsembleFile, Ground>()

export function groundOf(file: EnsembleFile, domain: readonly ActionId[]): Ground {
  const known = grounds.get(file)
  if (known?.domain === domain) return known
  const prior = priorOf(file, domain)
  const ofTraffic = Object.keys(file.priorOfTraffic).length > 0 ? priorOf({ prior: file.priorOfTraffic }, domain) : prior
  const heard = new Map<string, Heard | null>()
  const ground: Ground = {
    domain,
    floor: file.floor,
    prior,
    logPrior: prior.map(Math.log),
    scores: ofTraffic.map(Math.log),
    index: new Map(domain.map((action, i) => [action, i])),
    signals: SIGNALS.flatMap(name => {
      const given = file.signals[name]
      return given ? [{ name, weights: Float64Array.from(domain, action => given[action] ?? 0) }] : []
    }),
    heardOf(voter) {
      const found = heard.get(voter)
      if (found !== undefined) return found
      const made = heardAs(entryOf(file, voter), domain, prior)
      heard.set(voter, made)
      return made
    },
  }
  grounds.set(file, ground)
  return ground
}

function heardAs(entry: EnsembleFile['voters'][string] | undefined, domain: readonly ActionId[], prior: Float64Array): Heard | null {
  if (!entry) return null
  const isEven = domain.every(action => (entry.actions[action] ?? 1) === 1)
  const rest = restOver(entry.rest, domain, prior)
  const mistakes = mistakesOver(entry.mistakes, domain, rest)
  const of = (language: Language): Reading => readingOf(entry.calibration[language], entry.temperature[language], rest, mistakes, prior)
  return {
    entry,
    factors: isEven ? undefined : Float64Array.from(domain, action => entry.actions[action] ?? 1),
    reading: { zh: of('zh'), en: of('en') },
  }
}

/** `rest` and `mistakes` as `restOver` and `mistakesOver` give them. */
export function readingOf(
  knots: readonly Knot[],
  temperature: number,
  rest: Float64Array,
  mistakes: ReadonlyMap<ActionId, Float64Array>,
  prior: Float64Array,
): Reading {
  const left = (by: Float64Array): Left => {
    const raised = temperature === 1 ? by : by.map(p => p ** (1 / temperature))
    return { rest: by, raised, logs: raised.map((p, i) => Math.log(p / prior[i]!)) } // one for each action
  }
  return { knots, temperature, left: left(rest), mistakes: new Map([...mistakes].map(([action, by]) => [action, left(by)])) }
}

export const mistakesOver = (
  mistakes: Readonly<Record<ActionId, EnsembleFile['prior']>>,
  domain: readonly ActionId[],
  rest: Float64Array,
): ReadonlyMap<ActionId, Float64Array> => new Map(Object.entries(mistakes).map(([action, by]) => [action, restOver(by, domain, rest)]))

/** The prior over the domain: named actions as given, the rest evenly, renormalised over what the shop has. */
export function priorOf({ prior }: Pick<EnsembleFile, 'prior'>, domain: readonly ActionId[]): Float64Array {
  const unnamed = domain.filter(action => prior[action] === undefined).length
  const left = 1 - Object.values(prior).reduce((sum, p) => sum + p, 0)
  const raw = Float64Array.from(domain, action => prior[action] ?? left / unnamed)
  const total = raw.reduce((sum, p) => sum + p, 0)
  return raw.map(p => p / total)
}

/** What a voter leaves unnamed, over the domain: named actions as given, the others what is left, by the prior; renormalised. */
export function restOver(rest: EnsembleFile['prior'], domain: readonly ActionId[], prior: Float64Array): Float64Array {
  if (Object.keys(rest).length === 0) return prior
  const left = Math.max(0, 1 - Object.values(rest).reduce((sum, p) => sum + p, 0))
  const others = domain.reduce((sum, action, i) => (rest[action] === undefined ? sum + prior[i]! : sum), 0) // one an action, here and below
  const raw = Float64Array.from(domain, (action, i) => rest[action] ?? (left * prior[i]!) / others)
  const total = raw.reduce((sum, p) => sum + p, 0)
  return raw.map(p => p / total)
}
