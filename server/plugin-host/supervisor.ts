// Keeps one host of a runtime at work and a warm one in reserve, watches both, and kills without asking: no thread of ours can be held up by
// a plugin, since a process killed with -9 ends in milliseconds whatever it is doing. The reserve takes over at once, and what was under way
// is asked again there, except of the plugin that is held to have done it.
import type { Clock } from '@parley/core/ports/clock.ts'
import type { Runtime } from '@parley/plugin-sdk/manifest.ts'
import { type Breaker, createBreaker, type OffReason } from './breaker.ts'
import { type Host, startHost } from './host.ts'
import type { HostDeath, PluginObserver } from './observer.ts'
import {
  type Asked,
  type Call,
  type FromHost,
  type Guest,
  MESSAGE_CHARACTERS,
  machineClock,
  type Outcome,
  type PyodideFiles,
  type Round,
  type Weight,
} from './protocol.ts'

/** Beyond a plugin's own limit, within which the isolate should have stopped it: then the isolate cannot. */
const GRACE_MS = 100
const TICK_MS = 10
/**
 * What a host must have had of a processor since an overdue call was given to it, to be held to hang: an honest call takes a tenth of it, so a
 * host that had less waited for the machine. Of calls that wait behind an older one, that may have had it all. Whatever is not answered so much later
 * than it should hangs all the same.
 */
const HANGING_CPU_MS = 50
const HANGING_MS = 2_000
/**
 * Memory that a host may take beyond what it had when it was ready: what its plugins may, what it needs itself (under full load it grows by
 * some 50 MB and stays there: docs/decisions/0003-plugin-isolation.md), and never more than the last; and the garbage that each isolate may hold
 * between two collections.
 */
const HOST_MB = 96
const MOST_MB = 300
const GARBAGE_MB = 6
const START = { typescript: { budgetMs: 5_000, memoryMb: 400 }, python: { budgetMs: 20_000, memoryMb: 400 } }
/** A host that will not start is tried again after twice as long each time. */
const RETRY_MS = 100
const LONGEST_RETRY_MS = 30_000
const STARTS_BEFORE_GIVING_UP_WAITING = 3
/** Beyond this many calls under way the plugins are shed: their backlog must not make the watchdog see hanging hosts. */
const MOST_IN_FLIGHT = 1_024
/** A host of many plugins takes as many turns as one of sixteen. */
const MOST_IN_FLIGHT_EACH = 64

export type Result = Outcome | { readonly type: 'off'; readonly reason: string } | { readonly type: 'crashed'; readonly reason: string }

export interface Supervisor {
  /** Puts a question to a plugin; `settle` is called exactly once: at the latest when the host is held to hang, or at `close`. */
  ask(plugin: string, asked: Asked, settle: (result: Result) => void): void
  /** What a plugin has taken of the host at work; undefined when there is none, or it dies meanwhile. */
  weigh(plugin: string): Promise<Weight | undefined>
  /** Resolves when every plugin has been loaded or given up, or when hosts have failed to start a few times. Never rejects. */
  readonly ready: Promise<void>
  /** Why a plugin is off for a while; undefined when it is asked. */
  off(plugin: string): OffReason | undefined
  /** Whether a host was ready once, or none is needed. */
  hasStarted(): boolean
  /** Kills all hosts; resolves when they are gone. */
  close(): Promise<void>
}

export interface SupervisorOptions {
  readonly runtime: Runtime
  readonly guests: readonly Guest[]
  /** Python only. */
  readonly pyodide?: PyodideFiles
  readonly observer: PluginObserver
  readonly clock: Clock
  /** 1 does without the reserve: at a developer's, where no turn waits. */
  readonly hosts?: 1 | 2
  /** The plugin cannot be loaded: it is off for good. */
  readonly onUnloadable: (plugin: string, reason: string) => void
  readonly program?: string // what a host runs, for tests
}

interface Pending extends Call {
  readonly question: string
  /** On the watchdog's clock, when it was given to the host it is at; and what that had had of a processor by then. */
  readonly sentAt: number
  readonly sentAtCpuMs: number | undefined
  readonly settle: (result: Result) => void
}

/** A host and what it is doing. */
interface Post {
  readonly host: Host
  /** Which of the supervisor's hosts it is: an answer that names another is none of its own. */
  readonly generation: number
  readonly startedAt: number
  readonly inFlight: Map<number, Pending>
  outbox: Pending[]
  /** Those who wait for a weight, by plugin. */
  readonly weighing: Map<string, (weight: Weight | undefined) => void>
  /** Undefined until it is ready. */
  memoryLimitMb: number | undefined
  loading: string | undefined
  /** What it had had of a processor at the watchdog's last look. */
  cpuMs: number | undefined
  /** Who has its thread and does not give it back (quick-lane.ts): it can say nothing itself. */
  holder: string | undefined
  /** At its last answer. */
  entry: number
}

export function createSupervisor({
  runtime,
  guests,
  pyodide,
  observer,
  clock,
  hosts = 2,
  onUnloadable,
  program,
}: SupervisorOptions): Supervisor {
  const guestOf = new Map(guests.map(guest => [guest.plugin, guest]))
  const breakers = new Map<string, Breaker>(
    guests.map(({ plugin }) => [
      plugin,
      createBreaker(clock, {
        off: (reason, forMs) => observer.onPluginOff?.({ plugin, reason, forMs }),
        back: () => observer.onPluginBack?.({ plugin }),
      }),
    ]),
  )
  const unloadable = new Set<string>()
  let posts: Post[] = [] // the first that is ready is at work, the other is the reserve
  let hasStarted = false
  let failedStarts = 0
  let isClosed = false
  let nextId = 1
  let nextGeneration = 1
  const { promise: ready, resolve: becomeReady } = Promise.withResolvers<void>()

  const isReady = (post: Post): boolean => post.memoryLimitMb !== undefined
  const atWork = (): Post | undefined => posts.find(post => isReady(post) && post.holder === undefined) ?? posts.find(isReady)
  const hasReserve = (): boolean => posts.filter(isReady).length > 1

  // --- the watchdog's clock counts only while the engine is awake: an answer that waits behind a busy engine is not a hanging host
  let awake = 0
  let lastTick = clock.monotonic()
  let isTicking = false
  const keepTicking = (): void => {
    const needsWatch = !isClosed && posts.some(post => !isReady(post) || post.inFlight.size > 0)
    if (!needsWatch || isTicking) return
    isTicking = true
    lastTick = clock.monotonic()
    const tick = (): void => {
      const now = clock.monotonic()
      awake += Math.min(now - lastTick, 2 * TICK_MS)
      lastTick = now
      isTicking = false
      for (const post of [...posts]) watch(post)
      keepTicking()
    }
    clock.after(TICK_MS, tick)
  }

  const watch = (post: Post): void => {
    const { memoryMb } = START[runtime]
    const budgetMs = (START[runtime].budgetMs + guests.reduce((sum, { startMs }) => sum + startMs, 0)) * (failedStarts === 0 ? 1 : 2)
    const residentMb = post.host.residentMb() ?? 0
    if (!isReady(post)) {
      // The sandbox stops a plugin that does not end its loading long before: the first time it is the machine that is slow.
      if (awake - post.startedAt > budgetMs)
        retire(post, 'start', failedStarts === 0 ? undefined : post.loading, `not ready after ${budgetMs} ms`)
      else if (residentMb > memoryMb + reservedMb()) retire(post, 'memory', post.loading, `${Math.round(residentMb)} MB while starting`)
      return
    }
    post.cpuMs = post.host.cpuMs()
    const hanging = [...post.inFlight.values()].find(
      (call, at) => beyondLimit(call) > (at === 0 && hadProcessor(post, call) ? GRACE_MS : HANGING_MS),
    )
    if (hanging) retire(post, 'time', post.holder ?? hanging.plugin, 'a call went on past its limit')
    else if (post.inFlight.size > 0 && residentMb > post.memoryLimitMb!)
      retire(post, 'memory', suspect(post), `${Math.round(residentMb)} MB resident`)
  }

  const beyondLimit = (call: Pending): number => awake - call.sentAt - guestOf.get(call.plugin)!.timeoutMs // only guests are asked

  /** Where the system does not tell, whoever is overdue hangs. */
  const hadProcessor = ({ cpuMs }: Post, { sentAtCpuMs }: Pending): boolean =>
    cpuMs === undefined || sentAtCpuMs === undefined || cpuMs - sentAtCpuMs >= HANGING_CPU_MS

  /** Python's memory is taken while it loads; TypeScript's limits are small beside a starting host. */
  const reservedMb = (): number => (runtime === 'python' ? guests.length * 250 : 0)

  /** Who holds its thread, or else the plugin of the oldest call: an honest one answers in a millisecond, so what is still there has been at it for long. */
  const suspect = (post: Post): string | undefined => post.holder ?? post.inFlight.values().next().value?.plugin

  // --- a host's life
  const start = (): void => {
    if (isClosed || guests.every(({ plugin }) => unloadable.has(plugin))) {
      hasStarted = true
      return becomeReady()
    }
    if (posts.length >= hosts) return // a start put off may find that another has been made
    const host = startHost(
      message => receive(post, message),
      how => retire(post, isReady(post) ? 'crash' : 'start', isReady(post) ? suspect(post) : post.loading, how),
      program,
    )
    const post: Post = {
      host,
      generation: nextGeneration++,
      startedAt: awake,
      inFlight: new Map(),
      outbox: [],
      weighing: new Map(),
      memoryLimitMb: undefined,
      cpuMs: undefined,
      loading: undefined,
      holder: undefined,
      entry: 0,
    }
    posts.push(post)
    if (pyodide) host.sendPyodide(pyodide)
    for (const guest of guests) if (!unloadable.has(guest.plugin)) host.send({ type: 'load', guest })
    host.send({ type: 'loaded-all', generation: post.generation, hasReserve: hosts > 1 })
    keepTicking()
  }

  const receive = (post: Post, message: FromHost): void => {
    if (!posts.includes(post)) return // killed; its ballots are cast
    switch (message.type) {
      case 'loading':
        post.loading = message.plugin
        return
      case 'not-loaded':
        return giveUp(message.plugin, message.reason)
      case 'ready':
        post.loading = undefined
        post.memoryLimitMb =
          (post.host.residentMb() ?? 0) +
          Math.min(MOST_MB, HOST_MB + guests.reduce((sum, guest) => sum + guest.memoryMb, 0)) +
          GARBAGE_MB * guests.length
        failedStarts = 0
        hasStarted = true
        becomeReady()
        observer.onHostReady?.({ runtime, pid: post.host.pid! }) // it has spoken, so it has one
        if (posts.length < hosts) start()
        return
      case 'answers':
        if (message.generation !== post.generation) return
        post.entry = message.entry
        post.holder = undefined
        for (const { id, outcome } of message.answers) {
          const call = post.inFlight.get(id)
          if (!call) continue
          post.inFlight.delete(id)
          call.settle(outcome)
        }
        return
      case 'held':
        if (message.entry <= post.entry || !guestOf.has(message.plugin)) return // over by now
        post.holder = message.plugin
        return handOver(post)
      case 'weight':
        return post.weighing.get(message.plugin)?.(message.weight)
      case 'spent':
        return retire(post, message.reason === 'timeout' ? 'time' : message.reason, message.plugin, 'its isolate is past use')
    }
  }

  /** The others of a host that is held up need not wait for it to be killed, or for their own limits to be over. */
  const handOver = (post: Post): void => {
    if (posts.every(other => !isReady(other) || other.holder !== undefined)) return
    for (const call of [...post.inFlight.values()]) {
      if (call.plugin === post.holder) continue
      post.inFlight.delete(call.id)
      giveAgain(call)
    }
  }

  const giveUp = (plugin: string, reason: string): void => {
    if (unloadable.has(plugin)) return
    unloadable.add(plugin)
    onUnloadable(plugin, reason)
  }

  const retire = (post: Post, reason: HostDeath['reason'], plugin: string | undefined, detail: string): void => {
    if (!posts.includes(post)) return
    posts = posts.filter(other => other !== post)
    post.host.kill()
    for (const tell of post.weighing.values()) tell(undefined)
    if (isClosed) return
    observer.onHostDeath?.({ runtime, reason, plugin, detail })
    if (!isReady(post)) {
      failedStarts++
      if (plugin !== undefined) giveUp(plugin, `it took its host down while it was loaded: ${detail}`)
    } else if (plugin !== undefined) breakers.get(plugin)?.hostDied()
    for (const call of post.inFlight.values()) {
      if (call.plugin === plugin) call.settle({ type: 'crashed', reason: detail })
      else giveAgain(call)
    }
    if (failedStarts >= STARTS_BEFORE_GIVING_UP_WAITING) becomeReady()
    // First the others' calls go to the reserve: to start a process holds up the engine for tens of milliseconds.
    if (failedStarts === 0 || plugin !== undefined) setImmediate(start)
    else clock.after(Math.min(RETRY_MS * 2 ** failedStarts, LONGEST_RETRY_MS), start)
  }

  // --- calls
  const giveAgain = (call: Pending): void => {
    if (call.deadline <= machineClock()) call.settle({ type: 'skipped' })
    else give(call)
  }

  const give = (call: Omit<Pending, 'sentAt' | 'sentAtCpuMs'>): void => {
    const post = posts.find(({ holder }) => holder === call.plugin) ?? atWork() // it must not come to hold the reserve as well
    if (!post) return call.settle({ type: 'off', reason: 'no host is ready' })
    if (post.inFlight.size === 0) post.cpuMs = post.host.cpuMs() // the watchdog does not look at one that is idle
    const pending = { ...call, sentAt: awake, sentAtCpuMs: post.cpuMs }
    post.inFlight.set(call.id, pending)
    // Calls of one tick go in one message.
    if (post.outbox.push(pending) === 1)
      setImmediate(() => {
        for (const rounds of roundsOf(post.outbox.splice(0))) post.host.send({ type: 'ask', rounds })
      })
    keepTicking()
  }

  const ask: Supervisor['ask'] = (plugin, asked, settle) => {
    const off = (reason: string): void => settle({ type: 'off', reason })
    const guest = guestOf.get(plugin)
    const breaker = breakers.get(plugin)
    const post = atWork()
    if (!guest || !breaker || unloadable.has(plugin)) return off('it could not be loaded')
    if (!post) return off('no host is ready')
    if (post.inFlight.size >= Math.max(MOST_IN_FLIGHT, MOST_IN_FLIGHT_EACH * guests.length)) return off('too many calls are under way')
    // It may do it again: only with a reserve, so that the others' votes go on.
    if (breaker.hasKilled() && !hasReserve()) return off('it took a host down and the next is not ready')
    if (!breaker.admits()) return off('it failed too often')
    const noted = (result: Result): void => {
      note(breaker, result)
      settle(result)
    }
    give({ id: nextId++, plugin, ...asked, deadline: machineClock() + guest.timeoutMs, settle: noted })
  }

  /** A host's death is counted once, where it is noticed, however many calls it took along. */
  const note = (breaker: Breaker, result: Result): void => {
    if (result.type === 'late') breaker.timedOut()
    else if (result.type === 'off' || result.type === 'skipped') breaker.notAsked()
    else if (result.type !== 'crashed') breaker.answered()
  }

  const weigh: Supervisor['weigh'] = plugin =>
    new Promise(resolve => {
      const post = atWork()
      if (!post || unloadable.has(plugin)) return resolve(undefined)
      post.weighing.set(plugin, resolve)
      post.host.send({ type: 'weigh', plugin })
    })

  start()
  return {
    ask,
    weigh,
    ready,
    off: plugin => breakers.get(plugin)?.off(),
    hasStarted: () => hasStarted,
    async close() {
      isClosed = true
      const ending = posts
      posts = []
      for (const post of ending) {
        post.host.kill()
        for (const tell of post.weighing.values()) tell(undefined)
        for (const call of post.inFlight.values()) call.settle({ type: 'off', reason: 'the server is closing' })
      }
      becomeReady()
      await Promise.all(ending.map(post => post.host.ended))
    },
  }
}

/** What each message of an outbox holds: calls that put one question stand together, and no message grows beyond what a host takes. */
function roundsOf(calls: readonly Pending[]): readonly Round[][] {
  const messages: Round[][] = []
  let last: { readonly question: string; readonly calls: Call[] } | undefined
  let characters = MESSAGE_CHARACTERS
  for (const { id, plugin, deadline, question, given } of calls) {
    if (last?.question !== question) {
      if (characters >= MESSAGE_CHARACTERS) {
        messages.push([])
        characters = 0
      }
      characters += question.length
      last = { question, calls: [] }
      messages.at(-1)!.push(last) // the first question has begun one
    }
    characters += given?.length ?? 0
    last.calls.push({ id, plugin, deadline, ...(given === undefined ? {} : { given }) })
  }
  return messages
}
