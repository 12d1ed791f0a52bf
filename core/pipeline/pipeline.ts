// A turn's way from the customer's words to the reply: normalise, ask, ask a second stage where there is doubt, fuse, decide,
// enrich, plan, render. A function of calls and returns; no stage
// throws on odd text, and no voter or source can fail a turn.
import type { Clock } from '../ports/clock.ts'
import type { Effects } from '../ports/effects.ts'
import type { Ensemble } from '../ports/ensemble.ts'
import type { Graph } from '../ports/graph.ts'
import type { Mesh } from '../ports/mesh.ts'
import { askSecond, isSecond } from './ask-second.ts'
import { askVoters } from './ask-voters.ts'
import { decide } from './decide.ts'
import type { RecordedDecision } from './decision.ts'
import { enrich } from './enrich.ts'
import { fuse } from './fuse.ts'
import { normalise } from './normalise-turn.ts'
import { plan } from './plan.ts'
import { pricedFor } from './price-handover.ts'
import { record } from './record.ts'
import { render } from './render.ts'
import type { Shed } from './shed.ts'
import type { Shop } from './shop.ts'
import type { Polled, Received } from './turn.ts'

/** Milliseconds, each counted from the start of its stage; `turn` from the start of the whole. */
export interface Deadlines {
  readonly voters: number
  readonly mesh: number
  /** How long a reply waits for its effect before it promises. */
  readonly effect: number
  readonly turn: number
}

/** What the stages touch the world with. */
export interface Stages {
  readonly mesh: Mesh
  readonly effects: Effects
  /** What voters look up; without it everything that they ask for is missing. */
  readonly graph?: Pick<Graph, 'query'>
  readonly clock: Clock
  readonly deadlines: Deadlines
  /** What is given up for the time being. */
  readonly shed?: Shed
}

/** Works a turn out. `signal` (a shutdown, say) makes late voters and sources abstain at once; the turn is still decided. */
export async function workOut(received: Received, atAllTimes: Shop, stages: Stages, signal: AbortSignal): Promise<RecordedDecision> {
  const started = stages.clock.monotonic()
  const shop = pricedFor(atAllTimes, received)
  const ensemble = shop.ensemble(received.conversation)
  const pools = shop.pools()
  const first = pools.filter(pool => !isSecond(pool))
  const polled = await askVoters(normalise(received, shop), first, stages, signal)
  const heard = await askSecond(polled, pools.filter(isSecond), shop, ensemble, stages, signal)
  return conclude(heard, shop, ensemble, stages, signal, started)
}

/** What is made of the votes. `shop` with its costs of the moment; `started` by the stages' clock. */
export async function conclude(
  heard: Polled,
  shop: Shop,
  ensemble: Ensemble,
  stages: Stages,
  signal: AbortSignal,
  started: number,
): Promise<RecordedDecision> {
  const enriched = await enrich(decide(fuse(heard, shop, ensemble), shop, ensemble), shop, stages, signal)
  const planned = plan(enriched, shop, effect => stages.effects.has(shop.id, effect))
  return record(render(planned, shop), shop, ensemble.version, stages.clock.monotonic() - started)
}
