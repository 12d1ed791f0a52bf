// Votes that were worked out before, by what was said: who evaluates again, or goes on after a break, waits for none of them twice. A file a set of voters,
// named by their versions; a line a turn, appended whole, so that a kill takes no more than what was not written. Nothing in it says what a customer wrote.
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BallotView } from '@parley/core/pipeline/decision.ts'
import type { RecordedVotes } from '@parley/core/pipeline/replay.ts'
import type { Quote } from '@parley/core/ports/voters.ts'
import { sha256 } from '@parley/models/model-file.ts'

export interface VoteCache {
  /** Of a turn, by all that was said in its conversation so far. */
  find(said: readonly string[]): RecordedVotes | undefined
  keep(said: readonly string[], votes: RecordedVotes): void
  /** Brings what is new onto the disk. */
  flush(): void
}

/** So many are written at once. */
const AT_ONCE = 64
const KEY_LENGTH = 32

const keyOf = (said: readonly string[]): string => sha256(JSON.stringify(said)).slice(0, KEY_LENGTH)

/** `voters`: what names who votes, and how. */
export function openVoteCache(folder: string, voters: string): VoteCache {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = join(folder, `${sha256(voters).slice(0, KEY_LENGTH)}.jsonl`)
  const known = new Map<string, RecordedVotes>()
  if (existsSync(file)) for (const line of readFileSync(file, 'utf8').split('\n')) take(line)
  let fresh: string[] = []

  function take(line: string): void {
    try {
      const [key, votes] = JSON.parse(line) as [string, RecordedVotes] // as it was written below
      known.set(key, votes)
    } catch {
      // A line that was not written to its end: its turn is asked about again.
    }
  }
  function flush(): void {
    // A line of its own: what stands before it may have been broken off.
    if (fresh.length > 0) appendFileSync(file, `\n${fresh.join('\n')}\n`, { mode: 0o600 })
    fresh = []
  }
  return {
    find: said => known.get(keyOf(said)),
    keep(said, votes) {
      const bare = withoutWords(votes)
      known.set(keyOf(said), bare)
      fresh.push(JSON.stringify([keyOf(said), bare]))
      if (fresh.length >= AT_ONCE) flush()
    },
    flush,
  }
}

/** What a decision is made of, without what voters cite for their votes, and without what they are to remember: nobody is asked again. */
function withoutWords({ votes, clauseVotes, versions }: RecordedVotes): RecordedVotes {
  return {
    votes: votes.map(bareBallot),
    ...(clauseVotes && { clauseVotes: clauseVotes.map(ballots => ballots.map(bareBallot)) }),
    versions,
    facts: {},
  }
}

const bareBallot = ({ lookedUp: _lookedUp, quotes, votes, ...ballot }: BallotView): BallotView => ({
  ...ballot,
  votes: votes.map(({ evidence: _evidence, ...vote }) => vote),
  ...(quotes && { quotes: quotes.map(bareQuote) }),
})

const bareQuote = ({ action, article, version }: Quote): Quote => ({ action, article, version, title: '', text: '' })
