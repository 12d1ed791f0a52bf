// One test a fault: rounds of it over several nodes under load, and afterwards every acknowledged message is there once, every turn has one decision, and
// all nodes have the same. The table in docs/reliability.md is what these print in the long run.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { NODE_FLAGS } from '../e2e/running-server.ts'
import { playCampaign, type Row } from './campaign.ts'
import { type FaultTitle, OF_NETWORK } from './faults.ts'
import { noHouse } from './house-of-nodes.ts'
import { noNetwork, withNetwork } from './nats-network.ts'

const IS_FULL = process.env.PARLEY_TEST_FULL !== undefined
const ROUNDS_IN_FULL = 200
/** A campaign's own house for so many rounds: what its end looks over stays of a size. */
const ROUNDS_OF_ONE = 25
const NODES = 3
const PLAYER = fileURLToPath(new URL('play-faults.ts', import.meta.url))

export interface FaultRounds {
  readonly fault: FaultTitle
  /** In the quick run. */
  readonly rounds: number
  /** Rounds that once found something, gone through first. */
  readonly lost?: readonly { readonly seed: number; readonly rounds: number }[]
}

export function testFaults(all: readonly FaultRounds[]): void {
  for (const { fault, rounds, lost = [] } of all)
    test(`[LOG1] [LOG2] [LOG11] [LOG12] [LOG13] [TURN1] [TURN2] [TURN3] [TURN5] [TURN6] [HND2] [HND4] ${fault}: nothing acknowledged is lost or doubled`, {
      skip: noHouse || (OF_NETWORK.includes(fault) && noNetwork),
      timeout: IS_FULL ? 3_600_000 : 300_000,
    }, async t => {
      const seed = Number(process.env.PARLEY_SEED ?? Math.floor(Math.random() * 1e9))
      const own = Array.from({ length: IS_FULL ? ROUNDS_IN_FULL / ROUNDS_OF_ONE : 1 }, (_, i) => ({
        seed: seed + i,
        rounds: IS_FULL ? ROUNDS_OF_ONE : rounds,
      }))
      const rows: Row[] = []
      for (const each of [...lost, ...own]) {
        const row = await (OF_NETWORK.includes(fault) ? inNetwork : playCampaign)({ fault, nodes: NODES, ...each })
        assert.deepEqual(row.complaints, [], `${fault}, seed ${each.seed}`)
        rows.push(row)
      }
      t.diagnostic(`${lineOf(rows)}; seed ${seed}`)
    })
}

async function inNetwork({
  fault,
  rounds,
  seed,
  nodes,
}: {
  readonly fault: FaultTitle
  rounds: number
  seed: number
  nodes: number
}): Promise<Row> {
  const [command = '', ...args] = withNetwork([process.execPath, ...NODE_FLAGS, PLAYER, fault, String(rounds), String(seed), String(nodes)])
  const { stdout } = await promisify(execFile)(command, args, { maxBuffer: 64 * 1024 * 1024 })
  return JSON.parse(stdout) as Row // our own player's line
}

/** A line of the table: fault, rounds, acknowledged, lost, doubled, seconds without service. */
export function lineOf(rows: readonly Row[]): string {
  const sum = (of: (row: Row) => number): number => rows.reduce((total, row) => total + of(row), 0)
  const without = rows.flatMap(row => row.withoutService).sort((a, b) => a - b)
  const middle = without[Math.floor(without.length / 2)] ?? 0
  const cells = [rows[0]?.fault, sum(row => row.rounds), sum(row => row.acknowledged), sum(row => row.lost), sum(row => row.doubled)]
  return `| ${[...cells, `${middle.toFixed(1)} (most: ${without.at(-1)?.toFixed(1)})`].join(' | ')} |`
}
