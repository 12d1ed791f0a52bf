// The keyword voter as a pool: in process, since a vote costs some microseconds.
import { createHash } from 'node:crypto'
import type { Phrases } from '@parley/core/pack/pack.ts'
import type { VoterPool } from '@parley/core/ports/voters.ts'
import { createKeywordVoter, type Learned } from '@parley/models/keyword/keyword-voter.ts'

/** Phrases by locale, as a pack has them, and those that were learned; the version is their hash. Faults: PACK_INVALID for a phrase that is blank. */
export function createKeywordVoters(phrases: Readonly<Record<string, Phrases>>, learned: Learned = {}): VoterPool {
  const keyword = createKeywordVoter(phrases, learned)
  const said = JSON.stringify([phrases, learned])
  const info = { voter: 'keyword', version: createHash('sha256').update(said).digest('hex').slice(0, 12) }
  return {
    tier: 'keyword',
    voters: [info],
    async ask(question, cast, signal) {
      if (signal.aborted) return
      const started = performance.now()
      const votes = keyword.vote(question.text)
      const ms = performance.now() - started
      cast(votes.length === 0 ? { ...info, abstained: true, reason: 'silent', votes, ms } : { ...info, abstained: false, votes, ms })
    },
    async close() {},
  }
}
