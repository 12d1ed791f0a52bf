// Numbers and ids as an agent reads them at a glance. Pure; the words themselves are in strings.ts.

export type MoodWord = 'furious' | 'unhappy' | 'neutral' | 'pleased' | 'delighted'
export type TrendWord = 'falling' | 'rising'
export type UrgencyWord = 'urgent' | 'soon'

/** `mood`: -1 (furious) to 1 (delighted). */
export const moodWord = (mood: number): MoodWord =>
  mood <= -0.6 ? 'furious' : mood <= -0.2 ? 'unhappy' : mood < 0.25 ? 'neutral' : mood < 0.7 ? 'pleased' : 'delighted'

/** `trend`: -1 (growing angry) to 1. Undefined for a mood that stays about where it was. */
export const trendWord = (trend: number): TrendWord | undefined => (trend <= -0.3 ? 'falling' : trend >= 0.3 ? 'rising' : undefined)

/** `urgency`: 0 (whenever) to 1 (now). Undefined for what can wait: a mark on every row is a mark on none. */
export const urgencyWord = (urgency: number): UrgencyWord | undefined => (urgency >= 0.95 ? 'urgent' : urgency >= 0.7 ? 'soon' : undefined)

export interface SpanWords {
  seconds(n: number): string
  minutes(n: number): string
  hours(h: number, m: number): string
  days(n: number): string
}

/** How long something has lasted. A device whose clock is behind the shop's shows nothing negative. */
export function span(ms: number, words: SpanWords): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000))
  if (seconds < 60) return words.seconds(seconds)
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return words.minutes(minutes)
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? words.hours(hours, minutes % 60) : words.days(Math.floor(hours / 24))
}

/** The id of an action whose label has not been heard, in readable letters: `REFUND_STATUS` is `Refund status`. */
export function readable(id: string): string {
  const words = id.replaceAll(/[_-]+/g, ' ').toLowerCase()
  return words.charAt(0).toUpperCase() + words.slice(1)
}

export const percent = (share: number): string => `${Math.round(share * 100)} %`

/** With its sign, as it was added. */
export const signed = (amount: number): string => `${amount < 0 ? '−' : '+'}${Math.abs(amount).toFixed(2)}`
