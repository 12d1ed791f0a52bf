// What befalls a house of several nodes, one at a time, under load. Each fault is done to it and gives what undoes it; what is drawn is drawn by seed.
import { rmSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { CLOSE } from '@parley/core/protocol/close-codes.ts'
import { fetchVisitor, joinConversation } from '../e2e/running-server.ts'
import { damageFiles } from './damaged-replica.ts'
import type { HouseOfNodes, ParleyNode } from './house-of-nodes.ts'
import type { Load } from './load.ts'
import type { NatsServer } from './nats-cluster.ts'
import type { NatsNetwork } from './nats-network.ts'

export interface Scene {
  readonly house: HouseOfNodes
  readonly load: Load
  readonly random: () => number
  /** The one server that is damaged, all rounds: of three copies two stay whole. */
  readonly victim: NatsServer
  readonly network?: NatsNetwork
  /** For whoever reads the output: what was drawn. */
  note(what: string): void
}

/** Resolves when it is done, with what undoes it. */
export type Fault = (scene: Scene) => Promise<() => Promise<void>>

/** Longer than any lease (core/SPEC.md, NODE1 on), and than the patience of whoever waits. */
const BEYOND_LEASE_MS = 6_000

const pick = <T>(all: readonly T[], random: () => number): T => all[Math.floor(random() * all.length)]! // not empty
const serverNamed = (house: HouseOfNodes, name: string): NatsServer => house.nats.servers.find(server => server.name === name)!

async function leader({ house, random, note }: Scene): Promise<NatsServer> {
  const shard = Math.floor(random() * house.shards)
  const name = await house.leaderOf(shard)
  note(`${name} leads shard ${shard}`)
  return serverNamed(house, name)
}

function node({ house, random, note }: Scene): ParleyNode {
  const chosen = pick(house.nodes, random)
  note(chosen.name)
  return chosen
}

/** Now and then it is undone at once, and else when all are served without what is gone. A house of one node has nobody else. */
async function until({ load, random }: Scene, canGoOn: boolean): Promise<void> {
  if (canGoOn && random() < 0.7) await load.everybodyIsServed()
  else await delay(random() * 3_000)
}

/** What was damaged counts when others follow it: now and then another server, which leads, is lost, and then comes back. */
async function seeDamage(scene: Scene): Promise<void> {
  const { house, load, victim, random, note } = scene
  await load.everybodyIsServed()
  const other = random() < 0.5 ? await leader(scene) : victim
  if (other !== victim) {
    await other.signal('SIGKILL')
    await load.everybodyIsServed()
    await other.start()
  }
  for (const line of victim.complained())
    if (!/route|meta leader/.test(line)) note(`${victim.name} says ${line.replace(/^.*?(?=\[[A-Z])/, '')}`)
  try {
    await house.withStores(undefined, async (_, { log }) => {
      for await (const key of log.conversations()) await log.read(key, 0)
    })
  } catch (error) {
    note(`a new node cannot start: ${error instanceof AggregateError ? error.errors[0] : error}`)
    await mend(scene)
  }
}

/** What an operator does about damage: what the server had comes from the other two. */
export async function mend({ victim, house, note }: Scene): Promise<void> {
  await victim.signal('SIGKILL')
  note(`${victim.name} begins anew with an empty folder`)
  rmSync(victim.folder, { recursive: true })
  await victim.start()
  await house.isWhole()
}

export const FAULTS = {
  async 'kill -9 of the NATS server that leads a shard'(scene) {
    const server = await leader(scene)
    await server.signal('SIGKILL')
    return async () => {
      await until(scene, true)
      await server.start()
    }
  },
  async 'kill -9 of a Parley node'(scene) {
    const killed = node(scene)
    await killed.signal('SIGKILL')
    return async () => {
      await until(scene, scene.house.nodes.length > 1)
      await killed.start()
    }
  },
  async 'a rolling restart of all Parley nodes'({ house, load, note }) {
    for (const restarted of house.nodes) {
      note(restarted.name)
      const line = await joinConversation(restarted.url, await fetchVisitor(restarted.url))
      await line.next('welcome')
      await restarted.signal('SIGTERM')
      const code = await line.closed
      if (code !== CLOSE.GO_ELSEWHERE) throw new Error(`${restarted.name} closed with ${code}`)
      await restarted.start()
      await load.everybodyIsServed()
    }
    return async () => {}
  },
  async 'kill -9 of Redis'({ house, random }) {
    await house.redis.signal('SIGKILL')
    return async () => {
      await delay(random() * 6_000)
      await house.redis.start()
    }
  },
  async 'SIGSTOP of a Parley node beyond its lease, then SIGCONT'(scene) {
    const halted = node(scene)
    await halted.signal('SIGSTOP')
    return async () => {
      await delay(BEYOND_LEASE_MS)
      await halted.signal('SIGCONT')
    }
  },
  async 'SIGSTOP of the NATS server that leads a shard, which wakes up behind another'(scene) {
    const server = await leader(scene)
    await server.signal('SIGSTOP')
    return async () => {
      await until(scene, true)
      await server.signal('SIGCONT')
    }
  },
  async "a node's clock an hour ahead, then back"(scene) {
    const jumped = node(scene)
    await jumped.signal('SIGUSR2') // see clock-that-jumps.mjs
    return async () => {
      await scene.load.everybodyIsServed()
      await jumped.signal('SIGUSR2')
    }
  },
  async "one server's files damaged while it is down"(scene) {
    const { house, victim, random, note } = scene
    await victim.signal('SIGKILL')
    note(`${victim.name}: ${damageFiles(victim.folder, random)}`)
    return async () => {
      await until(scene, true)
      await victim.start().catch(async () => {
        note(`${victim.name} does not start`)
        await mend(scene)
      })
      await house.isWhole()
      await seeDamage(scene)
    }
  },
  async "one server's files damaged while it runs"(scene) {
    const { victim, random, note } = scene
    note(`${victim.name}: ${damageFiles(victim.folder, random)}`)
    return () => seeDamage(scene)
  },
  async 'kill -9 of all NATS servers'({ house, random }) {
    await Promise.all(house.nats.servers.map(server => server.signal('SIGKILL')))
    return async () => {
      await delay(random() * 2_000)
      await Promise.all(house.nats.servers.map(server => server.start()))
    }
  },
  async 'a partition of one NATS server'(scene) {
    const [number, from] = await severed(scene)
    const ends = (['said', 'heard'] as const).map(what => scene.network!.lose(number, what, from)) // those that play it have one
    return async () => {
      await until(scene, true)
      for (const end of ends) end()
    }
  },
  async 'loss in one direction at one NATS server'(scene) {
    const what = scene.random() < 0.5 ? 'said' : 'heard'
    const [number, from] = await severed(scene)
    scene.note(`nothing ${what}`)
    const end = scene.network!.lose(number, what, from) // as above
    return async () => {
      await until(scene, true)
      end()
    }
  },
} satisfies Readonly<Record<string, Fault>>

/** After which the server is mended before everything is looked for. */
export const OF_DAMAGE: readonly string[] = [
  "one server's files damaged while it is down",
  "one server's files damaged while it runs",
] satisfies FaultTitle[]

/** Those of a network of its own (nats-network.ts). */
export const OF_NETWORK: readonly string[] = [
  'a partition of one NATS server',
  'loss in one direction at one NATS server',
] satisfies FaultTitle[]

/** More often a leader than not, and cut off from the other servers alone or from the nodes too. */
async function severed(scene: Scene): Promise<[number: number, from: 'servers' | 'all']> {
  const { random, house, note } = scene
  const server = random() < 0.7 ? await leader(scene) : pick(house.nats.servers, random)
  const from = random() < 0.5 ? 'servers' : 'all'
  note(`${server.name} is cut off from ${from}`)
  return [house.nats.servers.indexOf(server), from]
}

export type FaultTitle = keyof typeof FAULTS
