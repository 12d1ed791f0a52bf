// How soon a saved plugin answers, as `parley plugin dev` loads it: from the change of the file to a plugin in its sandbox, the milliseconds in
// which an editor's steps are waited for included. Prints one JSON object.
//   node --no-node-snapshot bench/plugin-reload.ts [--rounds 10]
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { scaffold, type Template } from '@parley/server/plugin-bench/scaffold.ts'
import { watchPlugin } from '@parley/server/plugin-bench/watch-plugin.ts'
import { machine } from './machine.ts'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '10' } } })
const rounds = Number(values.rounds)
const scratch = mkdtempSync(join(tmpdir(), 'parley-reload-'))
process.chdir(scratch) // a plugin is written into the folder in which one is

async function reloads(template: Template, file: string, comment: string): Promise<readonly number[]> {
  scaffold(`my-${template}`, template)
  const folder = join(scratch, `my-${template}`)
  const times: number[] = []
  let next = Promise.withResolvers<number>()
  const plugin = watchPlugin(
    folder,
    {},
    {
      loaded: (_, ms) => next.resolve(ms),
      refused: fault => next.reject(fault),
    },
  )
  await next.promise
  for (let round = 0; round < rounds; round++) {
    next = Promise.withResolvers<number>()
    appendFileSync(join(folder, file), `${comment} ${round}\n`)
    times.push(await next.promise)
  }
  await plugin.close()
  return times
}

const summary = (times: readonly number[]) => {
  const sorted = [...times].sort((a, b) => a - b).map(Math.round)
  return { least: sorted[0], median: sorted[sorted.length >> 1], greatest: sorted.at(-1) }
}

const before = loadavg()
const typescript = summary(await reloads('keyword', 'plugin.ts', '//'))
const python = summary(await reloads('python', 'my_python.py', '#'))
rmSync(scratch, { recursive: true })
console.log(JSON.stringify({ ...machine(), load: { before, after: loadavg() }, rounds, reloadMs: { typescript, python } }, null, 2))
