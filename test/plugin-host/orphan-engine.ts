// An engine for lifecycle.test.ts to kill: starts a pool, prints its hosts' process ids, puts a turn to a plugin that hangs, and waits.
import { createPluginVoters } from '@parley/server/drivers/voters.plugins.ts'

const pids: number[] = []
const { pool } = await createPluginVoters({
  folders: process.argv.slice(2),
  observer: {
    onHostReady({ pid }) {
      pids.push(pid)
      if (pids.length < 2) return
      void pool.ask({ text: 'go', original: 'go', language: 'en', locale: 'en' }, () => {}, new AbortController().signal)
      setImmediate(() => setImmediate(() => process.stdout.write(`${JSON.stringify(pids)}\n`)))
    },
  },
})
