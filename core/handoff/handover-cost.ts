// What it costs a shop to hand a turn to a person now: an agent's minutes, dearer at some hours and where many wait.

/** What an agent's time costs. */
export interface AgentCosts {
  /** Minutes of an agent that a handover takes. */
  readonly minutes: number
  /** What one of them costs, in the currency of the other costs. */
  readonly minute: number
  /** What a minute costs more from one full hour of the shop's day to another, not included; over midnight where `to` is no later than `from`. */
  readonly hours: readonly { readonly from: number; readonly to: number; readonly more: number }[]
  /** What a minute costs more while so many or more customers wait for a person. */
  readonly waiting: readonly { readonly from: number; readonly more: number }[]
}

export interface Moment {
  /** Of the shop's day, 0 to 23; null where it is not known, and then no hour is dearer than another. */
  readonly hour: number | null
  /** Customers of the shop that wait for a person. */
  readonly waiting: number
}

/** All that is added now adds up. */
export function handoverCost({ minutes, minute, hours, waiting }: AgentCosts, now: Moment): number {
  const added = [...hours.filter(({ from, to }) => isWithin(now.hour, from, to)), ...waiting.filter(({ from }) => now.waiting >= from)]
  return minutes * added.reduce((sum, { more }) => sum + more, minute)
}

const isWithin = (hour: number | null, from: number, to: number): boolean =>
  hour !== null && (from < to ? hour >= from && hour < to : hour >= from || hour < to)

/** The hour of the day in a time zone (IANA), of milliseconds since 1970. Throws a RangeError for a zone that is none. */
export function hourIn(timeZone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', hourCycle: 'h23', timeZone })
  return at => Number(format.format(at))
}
