// `parley serve --sockets N`: one engine and N socket processes, started, watched and ended in order. A child that dies is started again while the
// others go on: customers keep their connections through an engine's restart, and find the other sockets when one is gone.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { Fault } from '@parley/core/faults.ts'
import type { Logger } from 'pino'
import type { EnginePaths } from '../compose.ts'
import type { Config } from '../config.ts'
import { faultOf } from '../link/messages.ts'
import { openSecret } from '../open-secret.ts'
import type { FromChild, Step, ToChild } from './messages.ts'

export interface Supervised {
  readonly url: string
  reload(): void
  /** Sockets take no new connection, the engine decides what is open, clients are told to come again, everything ends. */
  stop(): Promise<void>
}

/** A child that lived this long died of something new: it is started again at once. */
const GOOD_LIFE_MS = 10_000
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5_000

/** A socket process makes little garbage at a time: V8's young space need not grow to the size that a busy one pays for (docs/decisions/0008). */
const THIN = ['--max-semi-space-size=2']

interface Place {
  readonly number: number
  readonly program: string
  child: ChildProcess
  startedAt: number
  /** Deaths in a row, each soon after its start. */
  deaths: number
}

/** Resolves when every child serves. Faults: those of the engine's start, and PORT_IN_USE. */
export async function supervise(config: Config, logger: Logger, paths: EnginePaths): Promise<Supervised> {
  let isStopping = false
  const places: Place[] = []
  await checkPort(config)
  await openSecret(config) // before two of them want to make it

  function start(place: Place, settings: Config): void {
    place.startedAt = performance.now()
    place.child = fork(fileURLToPath(new URL(place.program, import.meta.url)), {
      stdio: ['ignore', 2, 2, 'ipc'],
      execArgv: place.number === 0 ? process.execArgv : [...process.execArgv, ...THIN],
    })
    place.child.on('error', error => logger.error({ err: error, process: place.number }, 'a child cannot be reached'))
    send(place.child, { type: 'start', config: settings, paths, number: place.number })
  }

  /** The first start: what is wrong then ends everything. */
  async function open(number: number, settings: Config): Promise<string> {
    const program = number === 0 ? './engine-process.ts' : './socket-process.ts'
    const place = { number, program, deaths: 0 } as Place // `start` fills in the rest
    start(place, settings)
    places.push(place)
    return ready(place.child)
  }

  function watch(place: Place, settings: Config): void {
    const died = (): void => {
      const { exitCode: code, signalCode: signal } = place.child
      if (isStopping) return
      const lived = performance.now() - place.startedAt
      place.deaths = lived >= GOOD_LIFE_MS ? 0 : place.deaths + 1
      const pauseMs = place.deaths < 2 ? 0 : Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (place.deaths - 2))
      logger.error({ process: place.number, code, signal, pauseMs }, place.number === 0 ? 'the engine died' : 'a socket process died')
      setTimeout(() => {
        if (isStopping) return
        start(place, settings)
        ready(place.child).then(
          () => logger.warn({ process: place.number }, 'it serves again'),
          error => logger.error({ process: place.number, reason: error.message }, 'it could not start again'),
        )
        watch(place, settings)
      }, pauseMs)
    }
    if (isAlive(place.child)) place.child.once('exit', died)
    else died()
  }

  async function stop(): Promise<void> {
    isStopping = true
    const [engine, ...sockets] = places.map(({ child }) => child)
    if (engine) await step(engine, 'turn-away')
    await Promise.all(places.map(({ child }) => step(child, 'drain')))
    await Promise.all(sockets.map(child => step(child, 'leave')))
    if (engine) await end(engine) // the sockets last: what it still tells agents goes through them
    await Promise.all(sockets.map(end))
  }

  try {
    await open(0, config)
    // The first one finds the port where any will do; the others share it.
    const url = await open(1, config)
    const settings = { ...config, port: Number(new URL(url).port) }
    await Promise.all(Array.from({ length: config.sockets - 1 }, (_, i) => open(i + 2, settings)))
    for (const place of places) watch(place, settings)
    return { url, reload: () => places[0] && send(places[0].child, { type: 'reload' }), stop }
  } catch (error) {
    isStopping = true
    await Promise.all(places.map(({ child }) => kill(child)))
    throw error
  }
}

/** Whoever shares a port by `reusePort` would quietly share it with another installation's sockets too. */
async function checkPort({ host, port }: Config): Promise<void> {
  if (port === 0) return
  const probe = createServer()
  await new Promise<void>((resolve, reject) => {
    probe.once('error', cause =>
      reject('code' in cause && cause.code === 'EADDRINUSE' ? new Fault('PORT_IN_USE', { host, port }, { cause }) : cause),
    )
    probe.listen({ host, port, exclusive: true }, resolve)
  })
  await new Promise(resolve => probe.close(resolve))
}

const isAlive = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null

function send(child: ChildProcess, message: ToChild): void {
  if (child.connected) child.send(message, () => {}) // a child that is gone shows by its exit
}

function ready(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.on('message', (message: FromChild) => {
      if (message.type === 'ready') resolve(message.url)
      if (message.type === 'failed') reject(faultOf(message.fault))
    })
    child.once('exit', (code, signal) => reject(new Error(`it ended with ${code ?? signal} before it served`)))
  })
}

/** Resolves when the child has done the step, or is gone. */
function step(child: ChildProcess, name: Step): Promise<void> {
  if (!isAlive(child)) return Promise.resolve()
  return new Promise(resolve => {
    child.once('exit', () => resolve())
    child.on('message', (message: FromChild) => {
      if (message.type === 'done' && message.step === name) resolve()
    })
    send(child, { type: name })
  })
}

async function end(child: ChildProcess): Promise<void> {
  if (!isAlive(child)) return
  const ended = once(child, 'exit')
  send(child, { type: 'end' })
  await ended
}

async function kill(child: ChildProcess): Promise<void> {
  if (!isAlive(child)) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}
