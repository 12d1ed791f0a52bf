// `parley cluster status`: how nodes, NATS servers, streams and Redis stand. Works from any machine that has the settings; no node has to serve.
import { setTimeout as delay } from 'node:timers/promises'
import { verdictOf } from '../cluster/cluster-state.ts'
import { forgetNode, lookAtCluster } from '../cluster/look-at-cluster.ts'
import { readConfig } from '../config.ts'
import { reportOf } from './cluster-report.ts'

export interface StatusOptions {
  readonly json?: boolean
  readonly watch?: boolean
  /** Each stream on a line of its own. */
  readonly streams?: boolean
}

const STATUS = { whole: 0, degraded: 1, down: 2 } as const
const WATCH_MS = 2_000
const CLEAR = '\x1b[H\x1b[J'

/** The exit status says it as well: 0 whole, 1 degraded, 2 no service. Faults: CONFIG_INVALID. */
export async function clusterStatus({ json = false, watch = false, streams = false }: StatusOptions): Promise<void> {
  const config = readConfig(process.env)
  do {
    const state = await lookAtCluster(config, Date.now)
    const verdict = verdictOf(state)
    const text = json ? JSON.stringify({ ...verdict, ...state }) : reportOf(state, streams)
    process.stdout.write(`${watch && process.stdout.isTTY && !json ? CLEAR : ''}${text}\n`)
    process.exitCode = STATUS[verdict.status]
    if (watch) await delay(WATCH_MS)
  } while (watch) // until Ctrl-C
}

/** Faults: as `forgetNode`. */
export async function clusterForget(node: string): Promise<void> {
  await forgetNode(readConfig(process.env), node)
  process.stdout.write(`Node ${node} is forgotten. What it had begun was another's when its lease ran out.\n`)
}
