// A service elsewhere as a voter of the second stage: asked over HTTP within its budget, by its own deadline, and left alone while it keeps failing.
// What comes back is read with suspicion. Its worst is an abstention, and the wait for it.
import { createHash } from 'node:crypto'
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { maskNumbers } from '@parley/core/conversation/mask-numbers.ts'
import { Fault } from '@parley/core/faults.ts'
import type { Pack } from '@parley/core/pack/pack.ts'
import type { Clock } from '@parley/core/ports/clock.ts'
import { type Ballot, LATE, type Moment, NO_TURN, type VoterPool } from '@parley/core/ports/voters.ts'
import type { Question } from '@parley/plugin-sdk/vocabulary.ts'
import { lookupPublic } from '../outgoing/public-address.ts'
import { createBreaker } from '../remote-voters/breaker.ts'
import { createBudget } from '../remote-voters/budget.ts'
import type { AskedTurn, Dialect } from '../remote-voters/dialect.ts'
import { languageModel } from '../remote-voters/language-model.ts'
import { type Posted, postJson } from '../remote-voters/post-json.ts'
import type { RemoteVoter } from '../remote-voters/remote-voter.ts'
import { votesService } from '../remote-voters/votes-service.ts'
import { systemClock } from './clock.system.ts'

export type RemoteFault = Fault<'REMOTE_VOTER_TIMEOUT' | 'REMOTE_VOTER_FAILED' | 'REMOTE_VOTER_OFF'>

/** Each is optional; none may throw. */
export interface RemoteVoterObserver {
  /** What came of a request; a turn may take two. */
  onRequest?(outcome: 'answered' | 'failed' | 'late' | 'left-off'): void
  /** What a request has cost, as the service says, or as we estimate. */
  onTokens?(tokens: number): void
  /** The reason of an abstention that is not silence. */
  onFault?(fault: RemoteFault): void
  /** Votes for actions that the shop does not have. */
  onDropped?(count: number): void
  onOff?(forMs: number): void
  onBack?(): void
}

export interface RemoteVoterStanding {
  readonly voter: string
  readonly version: string
  readonly kind: RemoteVoter['kind']
  readonly host: string
  /** Milliseconds until it is tried again; absent where it is asked as ever. */
  readonly offForMs?: number
  readonly asked: number
  readonly answered: number
  readonly tokensToday: number
  /** Why it abstained last, other than by silence. */
  readonly lastFault?: string
}

export interface RemoteVoterPool extends VoterPool {
  standing(): RemoteVoterStanding
}

export interface RemoteVoterParts {
  readonly pack: Pick<Pack, 'actions' | 'phrases'>
  readonly observer?: RemoteVoterObserver
  readonly clock?: Clock
}

const dialectOf = ({ kind, url, model = '', parameters }: RemoteVoter, pack: RemoteVoterParts['pack']): Dialect =>
  kind === 'openai' ? languageModel({ base: url, model, parameters, pack }) : votesService(url, Object.keys(pack.actions))

/** Of a name that turned out to be one of the house. */
const PRIVATE = 'PRIVATE_ADDRESS'
const LOOKUP = lookupPublic(() => Object.assign(new Error(PRIVATE), { code: PRIVATE }))

type Asked = {
  readonly ballot: Pick<Ballot, 'abstained' | 'reason' | 'votes' | 'signals'>
  readonly fault?: RemoteFault
  readonly reported?: string
}

export function createRemoteVoter(settings: RemoteVoter, { pack, observer = {}, clock = systemClock }: RemoteVoterParts): RemoteVoterPool {
  const { voter, kind, url, key, isNamedHost, askBelow, deadlineMs, languages } = settings
  const dialect = dialectOf(settings, pack)
  const version = hashOf([kind, dialect.url.href, dialect.version, Object.keys(pack.actions)]).slice(0, 12)
  const info = { voter, version }
  const agent = new (dialect.url.protocol === 'https:' ? HttpsAgent : HttpAgent)({ keepAlive: true, maxSockets: settings.concurrent })
  const closing = new AbortController()
  const budget = createBudget({ ...settings, tokensPerDay: dialect.estimate ? settings.tokensPerDay : Number.POSITIVE_INFINITY }, clock)
  const breaker = createBreaker(clock, {
    off: forMs => observer.onOff?.(forMs),
    back: () => observer.onBack?.(),
  })
  const count = { asked: 0, answered: 0 }
  let lastFault: RemoteFault | undefined

  const abstained = (reason: NonNullable<Ballot['reason']>, fault?: RemoteFault): Asked => ({
    ballot: { abstained: true, reason, votes: [] },
    ...(fault && { fault }),
  })
  const failed = (reason: string): Asked => abstained('failed', new Fault('REMOTE_VOTER_FAILED', { voter, reason }))
  const off = (reason: string): Asked => abstained('off', new Fault('REMOTE_VOTER_OFF', { voter, reason }))

  async function ask(turn: AskedTurn, signal: AbortSignal): Promise<Asked> {
    for (;;) {
      if (!breaker.admits()) return off(`it is left alone for another ${Math.ceil((breaker.pausedMs() ?? 0) / 1_000)} s`)
      const refusal = budget.take()
      if (refusal !== undefined) {
        breaker.leftOff()
        return off(refusal)
      }
      count.asked++
      const body = dialect.write(turn)
      const posted = await post(body, signal).finally(budget.end)
      if (posted.type !== 'refused' || signal.aborted || !dialect.adapt?.(posted.status)) return settle(posted, body, turn, signal)
      observer.onRequest?.('failed')
      breaker.leftOff() // it is asked otherwise, at once
    }
  }

  const post = (body: string, signal: AbortSignal): Promise<Posted> =>
    postJson(body, { url: dialect.url, agent, signal, ...(key !== undefined && { key }), ...(!isNamedHost && { lookup: LOOKUP }) })

  function settle(posted: Posted, sent: string, turn: AskedTurn, signal: AbortSignal): Asked {
    const spend = (tokens: number | undefined): void => {
      if (tokens === undefined) return
      budget.spend(tokens)
      observer.onTokens?.(tokens)
    }
    const size = Buffer.byteLength(sent)
    if (signal.aborted) {
      spend(dialect.estimate?.(size)) // it may well work on for nothing, and is paid for it
      const isLate = signal.reason === LATE
      if (isLate) breaker.failed()
      else breaker.leftOff()
      observer.onRequest?.(isLate ? 'late' : 'left-off')
      return abstained('late', isLate ? new Fault('REMOTE_VOTER_TIMEOUT', { voter, ms: deadlineMs }) : undefined)
    }
    if (posted.type === 'answered') {
      const reading = dialect.read(posted.body, turn)
      spend(reading.tokens ?? dialect.estimate?.(size + Buffer.byteLength(posted.body)))
      if (reading.isWellFormed || reading.isOfText) breaker.answered()
      else breaker.failed()
      observer.onRequest?.(reading.isWellFormed ? 'answered' : 'failed')
      if (!reading.isWellFormed) return failed(reading.reason)
      count.answered++
      if (reading.dropped > 0) observer.onDropped?.(reading.dropped)
      const { votes, signals, reported } = reading
      return {
        ballot: {
          ...(votes.length > 0 ? { abstained: false, votes } : { abstained: true, reason: 'silent', votes }),
          ...(signals && { signals }),
        },
        ...(reported !== undefined && { reported }),
      }
    }
    observer.onRequest?.('failed')
    breaker.failed(posted.type === 'refused' ? posted.retryAfterMs : undefined)
    if (posted.type === 'refused') return failed(`it answers ${posted.status}`)
    return failed(posted.reason === PRIVATE ? 'its address is private, and voterHosts does not name it' : posted.reason)
  }

  return {
    tier: 'second',
    second: { askBelow, deadlineMs },
    voters: [info],
    async ask(question, cast, signal, moment = NO_TURN) {
      if (signal.aborted) return
      const began = clock.monotonic()
      const { ballot, fault, reported } = languages.includes(question.language)
        ? await ask(turnOf(question, moment), AbortSignal.any([signal, closing.signal]))
        : abstained('silent')
      if (fault) {
        lastFault = fault
        observer.onFault?.(fault)
      }
      cast({
        ...info,
        ...ballot,
        ...(reported !== undefined && { version: `${version} ${legible(reported)}` }),
        ms: clock.monotonic() - began,
      })
    },
    standing() {
      const offForMs = breaker.pausedMs()
      return {
        voter,
        version,
        kind,
        host: url.host,
        ...(offForMs !== undefined && { offForMs }),
        ...count,
        tokensToday: budget.tokensToday(),
        ...(lastFault && { lastFault: lastFault.message }),
      }
    },
    async close() {
      closing.abort('the server stops')
      agent.destroy()
    },
  }
}

function turnOf(question: Question, { turn, quotes = [] }: Moment): AskedTurn {
  return { turn: hashOf([turn, question.original]).slice(0, 32), text: maskNumbers(question.original).text, question, quotes }
}

const hashOf = (what: unknown): string => createHash('sha256').update(JSON.stringify(what)).digest('hex')

/** A stranger's word, to stand in a log: what versions are written with, and no more of it than that. */
const legible = (reported: string): string => reported.replace(/[^\w.:@/+ -]/g, '').slice(0, 60)
