// A plugin host: the process in which plugins run, started by host.ts with an empty environment and nothing but a channel to the engine.
// It trusts nobody inside and is trusted by nobody outside: the engine watches its time and memory and kills it when it must.
import { type CallQueue, createCallQueue } from './call-queue.ts'
import { type Runner, readManifest, startTypescript } from './isolate.ts'
import { describeFailure } from './prelude.ts'
import type { FromHost, Guest, PyodideFiles, SpentReason, ToHost } from './protocol.ts'
import { startPython } from './python.ts'

const MANIFEST_MEMORY_MB = 32

const queues = new Map<string, CallQueue>()
const runners = new Map<string, Runner>()
const answered: Extract<FromHost, { type: 'answers' }>['answers'][number][] = []

const send = (message: FromHost): void => void process.send?.(message)
// The engine may be gone without a word: then nothing here has a purpose. A plain exit would wait for the threads of looping plugins.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
process.on('message', (message: ToHost) => void receive(message))
send({ type: 'up' })

async function receive(message: ToHost): Promise<void> {
  switch (message.type) {
    case 'read-manifest': {
      const lost = (reason: string): void => send({ type: 'manifest-failed', reason })
      return readManifest(message.code, MANIFEST_MEMORY_MB, lost).then(
        json => send({ type: 'manifest', json }),
        error => lost(describeFailure(error)),
      )
    }
    case 'load':
      process.title = `parley-${message.guests[0]?.runtime ?? 'empty'}` // what `top` shows, and by which the bench tells the hosts apart
      for (const guest of message.guests) await load(guest, message.pyodide)
      return send({ type: 'ready' })
    case 'calls':
      for (const call of message.calls) {
        const queue = queues.get(call.plugin)
        if (queue) queue.push(call)
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

async function load(guest: Guest, pyodide: PyodideFiles | undefined): Promise<void> {
  send({ type: 'loading', plugin: guest.plugin })
  const spent = (reason: SpentReason): void => {
    flush() // what was answered before stays answered
    send({ type: 'spent', plugin: guest.plugin, reason })
  }
  const lost = (message: string): void => spent(message.includes('memory') ? 'memory' : 'timeout')
  try {
    const runner: Runner = await (guest.runtime === 'python' ? startPython(guest, pyodide!, lost) : startTypescript(guest, lost)) // Python hosts are given the files
    runners.set(guest.plugin, runner)
    queues.set(guest.plugin, createCallQueue(runner, { answer, spent }))
  } catch (error) {
    send({ type: 'not-loaded', plugin: guest.plugin, reason: describeFailure(error) })
  }
}

/** Answers of one tick go in one message. */
function answer(id: number, outcome: (typeof answered)[number]['outcome']): void {
  if (answered.push({ id, outcome }) === 1) setImmediate(flush)
}

function flush(): void {
  if (answered.length > 0) send({ type: 'answers', answers: answered.splice(0) })
}
