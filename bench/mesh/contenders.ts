// Starts the contenders, each in a process of its own, and says how each is asked.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { fileURLToPath } from 'node:url'
import { NODE_FLAGS } from '../../test/e2e/running-server.ts'
import type { Order, OwnName } from './contender.ts'
import { fromHive, HIVE_QUERY, startHive } from './hive.ts'
import { type Drive, type Driven, drive } from './load.ts'
import { AUTHORIZATION, IDLE_MS, QUERY, type ShopAnswer, type Urls } from './shop.ts'

export interface Contender {
  readonly name: string
  drive(how: Drive): Promise<Driven>
  once(id: string): Promise<ShopAnswer>
  /** What it has kept is out of date. */
  forget(): Promise<void>
  /** Seconds of processor time that its process has taken, with all its threads; the kernel counts hundredths. */
  cpuSeconds(): number
}

export interface Contenders {
  readonly all: readonly Contender[]
  stop(): void
}

const OWN: readonly OwnName[] = ['sequential', 'byHand', 'parley', 'parleyKeeping']

/** One that ends by itself ends the bench. */
export function forkHere(file: string, args: readonly string[]): ChildProcess {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args, {
    execArgv: [...NODE_FLAGS],
    env: { ...process.env, NODE_ENV: 'production' },
  })
  child.once('exit', code => {
    if (code !== 0) throw new Error(`${file} ${args[0]} ended with ${code}`)
  })
  return child
}

/** In process: the four ways that are ours to write. Over HTTP: those of them that are gateways, and Hive Gateway where it could be brought. */
export async function startContenders(urls: Urls, withHive: boolean): Promise<Contenders> {
  const agent = new Agent({ keepAlive: true, timeout: IDLE_MS })
  const children: ChildProcess[] = []
  const stops: (() => void)[] = []
  const all: Contender[] = []
  const overHttp: Contender[] = []
  for (const name of OWN) {
    const child = forkHere('./contender.ts', [name, JSON.stringify(urls)])
    children.push(child)
    const [{ port }] = (await once(child, 'message')) as [{ readonly port: number }]
    const ask = async (order: Order): Promise<unknown> => {
      child.send(order)
      const [answer] = await once(child, 'message')
      return answer
    }
    const shared = {
      forget: async () => void (await ask('forget')),
      cpuSeconds: () => cpuSecondsOf(child.pid ?? 0),
    }
    all.push({
      name,
      drive: how => ask({ drive: how }) as Promise<Driven>, // what contender.ts says to these
      once: id => ask({ once: id }) as Promise<ShopAnswer>,
      ...shared,
    })
    if (name === 'sequential') continue
    const once_ = async (id: string): Promise<ShopAnswer> =>
      (await post(agent, `http://127.0.0.1:${port}/graphql`, QUERY, { id })) as unknown as ShopAnswer // of that query
    overHttp.push({ name: `${name}OverHttp`, drive: how => drive(once_, how), once: once_, ...shared })
  }
  if (withHive)
    for (const isKeeping of [false, true]) {
      const { pid, url, stop } = await startHive(isKeeping)
      stops.push(stop)
      const asked = async (id: string) => post(agent, `${url}/graphql`, HIVE_QUERY, { id })
      overHttp.push({
        name: isKeeping ? 'hiveKeepingOverHttp' : 'hiveOverHttp',
        drive: how => drive(asked, how),
        once: async id => fromHive((await asked(id)) as unknown as Parameters<typeof fromHive>[0]), // of that query
        // Its response cache can be told to forget by type and id; what it keeps it keeps for a second, and the bench waits that long.
        forget: () => (isKeeping ? new Promise(resolve => setTimeout(resolve, 1_050)) : Promise.resolve()),
        cpuSeconds: () => cpuSecondsOf(pid),
      })
    }
  return {
    all: [...all, ...overHttp],
    stop() {
      for (const child of children) child.disconnect()
      for (const stop of stops) stop()
      agent.destroy()
    },
  }
}

/** The `data` of the answer. Rejects where there are errors. */
function post(agent: Agent, url: string, query: string, variables: object): Promise<Record<string, unknown>> {
  const body = JSON.stringify({ query, variables })
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    accept: 'application/graphql-response+json, application/json',
    authorization: AUTHORIZATION,
    'accept-language': 'en',
  }
  return new Promise((resolve, reject) => {
    const asking = request(url, { agent, method: 'POST', headers }, response => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.once('end', () => {
        try {
          const { data, errors } = JSON.parse(text)
          if (errors || !data) reject(new Error(`${url} answered ${text.slice(0, 500)}`))
          else resolve(data)
        } catch (cause) {
          reject(new Error(`${url} answered ${text.slice(0, 500)}`, { cause }))
        }
      })
    })
    asking.on('error', reject)
    asking.end(body)
  })
}

/** A hundredth of a second is what the kernel of Linux counts in (USER_HZ). */
function cpuSecondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / 100
}
