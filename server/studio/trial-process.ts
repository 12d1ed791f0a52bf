// Tries ensembles on sets whose votes it holds, in a process of its own with the least priority, so that a slider is answered at once and delays no turn. It
// ends with the engine, however that ends.
import { setPriority } from 'node:os'
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import type { Shop } from '@parley/core/pipeline/shop.ts'
import { parseEnsemble } from '@parley/ensembles/ensemble-file.ts'
import type { Brain } from '../brain.ts'
import type { Config } from '../config.ts'
import { nameOfVoters } from '../evaluation/evaluate-ensemble.ts'
import { collectVotes } from '../evaluation/play-dialogues.ts'
import { parseTurns } from '../evaluation/read-turns.ts'
import { openVoteCache } from '../evaluation/vote-cache.ts'
import { withVoters } from '../evaluation/with-voters.ts'
import { openTrialSet, type TrialSet } from './trial.ts'
import type { FromTrials, ToTrials } from './trial-messages.ts'

/** The least that a process can ask for. */
const LAST = 19
/** Sets that are held at once; the one unused for longest goes. */
const HELD = 2
const TELL_MS = 100

const tell = (message: FromTrials): void => void process.send?.(message, () => {})
const never = new AbortController().signal

process.on('disconnect', () => process.exit(1))
process.once('message', async (start: ToTrials) => {
  if (start.type !== 'start') return
  const { config, shop: id } = start
  try {
    setPriority(LAST) // before its threads begin: they inherit it
    await withVoters(config, config.shops.find(each => each.id === id)!, (shop, stages) => serve(config, shop, stages)) // the engine has looked
  } catch (error) {
    tell({ type: 'failed', set: null, message: messageOf(error) })
  }
})

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Until the process ends. */
function serve(config: Config, shop: Shop, stages: Brain['stages']): Promise<never> {
  const sets = new Map<string, TrialSet>()

  async function open(set: string, rows: string): Promise<void> {
    const { dialogues } = parseTurns(rows, new Set(Object.keys(shop.actions)))
    if (new Set(dialogues.map(({ conversation }) => conversation)).size < 2)
      throw new Fault('TURNS_INVALID', {
        file: 'the set',
        line: 0,
        reason: 'there are fewer than two conversations in it: that tells nothing',
      })
    const total = dialogues.reduce((sum, { turns }) => sum + turns.length, 0)
    const cache = openVoteCache(join(config.data, 'votes'), nameOfVoters(shop))
    let told = 0
    const { votes } = await collectVotes(dialogues, shop, stages, cache, never, done => {
      if (performance.now() - told < TELL_MS) return
      told = performance.now()
      tell({ type: 'progress', set, step: 'asking the voters', share: done / total })
    })
    tell({ type: 'progress', set, step: 'judging', share: 0 })
    sets.set(set, await openTrialSet(dialogues, votes, shop, stages))
    if (sets.size > HELD) sets.delete([...sets.keys()][0]!) // there is a first
    tell({ type: 'opened', set })
  }

  async function tryOut({ number, set, ensemble, weights, costs }: Extract<ToTrials, { readonly type: 'try' }>): Promise<void> {
    const begun = process.cpuUsage()
    try {
      const found = sets.get(set)
      if (!found) throw new Error('the set is not held any more')
      sets.delete(set)
      sets.set(set, found)
      const result = await found.try({ ensemble: parseEnsemble(ensemble.text, ensemble.version), weights, costs })
      const { user, system } = process.cpuUsage(begun)
      tell({ type: 'tried', number, result, ms: Math.round((user + system) / 1_000) })
    } catch (error) {
      tell({ type: 'not-tried', number, message: messageOf(error) })
    }
  }

  process.on('message', (message: ToTrials) => {
    if (message.type === 'try') void tryOut(message)
    else if (message.type === 'open')
      open(message.set, message.rows).catch(error => tell({ type: 'failed', set: message.set, message: messageOf(error) }))
  })
  tell({ type: 'ready' })
  return new Promise(() => {})
}
