// Plays rounds of one fault, for the long counts and in a network of its own, and prints what came of it as a line of JSON.
//   play-faults.ts FAULT ROUNDS SEED [NODES]
import { playCampaign } from './campaign.ts'
import { FAULTS, type FaultTitle, OF_NETWORK } from './faults.ts'
import { openNetwork } from './nats-network.ts'

const [title = '', rounds = '', seed = '', nodes = '3'] = process.argv.slice(2)
const fault = (Object.keys(FAULTS) as FaultTitle[]).find(each => each === title || each.includes(title))
if (!fault) throw new Error(`no fault is like ${title}: ${Object.keys(FAULTS).join('; ')}`)
const network = OF_NETWORK.includes(fault) ? await openNetwork(3) : undefined
const row = await playCampaign({
  fault,
  rounds: Number(rounds),
  seed: Number(seed),
  nodes: Number(nodes),
  ...(network && { network }),
  note: line => console.error(line),
})
network?.close()
console.log(JSON.stringify(row))
process.exitCode = row.complaints.length === 0 ? 0 : 1
