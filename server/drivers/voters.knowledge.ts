// The knowledge voter as a pool: in process, since a search costs a fraction of a millisecond (an encoder, where there is one, has its own thread). One pool has
// one library for its life; a shop whose articles change is given another.
import type { Ballot, VoterPool } from '@parley/core/ports/voters.ts'
import { answerIn, quotedOf } from '@parley/models/knowledge/answer.ts'
import type { Found, Library } from '@parley/models/knowledge/library.ts'

export function createKnowledgeVoters(library: Library): VoterPool {
  const info = { voter: 'knowledge', version: library.version }
  return {
    tier: 'model',
    voters: [info],
    async ask(question, cast, signal) {
      if (signal.aborted) return
      const started = performance.now()
      const found = await library.search(question.text, question.language, 2, signal).catch(() => undefined) // the ballot says so, and whoever runs the encoder's thread
      if (signal.aborted) return
      const ms = performance.now() - started
      if (!found) return cast({ ...info, abstained: true, reason: 'failed', votes: [], ms })
      const answer = answerIn(found)
      cast(answer ? { ...info, abstained: false, ...votesFor(answer), ms } : { ...info, abstained: true, reason: 'silent', votes: [], ms })
    },
    async close() {},
  }
}

/** A version as decisions name it. */
const SHORT = 12

function votesFor({ article, version, passage, confidence }: Found): Pick<Ballot, 'votes' | 'quotes'> {
  const { id, title, action, link } = article
  const quoted = quotedOf({ article, passage })
  const evidence = quoted.heading === undefined ? title : `${title} · ${quoted.heading}`
  return {
    votes: [{ action, confidence, evidence }],
    quotes: [{ action, article: id, version: version.slice(0, SHORT), title, ...quoted, ...(link !== undefined && { link }) }],
  }
}
