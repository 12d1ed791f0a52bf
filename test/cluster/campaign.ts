// Rounds of one fault over one house of nodes under load: it strikes at a moment drawn by seed, is undone, and all must be served again. Afterwards every
// message is looked for.
import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createRandom } from '../random.ts'
import { checkNodes, type Found, settled, shownByNodes } from './check-nodes.ts'
import { FAULTS, type Fault, type FaultTitle, mend, OF_DAMAGE, type Scene } from './faults.ts'
import { openHouse } from './house-of-nodes.ts'
import { createLoad, type Load } from './load.ts'
import type { NatsNetwork } from './nats-network.ts'

export interface CampaignSettings {
  readonly fault: FaultTitle
  readonly rounds: number
  readonly seed: number
  readonly nodes?: number
  readonly network?: NatsNetwork
  /** What happens, line by line. */
  readonly note?: (line: string) => void
}

export interface Row extends Found {
  readonly fault: string
  readonly rounds: number
  readonly seed: number
  /** By round: the longest that anything said waited for its acknowledgement, in seconds. */
  readonly withoutService: readonly number[]
}

const CUSTOMERS = 8
const AGENTS = 2
/** A round that is not over by then never ends: who waits, and for what, is then said. */
const ROUND_MS = 120_000
const CLOCK = fileURLToPath(new URL('clock-that-jumps.mjs', import.meta.url))

export async function playCampaign({ fault: title, rounds, seed, nodes = 3, network, note = () => {} }: CampaignSettings): Promise<Row> {
  const random = createRandom(seed)
  const strike: Fault = FAULTS[title]
  const house = await openHouse({ nodes, ...(network && { nats: { network } }), env: { NODE_OPTIONS: `--import=${CLOCK}` } })
  let load: Load | undefined
  try {
    const agents = await house.makeAgents(Array.from({ length: AGENTS }, (_, i) => `Agent ${i}`))
    await Promise.all(house.nodes.map(node => node.start()))
    load = createLoad({ customers: CUSTOMERS, agents, urls: house.urls, secret: house.secret, random })
    const people = load
    people.start()
    await within(people.everybodyIsServed(), () => waiting(people))
    const withoutService: number[] = []
    const victim = house.nats.servers[Math.floor(random() * house.nats.servers.length)]! // there are some
    const scene: Scene = { house, load: people, random, victim, ...(network && { network }), note }
    for (let round = 0; round < rounds; round++) {
      await delay(random() * 1_000)
      const at = performance.now()
      const heal = await strike({ ...scene, note: what => note(`round ${round}: ${what}`) })
      await within(heal(), () => waiting(people))
      await within(house.isWhole(), () => 'a copy of a stream is behind')
      await within(people.everybodyIsServed(), () => waiting(people))
      const waits = people.acknowledged.filter(each => each.at > at).map(each => each.at - Math.max(each.saidAt, at))
      const longest = Math.max(...waits) / 1000
      withoutService.push(longest)
      note(`round ${round}: ${longest.toFixed(1)} s without service, ${people.acknowledged.length} acknowledged`)
      const problems = people.problems()
      if (problems.length > 0) throw new Error(`round ${round} of seed ${seed}: ${problems.join('; ')}`)
    }
    await within(people.rest(), () => waiting(people))
    if (OF_DAMAGE.includes(title)) await within(mend(scene), () => 'the server is not whole')
    const ends = await within(settled(house), () => 'turns are undecided')
    const shown = await within(shownByNodes(house, people, ends), () => 'a node does not show all')
    people.leave()
    await Promise.all(house.nodes.map(node => node.signal('SIGTERM')))
    return { fault: title, rounds, seed, withoutService, ...(await checkNodes(house, people, shown)) }
  } catch (error) {
    const said = house.nodes.map(node => `${node.name}: ${node.said().slice(-4_000)}`).join('\n')
    throw new Error(`${title}, seed ${seed}: ${error instanceof Error ? error.message : error}\n${said}`, { cause: error })
  } finally {
    load?.leave()
    await house.remove()
  }
}

const waiting = (load: Load): string =>
  load.customers
    .filter(({ isWaiting }) => isWaiting)
    .map(customer => customer.waitsFor())
    .join('\n')

async function within<T>(work: Promise<T>, why: () => string): Promise<T> {
  const end = new AbortController()
  const late = delay(ROUND_MS, undefined, { signal: end.signal }).then(
    () => {
      throw new Error(`nobody is served any more:\n${why()}`)
    },
    () => new Promise<never>(() => {}), // it came in time
  )
  try {
    return await Promise.race([work, late])
  } finally {
    end.abort()
  }
}
