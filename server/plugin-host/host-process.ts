// A plugin host: the process in which plugins run, started by host.ts with an empty environment and nothing but a pipe to the engine.
// It trusts nobody inside and is trusted by nobody outside: the engine watches its time and memory and kills it when it must.
import { writeFileSync } from 'node:fs'
import { Socket } from 'node:net'
import { type CallQueue, createCallQueue } from './call-queue.ts'
import { openFrames } from './frames.ts'
import { type Runner, readManifest, startTypescript } from './isolate.ts'
import { describeFailure } from './prelude.ts'
import {
  type Answer,
  FRAME_BYTES,
  type FromHost,
  type Guest,
  LINE,
  MESSAGE_CHARACTERS,
  type Outcome,
  type PyodideFiles,
  REASON_LIMIT,
  type SpentReason,
  type ToHost,
  toHost,
} from './protocol.ts'
import { startPython } from './python.ts'
import { createQuickLane } from './quick-lane.ts'

const MANIFEST_MEMORY_MB = 32

const queues = new Map<string, CallQueue>()
const runners = new Map<string, Runner>()
const lane = createQuickLane()
let answers: Answer[] = []
let characters = 0
let generation = 0
let pyodide: PyodideFiles | undefined
let loading: Promise<void> = Promise.resolve()

const end = (): void => void process.kill(process.pid, 'SIGKILL') // a plain exit would wait for the threads of looping plugins
const pipe = new Socket({ fd: LINE })
// The engine may be gone without a word: then nothing here has a purpose.
pipe.on('close', end).on('error', end)
const { send } = openFrames<ToHost, FromHost>(pipe, {
  shape: toHost,
  takes: FRAME_BYTES.toHost,
  sends: FRAME_BYTES.fromHost,
  onMessage: message => void receive(message),
  onViolation(what) {
    writeFileSync(process.stderr.fd, `the engine sent ${what}`)
    end()
  },
})
send({ type: 'up' })

async function receive(message: ToHost): Promise<void> {
  switch (message.type) {
    case 'read-manifest': {
      const lost = (reason: string): void => send({ type: 'manifest-failed', reason: reason.slice(0, REASON_LIMIT) })
      return readManifest(message.code, MANIFEST_MEMORY_MB, lost).then(
        json => send({ type: 'manifest', json }),
        error => lost(describeFailure(error)),
      )
    }
    case 'pyodide':
      pyodide = message.files
      return
    case 'load':
      process.title = `parley-${message.guest.runtime}` // what `top` shows, and by which the bench tells the hosts apart
      loading = loading.then(() => load(message.guest))
      return
    case 'loaded-all':
      generation = message.generation
      if (message.hasReserve) lane.open()
      return loading.then(() => send({ type: 'ready' }))
    case 'ask':
      for (const { question, calls } of message.rounds)
        for (const call of calls) {
          const queue = queues.get(call.plugin)
          if (queue) queue.push({ ...call, question })
          else answer(call.id, { type: 'failed', reason: 'it is not loaded' })
        }
      return
    case 'weigh': {
      const runner = runners.get(message.plugin)
      if (!runner || runner.isGone()) return // who asked is told of the host's end
      return send({ type: 'weight', plugin: message.plugin, weight: await runner.weigh() })
    }
  }
}

async function load(guest: Guest): Promise<void> {
  send({ type: 'loading', plugin: guest.plugin })
  const spent = (reason: SpentReason): void => {
    flush() // what was answered before stays answered
    send({ type: 'spent', plugin: guest.plugin, reason })
  }
  const lost = (message: string): void => spent(message.includes('memory') ? 'memory' : 'timeout')
  try {
    const runner: Runner = await (guest.runtime === 'python' ? startPython(guest, pyodide!, lost) : startTypescript(guest, lost)) // Python hosts are given the files
    runners.set(guest.plugin, runner)
    const pass = lane.passOf(guest.plugin)
    queues.set(guest.plugin, createCallQueue(runner, { answer, spent }, pass))
  } catch (error) {
    send({ type: 'not-loaded', plugin: guest.plugin, reason: describeFailure(error).slice(0, REASON_LIMIT) })
  }
}

/** Answers of one tick go in one message, or in a few where they are long. */
function answer(id: number, outcome: Outcome): void {
  if (answers.push({ id, outcome }) === 1) setImmediate(flush)
  characters += outcome.type === 'returned' ? outcome.json.length : outcome.type === 'failed' ? outcome.reason.length : 0
  if (characters >= MESSAGE_CHARACTERS) flush()
}

function flush(): void {
  if (answers.length === 0) return
  send({ type: 'answers', generation, entry: lane.entry(), answers })
  answers = []
  characters = 0
}
