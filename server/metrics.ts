// What Prometheus scrapes at /metrics. Labels are bounded: codes, actions and voters of this installation, never ids of people.
import type { EngineObserver } from '@parley/core/engine.ts'
import type { FaultCode } from '@parley/core/faults.ts'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { StoreState } from './drivers/store-state.ts'
import type { EnsemblesView } from './http/operator-ensembles.ts'
import type { SocketReport } from './link/messages.ts'
import type { Delivery } from './webhooks/webhook-store.ts'

export interface Metrics extends Pick<EngineObserver, 'decided' | 'rated' | 'overdue' | 'erased'> {
  readonly sockets: Gauge
  readonly deskSockets: Gauge
  readonly faults: Counter<'code'>
  readonly logReads: Counter
  readonly pluginHostDeaths: Counter<'runtime' | 'reason'>
  readonly pluginOff: Counter<'plugin' | 'reason'>
  readonly remoteRequests: Counter<'shop' | 'voter' | 'outcome'>
  readonly remoteTokens: Counter<'shop' | 'voter'>
  readonly remoteDropped: Counter<'shop' | 'voter'>
  readonly remoteOff: Gauge<'shop' | 'voter'>
  readonly shadowTurns: Counter<'plugin' | 'outcome'>
  readonly ensembleShadowTurns: Counter<'shop' | 'outcome'>
  readonly studioReports: Counter<'state'>
  /** Conversations that a node which was dead had left, and that were finished here. */
  readonly takenOver: Counter
  readonly conversationsOpened: Counter<'from'>
  readonly snapshots: Counter<'outcome'>
  readonly contentType: string
  fault(code: FaultCode): void
  /** From now on each scrape asks how many nodes live. */
  nodes(alive: () => number): void
  /** From now on each scrape asks what the copy of the log lacks. */
  copy(behind: () => number): void
  /** From now on each scrape asks for the ensembles. */
  ensembles(view: () => EnsemblesView): void
  jobFailed(kind: string): void
  webhook(delivery: Pick<Delivery, 'shop' | 'outcome'>): void
  bug(): void
  /** What a socket process tells of itself; undefined when it is out of reach. */
  reported(process: number, report: SocketReport | undefined): void
  render(): Promise<string>
}

const MS = [1, 2, 5, 10, 20, 30, 50, 100, 200, 500, 1_000, 3_000]

/** `logStore`: how the log's store stands; asked at each scrape. */
export function createMetrics(turnsUnderWay: () => number, logStore: () => StoreState): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const sockets = new Gauge({ name: 'parley_sockets', help: 'Open customer sockets.', registers })
  const deskSockets = new Gauge({ name: 'parley_desk_sockets', help: "Open sockets of agents' consoles.", registers })
  const processSockets = new Gauge({
    name: 'parley_socket_process_sockets',
    help: 'Open customer sockets of each socket process (--sockets).',
    labelNames: ['process'],
    registers,
  })
  const processBytes = new Gauge({
    name: 'parley_socket_process_resident_bytes',
    help: 'Resident memory of each socket process (--sockets).',
    labelNames: ['process'],
    registers,
  })
  const perProcess = new Map<number, number>()
  const faults = new Counter({
    name: 'parley_faults_total',
    help: 'Expected failures, by code (docs/faults.md).',
    labelNames: ['code'],
    registers,
  })
  const bugs = new Counter({ name: 'parley_bugs_total', help: 'Broken invariants; each is in the log.', registers })
  const logReads = new Counter({
    name: 'parley_log_reads_total',
    help: 'Conversations read from the log; one that memory holds needs none.',
    registers,
  })
  const decisions = new Counter({
    name: 'parley_decisions_total',
    help: 'Decided turns.',
    labelNames: ['action', 'disposition'],
    registers,
  })
  const thumbs = new Counter({
    name: 'parley_thumbs_total',
    help: 'What customers said of replies: up, down, or none where they took it back.',
    labelNames: ['shop', 'thumb'],
    registers,
  })
  const overdue = new Counter({
    name: 'parley_overdue_total',
    help: 'Conversations that waited longer for a person than the shop promises (slaMinutes).',
    labelNames: ['shop'],
    registers,
  })
  const jobsFailed = new Counter({
    name: 'parley_jobs_failed_total',
    help: 'Jobs whose tries are spent, by kind: parley jobs list --state failed.',
    labelNames: ['kind'],
    registers,
  })
  const webhookDeliveries = new Counter({
    name: 'parley_webhook_deliveries_total',
    help: 'Attempts to deliver to webhooks, by what came of them.',
    labelNames: ['shop', 'outcome'],
    registers,
  })
  const turnMs = new Histogram({ name: 'parley_turn_milliseconds', help: 'From the question to the reply.', buckets: MS, registers })
  const voterMs = new Histogram({
    name: 'parley_voter_milliseconds',
    help: 'Time of a voter that answered.',
    labelNames: ['voter'],
    buckets: MS,
    registers,
  })
  const abstentions = new Counter({
    name: 'parley_abstentions_total',
    help: 'Abstentions, by reason.',
    labelNames: ['voter', 'reason'],
    registers,
  })
  const pluginHostDeaths = new Counter({
    name: 'parley_plugin_host_deaths_total',
    help: 'Plugin hosts that died or were killed.',
    labelNames: ['runtime', 'reason'],
    registers,
  })
  const pluginOff = new Counter({
    name: 'parley_plugin_off_total',
    help: 'Times that a plugin was switched off, because it took hosts down or came late.',
    labelNames: ['plugin', 'reason'],
    registers,
  })
  const remoteRequests = new Counter({
    name: 'parley_remote_voter_requests_total',
    help: 'Requests to remote voters, by what came of them.',
    labelNames: ['shop', 'voter', 'outcome'],
    registers,
  })
  const remoteTokens = new Counter({
    name: 'parley_remote_voter_tokens_total',
    help: 'Tokens of language models that vote, as they say, or as estimated where they do not.',
    labelNames: ['shop', 'voter'],
    registers,
  })
  const remoteDropped = new Counter({
    name: 'parley_remote_votes_dropped_total',
    help: 'Votes of remote voters for actions that the shop does not have.',
    labelNames: ['shop', 'voter'],
    registers,
  })
  const remoteOff = new Gauge({
    name: 'parley_remote_voter_off',
    help: '1 while a remote voter is left alone, because it failed or asked for it.',
    labelNames: ['shop', 'voter'],
    registers,
  })
  const shadowTurns = new Counter({
    name: 'parley_plugin_shadow_turns_total',
    help: 'Turns of plugins in shadow, by what came of comparing them.',
    labelNames: ['plugin', 'outcome'],
    registers,
  })
  const ensembleShadowTurns = new Counter({
    name: 'parley_ensemble_shadow_turns_total',
    help: 'Turns of ensembles in shadow: decided the same, otherwise, failed, late or skipped.',
    labelNames: ['shop', 'outcome'],
    registers,
  })
  const studioReports = new Counter({
    name: 'parley_studio_reports_total',
    help: 'Reports of the Studio by how they ended: done, failed, cancelled, broken-off or erased.',
    labelNames: ['state'],
    registers,
  })
  const takenOver = new Counter({
    name: 'parley_taken_over_total',
    help: 'Conversations that were finished here because the node that had them in hand is dead or gone.',
    registers,
  })
  let nodesNow = (): number => 1
  new Gauge({
    name: 'parley_nodes_alive',
    help: 'Nodes that share the log and live, as this one judges; 0 while it has no lease itself.',
    registers,
    collect() {
      this.set(nodesNow())
    },
  })
  let behindNow = (): number => 0
  new Gauge({
    name: 'parley_log_behind_messages',
    help: "Messages that the streams are known to have and this node's copy of the log has not.",
    registers,
    collect() {
      this.set(behindNow())
    },
  })
  const ensembleTurns = new Counter({
    name: 'parley_ensemble_turns_total',
    help: 'Decided turns by the ensemble that decided them.',
    labelNames: ['shop', 'ensemble', 'disposition'],
    registers,
  })
  let ensemblesNow = (): EnsemblesView => ({})
  new Gauge({
    name: 'parley_ensemble_share',
    help: 'Share of the conversations that an ensemble decides: in force, as a canary, or none, in shadow.',
    labelNames: ['shop', 'ensemble', 'as'],
    registers,
    collect() {
      this.reset()
      for (const [shop, { inForce, canary, shadow }] of Object.entries(ensemblesNow())) {
        this.set({ shop, ensemble: inForce, as: 'in-force' }, 1 - (canary?.share ?? 0))
        if (canary) this.set({ shop, ensemble: canary.version, as: 'canary' }, canary.share)
        if (shadow) this.set({ shop, ensemble: shadow.version, as: 'shadow' }, 0)
      }
    },
  })
  const conversationsOpened = new Counter({
    name: 'parley_conversations_opened_total',
    help: 'Conversations that were not in memory, by what they were read from: a snapshot with the end of the log, or the whole log.',
    labelNames: ['from'],
    registers,
  })
  const erasedConversations = new Counter({
    name: 'parley_erased_conversations_total',
    help: 'Conversations that were erased, by who asked for it: an agent, the operator, or the time that the shop keeps them.',
    labelNames: ['by'],
    registers,
  })
  const snapshots = new Counter({
    name: 'parley_snapshots_total',
    help: 'Snapshots that were written, and failures to read or write one: what wanted it went on without.',
    labelNames: ['outcome'],
    registers,
  })
  new Gauge({
    name: 'parley_turns_under_way',
    help: 'Undecided turns now.',
    registers,
    collect() {
      this.set(turnsUnderWay())
    },
  })
  addLogStore(registers, logStore)
  return {
    sockets,
    deskSockets,
    faults,
    logReads,
    pluginHostDeaths,
    pluginOff,
    remoteRequests,
    remoteTokens,
    remoteDropped,
    remoteOff,
    shadowTurns,
    ensembleShadowTurns,
    studioReports,
    takenOver,
    conversationsOpened,
    snapshots,
    contentType: registry.contentType,
    fault: code => faults.inc({ code }),
    nodes(alive) {
      nodesNow = alive
    },
    copy(behind) {
      behindNow = behind
    },
    ensembles(view) {
      ensemblesNow = view
    },
    bug: () => bugs.inc(),
    reported(process, report) {
      if (report === undefined) {
        perProcess.delete(process)
        processSockets.remove({ process })
        processBytes.remove({ process })
      } else {
        perProcess.set(process, report.sockets)
        processSockets.set({ process }, report.sockets)
        processBytes.set({ process }, report.residentBytes)
        for (const [code, count] of Object.entries(report.faults)) faults.inc({ code }, count)
        bugs.inc(report.bugs)
      }
      sockets.set([...perProcess.values()].reduce((sum, count) => sum + count, 0))
    },
    decided({ shop }, { decision }) {
      ensembleTurns.inc({ shop, ensemble: decision.ensemble, disposition: decision.disposition })
      decisions.inc({ action: decision.action, disposition: decision.disposition })
      turnMs.observe(decision.ms)
      for (const ballot of decision.votes) {
        if (ballot.abstained) abstentions.inc({ voter: ballot.voter, reason: ballot.reason ?? 'silent' })
        else voterMs.observe({ voter: ballot.voter }, ballot.ms)
      }
    },
    jobFailed: kind => jobsFailed.inc({ kind }),
    webhook: ({ shop, outcome }) => webhookDeliveries.inc({ shop, outcome }),
    rated: ({ shop }, thumb) => thumbs.inc({ shop, thumb: thumb ?? 'none' }),
    overdue: ({ shop }) => overdue.inc({ shop }),
    erased: ({ by, conversations }) => erasedConversations.inc({ by: by.kind }, conversations.length),
    render: () => registry.metrics(),
  }
}

function addLogStore(registers: Registry[], logStore: () => StoreState): void {
  let state = logStore()
  const gauge = (name: string, help: string, value: () => number): Gauge =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value())
      },
    })
  // The first of them looks, for all: a registry collects in the order of registration.
  gauge('parley_log_map_bytes', "What is mapped of the log's file; it grows by itself.", () => {
    state = logStore()
    return state.mapBytes
  })
  gauge('parley_log_used_bytes', "Pages of the log's store that hold something.", () => state.usedBytes)
  gauge('parley_log_free_bytes', "Pages of the log's store that are free, and used before the file grows.", () => state.freeBytes)
  gauge('parley_log_readers', "Readers of the log's store now, of all processes.", () => state.readers)
  gauge(
    'parley_log_oldest_reader_commits',
    "Commits since the one that the oldest reader of the log's store sees: while it rises, the file grows with every commit.",
    () => state.oldestReaderCommits,
  )
}
