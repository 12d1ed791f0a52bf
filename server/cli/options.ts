// What several commands take.
import { type Command, InvalidArgumentError, Option } from 'commander'

/** Exit status of a command that was used wrongly. */
export const WRONG_USE = 2

/** Ends the command: says what is wrong with how it was used. */
export const wrongUse = (command: Command) => (message: string) => command.error(`parley: ${message}`, { exitCode: WRONG_USE })

export const seqOption = (text: string): number => {
  const value = Number(text)
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('a place in a conversation is a whole number from 0')
  return value
}
const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }
/** Milliseconds. */
export const timeBack = (text: string): number => {
  const [, count, unit] = /^(\d{1,5})([mhd])$/.exec(text) ?? []
  if (count === undefined || unit === undefined)
    throw new InvalidArgumentError('a time is a number of minutes, hours or days: 30m, 24h, 7d')
  return Number(count) * UNITS[unit]!
}
export const serverUrl = new Option('--url <url>', 'where the server is').default(`http://127.0.0.1:${process.env.PORT || 8080}`)
export const shopOfConversation = new Option('--shop <shop>', 'shop of the conversation').default('demo')
