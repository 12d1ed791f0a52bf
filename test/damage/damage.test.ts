// One flipped bit or one truncation in one file of a data folder, over all of its files: it is noticed, or it has changed nothing that anybody reads.
// Never is anything else served than what was written, and never does a start fail without a name for it.
import assert from 'node:assert/strict'
import { type ChildProcess, fork, spawnSync } from 'node:child_process'
import { cpSync, globSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { isFault } from '@parley/core/faults.ts'
import { asAgentId } from '@parley/core/ids.ts'
import { openLmdbAccounts } from '@parley/server/drivers/accounts.lmdb.ts'
import { loadOrMakeSecret } from '@parley/server/secret.ts'
import { lookOver } from '@parley/server/upkeep/doctor.ts'
import { NODE_FLAGS, temporaryFolder } from '../e2e/running-server.ts'
import { openJobs, WAIT } from '../power-cut/told.ts'
import { createRandom } from '../random.ts'
import { keyOf, withStores, write } from '../server/stored-data.ts'
import type { Look, Served } from './look-at-folder.ts'

const RUNS = process.env.PARLEY_TEST_FULL ? 400 : 32
const LOOK = fileURLToPath(new URL('./look-at-folder.ts', import.meta.url))
const LAUNCH = fileURLToPath(new URL('../../bin/launch.mjs', import.meta.url))
const NAMES = Array.from({ length: 40 }, (_, i) => `c${i}`)

/** A folder with something in each of its files. */
async function makeFolder(data: string): Promise<void> {
  await withStores(data, async conversations => {
    for (const name of NAMES) await write(conversations, name, 5)
    for (const [name, marks] of [
      ['c3', { isUnsettled: true, isWithPeople: false }],
      ['c4', { isUnsettled: false, isWithPeople: true }],
    ] as const) {
      const { position } = await conversations.read(keyOf(name), 0)
      await conversations.append(keyOf(name), name.replace('c', 'u') as never, [{ type: 'overdue', at: 1 }], position, marks) // as customerOf
    }
  })
  loadOrMakeSecret(data)
  const accounts = openLmdbAccounts(join(data, 'accounts'))
  const password = { algorithm: 'scrypt', n: 2, r: 1, p: 1, salt: 'kept', hash: 'not compared' } as const
  for (let i = 0; i < 8; i++)
    await accounts.add({
      id: asAgentId(`a${i}`),
      shop: 'demo',
      name: `Agent ${i}`,
      createdAt: 0,
      role: 'agent',
      state: 'active',
      password,
      endings: 0,
    })
  await accounts.close()
  const jobs = await openJobs(data)
  for (let i = 0; i < 8; i++) await jobs.add({ id: `j${i}`, kind: WAIT, payload: {}, delayMs: 1e9 })
  await jobs.close()
}

/** Resolves with what was served, or with the signal that ended the process. */
function ask(child: ChildProcess, asked: Look): Promise<Served | NodeJS.Signals | number> {
  return new Promise(resolve => {
    const ended = (code: number | null, signal: NodeJS.Signals | null): void => resolve(signal ?? code ?? 1)
    child.once('exit', ended)
    child.once('message', (served: Served) => {
      child.off('exit', ended)
      resolve(served)
    })
    child.send(asked)
  })
}

/** What doctor says of the folder: a fault's code, the number of damages, or that all is as it was written. */
const diagnose = (data: string): Promise<string> =>
  lookOver(data).then(
    ({ damaged, lost }) => (damaged.length > 0 || lost !== null ? 'damaged' : 'sound'),
    error => {
      if (isFault(error)) return error.code
      throw error
    },
  )

test(`[LOG3] [LOG6] one bit flipped or one file cut short, ${RUNS} times over all files of a data folder: noticed, or nobody reads it`, {
  timeout: 3_600_000,
}, async t => {
  const folder = temporaryFolder()
  t.after(folder.remove)
  const sound = join(folder.path, 'sound')
  await makeFolder(sound)
  let looking: ChildProcess | undefined
  const look = async (data: string): Promise<Served | NodeJS.Signals | number> => {
    looking ??= fork(LOOK, { execArgv: NODE_FLAGS, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
    const found = await ask(looking, { data, conversations: NAMES })
    if (typeof found !== 'object') looking = undefined
    return found
  }
  t.after(() => void looking?.kill())
  const truth = await look(sound)
  assert.ok(typeof truth === 'object')
  const all = globSync('**/*', { cwd: sound, withFileTypes: true })
    .filter(entry => entry.isFile() && !entry.name.startsWith('owner-'))
    .map(entry => join(entry.parentPath, entry.name).slice(sound.length + 1))
    .sort()
  // A lock file holds nothing that counts, and one file in all has most of what does.
  const files = all.flatMap(file => (file.endsWith('lock.mdb') ? [] : file === 'log/data.mdb' ? [file, file, file] : file))
  files.push(...all.filter(file => file.endsWith('lock.mdb')).slice(0, 1))

  const seed = Number(process.env.PARLEY_SEED ?? 20261124)
  const random = createRandom(seed)
  const complaints: string[] = []
  const tally = new Map<string, number>()
  for (let run = 0; run < RUNS; run++) {
    const file = files[run % files.length]! // there are some
    const data = join(folder.path, `run-${run}`)
    cpSync(sound, data, { recursive: true })
    const path = join(data, file)
    const bytes = readFileSync(path)
    const at = Math.floor(random() * bytes.length)
    const isCut = random() < 0.25
    if (isCut) truncateSync(path, at)
    else {
      bytes[at]! ^= 1 << Math.floor(random() * 8) // within
      writeFileSync(path, bytes)
    }
    const what = `seed ${seed}, run ${run}: ${file} ${isCut ? 'cut short at' : 'with a bit flipped at'} ${at}`
    const found = await look(data)
    const verdict = await judge(found, truth, data)
    tally.set(verdict.is, (tally.get(verdict.is) ?? 0) + 1)
    if (verdict.complaint) complaints.push(`${what}: ${verdict.complaint}`)
    rmSync(data, { recursive: true })
  }
  console.log(`seed ${seed}: ${RUNS} runs over ${new Set(files).size} files: ${JSON.stringify(Object.fromEntries(tally))}`)
  assert.deepEqual(complaints, [])
})

test('[LOG6] a start that ends at a damaged page says what ended it and what to do', { timeout: 120_000 }, async t => {
  const folder = temporaryFolder()
  t.after(folder.remove)
  await makeFolder(folder.path)
  truncateSync(join(folder.path, 'log', 'data.mdb'), 8_192) // the pages that say where all others are, and none of them
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [LAUNCH, ...args], { env: { ...process.env, PARLEY_DATA: folder.path }, encoding: 'utf8' })
  const started = run('serve', '--port', '0')
  assert.equal(started.status, 1)
  assert.match(started.stderr, /ended by SIG[A-Z]+.*damaged.*bin\/parley doctor.*bin\/parley restore/)
  const told = run('doctor')
  assert.equal(told.status, 1)
  assert.match(told.stderr, /log\/data\.mdb is damaged: reading it ended the process .*\(STORE_DAMAGED\)/)
})

interface Verdict {
  readonly is: string
  readonly complaint?: string
}

/** What is the demo shop's is not Parley's to prove: a retailer's system answers for itself, and the demo's is made anew. */
async function judge(found: Served | NodeJS.Signals | number, truth: Served, data: string): Promise<Verdict> {
  if (typeof found !== 'object') {
    const said = await diagnose(data)
    const is = 'the process was ended, and doctor names it'
    return said === 'sound' ? { is, complaint: `it ended with ${found}, and doctor says that all is sound` } : { is }
  }
  const others = Object.entries(found).filter(([name, content]) => !('hash' in content) || content.hash !== hashIn(truth[name]))
  for (const [name, content] of others) {
    if ('error' in content) return { is: 'unnamed', complaint: `${name}: ${content.error.split('\n').slice(0, 3).join(' ')}` }
    // A damaged job is a lost one, which the log fills in again; doctor says so all the same.
    if (name === 'the jobs' && others.length === 1 && (await diagnose(data)) === 'STORE_DAMAGED')
      return { is: 'a lost job, which doctor names' }
    if ('hash' in content) return { is: 'served otherwise', complaint: `${name} is served otherwise than it was written` }
  }
  if (others.some(([name]) => name.startsWith('start: ') || name === 'secret')) return { is: 'the start is refused' }
  return { is: others.length > 0 ? 'refused where it is read, by name' : 'nothing that is read has changed' }
}

const hashIn = (content: Served[string] | undefined): string | undefined => (content && 'hash' in content ? content.hash : undefined)
