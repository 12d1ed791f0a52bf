// A service that answers turns with votes, as docs/remote-voters.md has it: the retailer's own engine, or whatever else reads a text and knows the
// shop's actions.
import type { ActionId } from '@parley/plugin-sdk/vocabulary.ts'
import { z } from 'zod'
import { type AskedTurn, type Dialect, malformed } from './dialect.ts'
import { GivenVotes, issueOf, knownVotes, sumOf } from './read-votes.ts'

export const PROTOCOL = 'parley-votes/1'

/** What is posted. */
export const VotesRequest = z.object({
  protocol: z.literal(PROTOCOL),
  turn: z.string().describe('Names the turn; the answer repeats it. Asked about again, the turn has the same name.'),
  text: z.string().describe('As the customer wrote it, several messages by lines. Card and identity numbers are hidden.'),
  language: z.enum(['zh', 'en']).describe('Of the text, as found out.'),
  locale: z.enum(['zh-CN', 'en']).describe('That the reply will have.'),
  actions: z.array(z.string()).describe("What can be voted for: the actions of the shop's catalogue."),
  articles: z
    .array(z.object({ title: z.string(), text: z.string() }))
    .describe("Passages of the shop's articles that may answer the text."),
})

export const VotesAnswer = z.object({
  turn: z.string().describe('That of the request.'),
  votes: GivenVotes.describe('None: it has nothing to say. No action twice; the confidences add up to at most 1.'),
  signals: z
    .object({
      mood: z.number().min(-1).max(1).optional().describe('-1 furious, 1 delighted.'),
      urgency: z.number().min(0).max(1).optional().describe('0 whenever, 1 now.'),
      handoff: z.number().min(0).max(1).optional().describe('How much this turn needs a person, whatever it is about.'),
    })
    .optional(),
  version: z.string().max(60).optional().describe('Of the service; the decision keeps it with the vote.'),
})

/** Both as JSON Schema, for who writes a service: docs/votes-protocol.schema.json, `parley voters schema`. */
export const votesSchema = (): object => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: PROTOCOL,
  $defs: { request: schemaOf(VotesRequest), answer: schemaOf(VotesAnswer) },
})

function schemaOf(schema: z.ZodType): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' })
  return rest
}

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
