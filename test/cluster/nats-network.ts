// A network of its own for NATS servers: each in a network namespace, joined by a veth pair to the one that this process is in, which routes between them.
// What is lost is lost in the kernel, without a word to either side. For processes that were started by `withNetwork` alone.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'

export interface NatsNetwork {
  /** Addresses of the servers. */
  readonly hosts: readonly string[]
  /** The command that runs this one where the server is. */
  within(server: number, command: readonly string[]): readonly string[]
  /** From now on nothing of what the server says arrives, or nothing arrives at it: of the other servers alone, or of anybody. Gives what ends it. */
  lose(server: number, what: 'said' | 'heard', from: 'servers' | 'all'): () => void
  close(): void
}

/** Root of the machine, or of a user namespace. */
const WAYS = [
  ['unshare', '--net'],
  ['unshare', '--map-root-user', '--net'],
] as const
const isDone = ([command, ...args]: readonly string[]): boolean => spawnSync(command ?? '', args).status === 0
const way = WAYS.find(each =>
  isDone([...each, 'sh', '-c', 'unshare --net ip link && ip link set lo up && echo 1 > /proc/sys/net/ipv4/ip_forward']),
)

/** Why there is none: what tests say that are skipped for it. */
export const noNetwork: string | false = way ? false : 'network namespaces need unshare, iproute2, and root or user namespaces'

/** Runs a command with a network of its own, which has loopback alone. */
export const withNetwork = (command: readonly string[]): readonly string[] => [...(way ?? []), ...command]

const hostOf = (server: number): string => `10.77.${server + 1}.2`

export async function openNetwork(servers: number): Promise<NatsNetwork> {
  const run = (args: string): void => {
    const [command = '', ...rest] = args.split(' ')
    const done = spawnSync(command, rest, { encoding: 'utf8' })
    if (done.status !== 0) throw new Error(`${args}: ${done.stderr}${done.error?.message ?? ''}`)
  }
  const links = spawnSync('ip', ['-o', 'link'], { encoding: 'utf8' }).stdout.trim().split('\n')
  if (links.length !== 1) throw new Error('this is no network of its own')
  run('ip link set lo up')
  writeFileSync('/proc/sys/net/ipv4/ip_forward', '1')
  // So that rules of loss can stand before the one that delivers.
  const movesLocal = (prefix: string): void => {
    run(`${prefix}ip rule add pref 100 lookup local`)
    run(`${prefix}ip rule del pref 0`)
  }
  movesLocal('')
  const holders: ChildProcess[] = []
  const at = (server: number): string => `nsenter --net=/proc/${holders[server]?.pid}/ns/net `
  for (let server = 0; server < servers; server++) {
    // It ends with this process.
    const holder = spawn('unshare', ['--net', 'sh', '-c', 'echo up; read end'], { stdio: ['pipe', 'pipe', 'inherit'] })
    holders.push(holder)
    await once(holder.stdout, 'data')
    const net = `10.77.${server + 1}`
    run(`ip link add r${server} type veth peer name e0 netns ${holder.pid}`)
    run(`ip addr add ${net}.1/30 dev r${server}`)
    run(`ip link set r${server} up`)
    for (const line of ['link set lo up', `addr add ${net}.2/30 dev e0`, 'link set e0 up', `route add default via ${net}.1`])
      run(`${at(server)}ip ${line}`)
    movesLocal(at(server))
  }
  return {
    hosts: holders.map((_, server) => hostOf(server)),
    within: (server, command) => ['nsenter', `--net=/proc/${holders[server]?.pid}/ns/net`, ...command],
    lose(server, what, from) {
      const others = holders.flatMap((_, other) => (other === server ? [] : hostOf(other)))
      const [prefix, device, side] = what === 'said' ? ['', `r${server}`, 'to'] : [at(server), 'e0', 'from']
      const rules = from === 'all' ? [`iif ${device}`] : others.map(other => `iif ${device} ${side} ${other}`)
      for (const rule of rules) run(`${prefix}ip rule add pref 50 ${rule} blackhole`)
      return () => {
        for (const rule of rules) run(`${prefix}ip rule del pref 50 ${rule} blackhole`)
      }
    },
    close() {
      for (const holder of holders) holder.kill('SIGKILL')
    },
  }
}
