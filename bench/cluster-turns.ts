// Whole turns across three nodes against one: sockets, durable message, voters, decision and reply, on three NATS servers and a Redis. All of it shares this
// machine's processors, so that three nodes can't be faster than one here: what tells is the processor time that a turn costs each part, and that a node
// costs which only follows, or only is there. Prints JSON and a table.
//   npm run bench:cluster-turns
import { readFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { type HouseOfNodes, noHouse, openHouse, type ParleyNode } from '../test/cluster/house-of-nodes.ts'
import { bringNats, bringRedis, isMissing } from '../tools/programs.ts'
import { hundredths, median } from './append-figures.ts'
import { machine } from './machine.ts'
import { processorMs } from './threads.ts'
import { type Customer, offer, openCustomers } from './turn-load.ts'

const SECONDS = 5
const ROUNDS = 2
/** Turns a second; the last is more than there is room for. */
const RATES = [20, 100, 400]
const CUSTOMERS = 240
const REST_SECONDS = 5

for (const found of [bringNats(), bringRedis()])
  if (isMissing(found)) {
    console.error(found.skipped)
    process.exit(1)
  }
if (noHouse) throw new Error(noHouse)

const TEXTS = ['zh-CN', 'en'].flatMap(locale =>
  readFileSync(new URL(`../test/transcripts/heldout.${locale}.tsv`, import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .map(line => line.split('\t')[1] ?? ''),
)

interface Spent {
  /** The nodes that have customers, together. */
  readonly serving: number
  /** The nodes that have none, together. */
  readonly following: number
  readonly nats: number
  readonly redis: number
}

interface Row {
  readonly customersAt: string
  readonly offered: number
  readonly answeredPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly refused: number
  /** Milliseconds of processor time a turn. */
  readonly msPerTurn: Spent
}

const house = await openHouse({
  nodes: 3,
  shards: 16,
  config: { limits: { visitorsPerMinute: 10_000_000 } }, // all customers come from one address
})

const msOf = (nodes: readonly ParleyNode[]): number => nodes.reduce((sum, { pid }) => sum + (pid === undefined ? 0 : processorMs(pid)), 0)
const spentBy = ({ nats, redis }: HouseOfNodes, serving: readonly ParleyNode[], following: readonly ParleyNode[]): Spent => ({
  serving: msOf(serving),
  following: msOf(following),
  nats: nats.servers.reduce((sum, { pid }) => sum + processorMs(pid()), 0),
  redis: processorMs(redis.pid()),
})
const each = (after: Spent, before: Spent, count: number): Spent => ({
  serving: hundredths((after.serving - before.serving) / count),
  following: hundredths((after.following - before.following) / count),
  nats: hundredths((after.nats - before.nats) / count),
  redis: hundredths((after.redis - before.redis) / count),
})

async function turns(customersAt: string, serving: readonly ParleyNode[], following: readonly ParleyNode[]): Promise<Row[]> {
  const rows: Row[] = []
  for (const offered of RATES) {
    const customers: Customer[] = []
    const opened = await Promise.all(serving.map(({ url }) => openCustomers(url, CUSTOMERS / serving.length)))
    for (let i = 0; i < CUSTOMERS; i++) customers.push(opened[i % opened.length]![Math.floor(i / opened.length)]!) // as many at each
    await offer(customers, TEXTS, 20, 1)
    const before = spentBy(house, serving, following)
    const { latencies, refused, tookMs } = await offer(customers, TEXTS, offered, SECONDS)
    const msPerTurn = each(spentBy(house, serving, following), before, Math.max(1, latencies.length))
    const at = (share: number): number => hundredths(latencies[Math.floor(latencies.length * share)] ?? Number.NaN)
    const answeredPerSecond = hundredths((latencies.length * 1_000) / tookMs)
    rows.push({ customersAt, offered, answeredPerSecond, p50Ms: at(0.5), p99Ms: at(0.99), refused, msPerTurn })
    for (const customer of customers) customer.close()
  }
  return rows
}

/** Milliseconds of processor time a second, while nobody does anything. */
async function rest(nodes: readonly ParleyNode[]): Promise<Spent> {
  await delay(2_000) // what the start has left to do
  const before = spentBy(house, nodes, [])
  await delay(REST_SECONDS * 1_000)
  return each(spentBy(house, nodes, []), before, REST_SECONDS)
}

try {
  const [first, ...others] = house.nodes as [ParleyNode, ...ParleyNode[]] // there are three
  const rows: Row[] = []
  const resting: (Spent & { readonly nodes: number })[] = []
  await first.start()
  for (let round = 0; round < ROUNDS; round++) {
    if (round === 0) resting.push({ nodes: 1, ...(await rest([first])) })
    rows.push(...(await turns('one of one', [first], [])))
    for (const node of others) await node.start()
    if (round === 0) resting.push({ nodes: 3, ...(await rest(house.nodes)) })
    rows.push(...(await turns('all of three', house.nodes, [])))
    rows.push(...(await turns('one of three', [first], others)))
    for (const node of others) await node.signal('SIGTERM')
  }
  const both = (given: readonly Row[]): Row => {
    const of = (read: (row: Row) => number): number => median(given.map(read))
    const [{ customersAt, offered }] = given as readonly [Row]
    return {
      ...{ customersAt, offered, answeredPerSecond: of(r => r.answeredPerSecond), p50Ms: of(r => r.p50Ms), p99Ms: of(r => r.p99Ms) },
      refused: of(r => r.refused),
      msPerTurn: {
        serving: of(r => r.msPerTurn.serving),
        following: of(r => r.msPerTurn.following),
        nats: of(r => r.msPerTurn.nats),
        redis: of(r => r.msPerTurn.redis),
      },
    }
  }
  const told = [...new Set(rows.map(({ customersAt, offered }) => `${customersAt}/${offered}`))].map(name =>
    both(rows.filter(({ customersAt, offered }) => `${customersAt}/${offered}` === name)),
  )
  const settings = {
    nodes: 3,
    nats: 3,
    streams: house.shards,
    replicas: 3,
    sync: 'always',
    customers: CUSTOMERS,
    models: 'the shipped ones',
    plugins: 0,
  }
  console.log(
    JSON.stringify(
      {
        bench: 'cluster-turns',
        ...machine(),
        ...settings,
        secondsEach: SECONDS,
        rounds: ROUNDS,
        load: loadavg(),
        rows: told,
        msPerSecondAtRest: resting,
      },
      null,
      1,
    ),
  )
  console.table(told.map(({ msPerTurn, ...row }) => ({ ...row, ...msPerTurn })))
  console.table(resting)
} finally {
  await house.remove()
}
