// A service that answers turns with votes, as docs/remote-voters.md has it: the retailer's own engine, or whatever else reads a text and knows the
// shop's actions.
import type { ActionId } from '@parley/plugin-sdk/vocabulary.ts'
import { z } from 'zod'
import { type AskedTurn, type Dialect, malformed } from './dialect.ts'
import { GivenVotes, issueOf, knownVotes, sumOf } from './read-votes.ts'

export const PROTOCOL = 'parley-votes/1'

/** What is posted. docs/votes-request.schema.json is made of it. */
export const VotesRequest = z.object({
  protocol: z.literal(PROTOCOL),
  /** Names the turn; the answer repeats it. */
  turn: z.string(),
  text: z.string(),
  language: z.enum(['zh', 'en']),
  locale: z.enum(['zh-CN', 'en']),
  /** What can be voted for. */
  actions: z.array(z.string()),
  /** Passages of the shop's articles that may answer it. */
  articles: z.array(z.object({ title: z.string(), text: z.string() })),
})

export const VotesAnswer = z.object({
  turn: z.string(),
  votes: GivenVotes,
  signals: z
    .object({
      mood: z.number().min(-1).max(1).optional(),
      urgency: z.number().min(0).max(1).optional(),
      handoff: z.number().min(0).max(1).optional(),
    })
    .optional(),
  /** Of the service: it stands in the decision beside the vote. */
  version: z.string().max(60).optional(),
})

export function votesService(url: URL, actions: readonly ActionId[]): Dialect {
  const known = new Set(actions)
  return {
    url,
    version: PROTOCOL,
    write: ({ turn, text, question, quotes }) =>
      JSON.stringify({
        protocol: PROTOCOL,
        turn,
        text,
        language: question.language,
        locale: question.locale,
        actions: [...actions],
        articles: quotes.map(quote => ({ title: quote.title, text: quote.text })),
      } satisfies z.infer<typeof VotesRequest>),
    read(body, { turn }: AskedTurn) {
      let value: unknown
      try {
        value = JSON.parse(body)
      } catch {
        return malformed('its answer is not JSON')
      }
      const answer = VotesAnswer.safeParse(value)
      if (!answer.success) return malformed(`its answer is not of the schema at ${issueOf(answer.error)}`)
      if (answer.data.turn !== turn) return malformed('its answer names another turn')
      const read = knownVotes(answer.data.votes, known)
      if (!read) return malformed('two votes are for one action')
      const sum = sumOf(answer.data.votes)
      if (sum > 1 + 1e-9) return malformed(`its confidences add up to ${sum.toFixed(2)}, more than 1`)
      const { signals, version: reported } = answer.data
      return {
        isWellFormed: true,
        ...read,
        ...(signals && { signals: given(signals) }),
        ...(reported !== undefined && { reported }),
      }
    },
  }
}

/** Without the fields that are not there. */
const given = (signals: NonNullable<z.infer<typeof VotesAnswer>['signals']>) =>
  Object.fromEntries(Object.entries(signals).filter(([, value]) => value !== undefined))
