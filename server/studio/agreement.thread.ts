// Draws for agreement take their time: a thread of its own, so that nobody waits for them.
import { parentPort, workerData } from 'node:worker_threads'
import { agreementsOf, type Said } from '@parley/ensembles/labels/agreements.ts'
import { createRandom } from '@parley/models/train/random.ts'

/** As of the command line's default. */
const SEED = 1

parentPort?.postMessage(agreementsOf(workerData as readonly Said[], () => createRandom(SEED))) // as it is given
