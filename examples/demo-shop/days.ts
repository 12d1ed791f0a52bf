// Every date in the demo shop's database is a number of days from today (-3: three days ago), turned into a date only where it is told. So the
// shop stands still at its liveliest moment: an order that is delivered today is so next month as well, and no dialogue of the demo ever goes stale.

/** Days from today; negative is past. */
export type Day = number

/** `YYYY-MM-DD`. */
export function dateOf(day: Day, today: string): string {
  const date = new Date(`${today}T00:00:00Z`)
  date.setUTCDate(date.getUTCDate() + day)
  return date.toISOString().slice(0, 10)
}
