// People over real sockets who know every node's address: whoever is not answered, or hears nothing while waiting, goes to another node, sends again what
// was not acknowledged, and keeps what it was told. Customers write, in bursts too, take back, ask for a person and begin anew; agents claim and answer.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { asConversationId, asCustomerId, asShopId } from '@parley/core/ids.ts'
import { readConfig } from '@parley/server/config.ts'
import { customerParts } from '@parley/server/customer-parts.ts'
import type { Secret } from '@parley/server/secret.ts'
import { type Act, type Customer, createAgent, createCustomer, type DeskAgent, type Onlooker, type Person } from '../e2e/crash-people.ts'

const SENTENCES = [
  '螃蟹死了怎么赔',
  'where is my parcel',
  '退款怎么还没到',
  'hello',
  '螃蟹怎么蒸好吃',
  'half of the eggs are broken',
  'asdf qwer',
]
/** Without a word for so long, somebody who waits goes to another node. */
const PATIENCE_MS = 2_500
const LOOK_MS = 250
const AGAIN_MS = 100

/** A message of a customer, and how long it waited until it was known to be durable. */
export interface Acknowledged {
  readonly customer: number
  readonly saidAt: number
  readonly at: number
}

export interface Load {
  readonly customers: readonly Customer[]
  readonly agents: readonly DeskAgent[]
  readonly acknowledged: readonly Acknowledged[]
  start(): void
  /** Resolves when each customer has been acknowledged something that was said after this call. */
  everybodyIsServed(): Promise<void>
  /** What no client may ever see, so far. */
  problems(): readonly string[]
  /** Begins nothing new; resolves when all that was begun is acknowledged. */
  rest(): Promise<void>
  leave(): void
}

export interface LoadParts {
  readonly customers: number
  /** Cookies of the agents' sessions. */
  readonly agents: readonly string[]
  readonly urls: () => readonly string[]
  readonly secret: Secret
  readonly random: () => number
}

export function createLoad({ customers: count, agents: cookies, urls, secret, random }: LoadParts): Load {
  const acknowledged: Acknowledged[] = []
  const lookers = new Set<() => void>()
  // Nobody fetches a new one in the midst of a conversation.
  const config = readConfig({ PARLEY_CONFIG: '/dev/null' })
  const { tokens } = customerParts({ ...config, tokens: { ...config.tokens, visitorMinutes: 6_000 } }, secret)

  const customers = Array.from({ length: count }, (_, number) => {
    const said = new Map<string, number>()
    let fresh = 0
    const identify = async () => {
      const conversation = asConversationId(randomBytes(8).toString('hex'))
      const visitor = { shop: asShopId('demo'), customer: asCustomerId(`customer-${number}-${fresh++}`), conversation }
      return { token: (await tokens.issue(visitor)).token, conversation }
    }
    return wandering(urls, random, onlooker =>
      createCustomer(`customer-${number}`, identify, talk(cookies.length > 0, random), {
        ...onlooker,
        said(_, ref) {
          said.set(ref, performance.now())
          onlooker.heard?.() // its patience begins now
        },
        acknowledged(_, ref) {
          const saidAt = said.get(ref)
          if (saidAt === undefined) return // known already
          said.delete(ref)
          acknowledged.push({ customer: number, saidAt, at: performance.now() })
          for (const look of lookers) look()
        },
      }),
    )
  })
  const agents = cookies.map((cookie, i) => wandering(urls, random, onlooker => createAgent(`agent-${i}`, cookie, random, onlooker)))
  const all = [...customers, ...agents]

  return {
    customers: customers.map(({ person }) => person),
    agents: agents.map(({ person }) => person),
    acknowledged,
    start: () => all.forEach(each => each.start()),
    everybodyIsServed() {
      const [since, from] = [performance.now(), acknowledged.length]
      return new Promise(resolve => {
        const look = (): void => {
          const served = acknowledged.slice(from).filter(({ saidAt }) => saidAt > since)
          if (new Set(served.map(({ customer }) => customer)).size < count) return
          lookers.delete(look)
          resolve()
        }
        lookers.add(look)
      })
    },
    problems: () => [
      ...customers.flatMap(({ person }) => person.told.flatMap(({ problems }) => problems)),
      ...agents.flatMap(({ person }) => person.problems),
    ],
    async rest() {
      await Promise.all(agents.map(({ person }) => person.rest()))
      await Promise.all(customers.map(({ person }) => person.rest()))
    },
    leave: () => all.forEach(each => each.leave()),
  }
}

/** What a customer does next: seldom anything at once. */
function talk(hasAgents: boolean, random: () => number): (owner: 'bot' | 'queue' | 'agent') => Act {
  let said = 0
  let isRested = false
  const sentence = (): string => `${SENTENCES[Math.floor(random() * SENTENCES.length)]} ${said++}`
  return () => {
    isRested = !isRested
    if (isRested) return { pauseMs: 50 + random() * 250 }
    const chance = random()
    if (chance < 0.05) return 'start afresh'
    if (chance < 0.12) return 'take back'
    if (chance < 0.2 && hasAgents) return { say: ['转人工'] }
    return { say: Array.from({ length: chance < 0.4 ? 3 : 1 }, sentence) }
  }
}

interface Wandering<P extends Person> {
  readonly person: P
  start(): void
  leave(): void
}

function wandering<P extends Person & { readonly isWaiting?: boolean }>(
  urls: () => readonly string[],
  random: () => number,
  create: (onlooker: Onlooker) => P,
): Wandering<P> {
  let at = Math.floor(random() * urls().length)
  let heardAt = performance.now()
  let timer: NodeJS.Timeout | undefined
  const go = (): void => {
    heardAt = performance.now()
    const url = urls()[++at % urls().length]
    assert.ok(url)
    person.join(url)
  }
  const person = create({
    heard() {
      heardAt = performance.now()
    },
    isAlone: () => timer && setTimeout(() => timer && go(), AGAIN_MS),
  })
  return {
    person,
    start() {
      timer = setInterval(() => {
        if (person.isWaiting !== false && performance.now() - heardAt > PATIENCE_MS) go()
      }, LOOK_MS)
      go()
    },
    leave() {
      clearInterval(timer)
      timer = undefined
      person.leave()
    },
  }
}
