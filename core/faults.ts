// Every expected failure, in one table. A code never changes its meaning; docs/faults.md lists the table and a test holds the two together.
// A broken invariant is a plain Error and a bug. Odd user text is no fault: it is data.

interface FaultKind<D> {
  /** True when the same request may succeed later without being changed. */
  readonly isRetryable: boolean
  readonly message: (details: D) => string
}

const fault = <D>(isRetryable: boolean, message: (details: D) => string): FaultKind<D> => ({ isRetryable, message })

/** Line 0 is none of the file's: what is wrong is the file. */
const placeIn = ({ file, line }: { file: string; line: number }): string => (line > 0 ? `${file}:${line}` : file)

export const FAULTS = {
  // What a client sent
  FRAME_NOT_JSON: fault(false, (d: { reason: string }) => `the frame is not JSON: ${d.reason}`),
  FRAME_INVALID: fault(
    false,
    (d: { path: string; reason: string }) => `the frame is not of the protocol at ${d.path || '(the whole)'}: ${d.reason}`,
  ),
  FRAME_TOO_LARGE: fault(false, (d: { limit: number }) => `the frame is larger than the ${d.limit} bytes allowed`),
  FRAME_BINARY: fault(false, (_: Record<never, never>) => 'the frame is binary; frames are JSON text'),
  PROTOCOL_VERSION: fault(
    false,
    (d: { given: unknown; spoken: number }) => `protocol ${JSON.stringify(d.given)} is not spoken here; this server speaks ${d.spoken}`,
  ),
  HELLO_EXPECTED: fault(false, (d: { type: string }) => `the first frame must be "hello", not ${JSON.stringify(d.type)}`),
  HELLO_TWICE: fault(false, (_: Record<never, never>) => 'this connection has said "hello" already'),
  TOKEN_INVALID: fault(false, (d: { reason: string }) => `the token is not valid: ${d.reason}`),
  TOKEN_EXPIRED: fault(false, (_: Record<never, never>) => 'the token has expired; fetch a new one'),
  UNKNOWN_SHOP: fault(false, (d: { shop: string }) => `there is no shop ${JSON.stringify(d.shop)}`),
  UNKNOWN_CONVERSATION: fault(
    false,
    (d: { conversation: string }) => `there is no conversation ${JSON.stringify(d.conversation)} of yours`,
  ),
  UNKNOWN_CUSTOMER: fault(false, (d: { customer: string }) => `nothing is kept of customer ${JSON.stringify(d.customer)}`),
  SIGN_IN_REFUSED: fault(false, (_: Record<never, never>) => 'the name or the password is not right'),
  ROLE_REFUSED: fault(false, (d: { role: string; page: string }) => `whoever has the role ${d.role} signs in at ${d.page}`),
  ORIGIN_REFUSED: fault(false, (d: { origin: string }) => `a page of ${JSON.stringify(d.origin)} may not ask this`),
  TEXT_EMPTY: fault(false, (_: Record<never, never>) => 'the message has no text'),
  TEXT_TOO_LONG: fault(
    false,
    (d: { characters: number; limit: number }) => `the message has ${d.characters} characters, more than the ${d.limit} allowed`,
  ),
  TEXT_TOO_LARGE: fault(
    false,
    (d: { bytes: number; limit: number }) => `the message has ${d.bytes} bytes, more than the ${d.limit} allowed`,
  ),
  REF_REUSED: fault(
    false,
    (d: { ref: string; seq: number }) => `message id ${JSON.stringify(d.ref)} stands for another text already, at seq ${d.seq}`,
  ),
  ALREADY_CLAIMED: fault(false, (d: { by: string }) => `${d.by} has taken it`),
  NOT_WAITING: fault(false, (_: Record<never, never>) => 'it does not wait for a person any more'),
  NOT_OWNER: fault(false, (d: { owner: string }) => `it is not yours to write in: ${d.owner} has it`),
  ERASURE_NOT_ASKED: fault(
    false,
    (_: Record<never, never>) => 'the customer has not asked for it: an agent erases what came because of that',
  ),
  ROLLBACK_INVALID: fault(false, (d: { reason: string }) => `that can't be taken back: ${d.reason}`),
  RATING_INVALID: fault(false, (d: { reason: string }) => `that can't be rated: ${d.reason}`),
  LABEL_INVALID: fault(false, (d: { reason: string }) => `that can't be said of the turn: ${d.reason}`),
  RATE_LIMITED: fault(true, (d: { retryAfterMs: number }) => `too many in a short time; try again in ${d.retryAfterMs} ms`),
  OVERLOADED: fault(true, (d: { what: string; retryAfterMs: number }) => `${d.what} is full; try again in ${d.retryAfterMs} ms`),
  SHUTTING_DOWN: fault(true, (_: Record<never, never>) => 'the server is shutting down; connect again'),
  // What an operator wrote
  CONFIG_INVALID: fault(false, (d: { file: string; path: string; reason: string }) => `${d.file}: ${d.path || '(the whole)'}: ${d.reason}`),
  PACK_INVALID: fault(false, (d: { file: string; path: string; reason: string }) => `${d.file}: ${d.path || '(the whole)'}: ${d.reason}`),
  ENSEMBLE_INVALID: fault(
    false,
    (d: { file: string; path: string; reason: string }) => `${d.file}: ${d.path || '(the whole)'}: ${d.reason}`,
  ),
  UNKNOWN_ENSEMBLE: fault(
    false,
    (d: { ensemble: string; reason: string }) => `ensemble ${JSON.stringify(d.ensemble)} can't be used: ${d.reason}`,
  ),
  UNKNOWN_SET: fault(false, (d: { set: string }) => `there is no set of turns ${JSON.stringify(d.set)}`),
  UNKNOWN_REPORT: fault(false, (d: { report: string }) => `there is no report ${JSON.stringify(d.report)}`),
  TRIAL_FAILED: fault(false, (d: { reason: string }) => `it can't be tried: ${d.reason}`),
  TRIAL_OVERTAKEN: fault(false, (_: Record<never, never>) => 'the same person has asked for another trial since'),
  REPORT_NOT_DONE: fault(false, (d: { report: string; state: string }) => `report ${d.report} has no result: it is ${d.state}`),
  STUDIO_FULL: fault(false, (d: { what: string; limit: number }) => `there are ${d.limit} ${d.what} already: remove some`),
  NO_EARLIER_ENSEMBLE: fault(false, (d: { shop: string }) => `no other ensemble was in force before in shop ${JSON.stringify(d.shop)}`),
  ENSEMBLE_REFUSED: fault(false, (d: { shop: string; reason: string }) => `shop ${JSON.stringify(d.shop)}: ${d.reason}`),
  MODEL_INVALID: fault(false, (d: { file: string; reason: string }) => `${d.file}: ${d.reason}`),
  UNKNOWN_MODEL: fault(
    false,
    (d: { kind: string; model: string; reason: string }) => `${d.kind} model ${JSON.stringify(d.model)} can't be used: ${d.reason}`,
  ),
  PHRASE_INVALID: fault(
    false,
    (d: { phrase: string; reason: string }) => `the phrase ${JSON.stringify(d.phrase)} can't be added: ${d.reason}`,
  ),
  UNKNOWN_PHRASE: fault(
    false,
    (d: { shop: string; action: string; phrase: string }) =>
      `shop ${JSON.stringify(d.shop)} has added no phrase ${JSON.stringify(d.phrase)} for ${d.action}`,
  ),
  NO_EARLIER_MODEL: fault(
    false,
    (d: { shop: string; kind: string }) => `no other ${d.kind} model was in force before in shop ${JSON.stringify(d.shop)}`,
  ),
  TRAINING_DATA_INVALID: fault(
    false,
    (d: { file: string; line: number; reason: string; problems: number }) =>
      `${placeIn(d)}: ${d.reason}${d.problems > 1 ? ` (and ${d.problems - 1} more)` : ''}`,
  ),
  ENCODER_ABSENT: fault(
    false,
    (d: { encoder: string; there: string }) => `there is no encoder ${JSON.stringify(d.encoder)} here; there is: ${d.there}`,
  ),
  ENCODER_INVALID: fault(false, (d: { encoder: string; reason: string }) => `encoder ${d.encoder}: ${d.reason}`),
  HUB_UNREACHABLE: fault(true, (d: { url: string; reason: string }) => `the hub of encoders, ${d.url}: ${d.reason}`),
  ARTICLES_INVALID: fault(
    false,
    (d: { file: string; line: number; reason: string; problems: number }) =>
      `${placeIn(d)}: ${d.reason}${d.problems > 1 ? ` (and ${d.problems - 1} more)` : ''}`,
  ),
  UNKNOWN_ARTICLE: fault(
    false,
    (d: { shop: string; article: string }) => `shop ${JSON.stringify(d.shop)} has no article ${JSON.stringify(d.article)}`,
  ),
  NO_EARLIER_ARTICLES: fault(
    false,
    (d: { shop: string }) => `the articles of shop ${JSON.stringify(d.shop)} were never others that can be put back`,
  ),
  TOO_MANY_ARTICLES: fault(
    false,
    (d: { shop: string; articles: number; limit: number }) =>
      `shop ${JSON.stringify(d.shop)} would have ${d.articles} articles, more than the ${d.limit} allowed`,
  ),
  UNKNOWN_TRAINING: fault(false, (d: { run: string }) => `nothing is kept of training ${JSON.stringify(d.run)}: start it again`),
  PLUGIN_INVALID: fault(
    false,
    (d: { plugin: string; path: string; reason: string }) => `plugin ${d.plugin}: ${d.path || '(the whole)'}: ${d.reason}`,
  ),
  BUNDLE_INVALID: fault(false, (d: { file: string; reason: string }) => `the bundle ${d.file} can't be used: ${d.reason}`),
  BUNDLE_UNTRUSTED: fault(
    false,
    (d: { file: string; publisher: string }) =>
      `nobody here trusts the publisher of ${d.file}, ${d.publisher}: parley plugin trust FILE.pub`,
  ),
  KEY_INVALID: fault(false, (d: { file: string; reason: string }) => `the key ${d.file} can't be used: ${d.reason}`),
  VERSION_PUBLISHED: fault(
    false,
    (d: { plugin: string; version: string; where: string }) =>
      `${d.plugin} ${d.version} is published with other content already (${d.where}): a published version never changes, raise it`,
  ),
  UNKNOWN_PUBLISHER: fault(false, (d: { publisher: string }) => `nobody here trusts a publisher ${JSON.stringify(d.publisher)}`),
  UNKNOWN_PLUGIN: fault(
    false,
    (d: { shop: string; plugin: string }) => `no plugin ${JSON.stringify(d.plugin)} is installed in shop ${JSON.stringify(d.shop)}`,
  ),
  PLUGIN_PINNED: fault(
    false,
    (d: { plugin: string; version: string }) => `${d.plugin} is pinned to ${d.version}: parley plugin pin ${d.plugin} --off`,
  ),
  NO_SHADOW: fault(
    false,
    (d: { shop: string; plugin: string }) =>
      `no version of ${d.plugin} runs in shadow in shop ${JSON.stringify(d.shop)}: parley plugin install FILE --shadow`,
  ),
  NO_EARLIER_VERSION: fault(
    false,
    (d: { plugin: string; version: string }) => `no version of ${d.plugin} was in force before ${d.version}`,
  ),
  TURNS_INVALID: fault(false, (d: { file: string; line: number; reason: string }) => `${placeIn(d)}: ${d.reason}`),
  AGENT_INVALID: fault(false, (d: { path: 'name' | 'password'; reason: string }) => `the ${d.path} will not do: ${d.reason}`),
  AGENT_EXISTS: fault(
    false,
    (d: { shop: string; name: string }) => `shop ${JSON.stringify(d.shop)} has an agent ${JSON.stringify(d.name)} already`,
  ),
  UNKNOWN_AGENT: fault(
    false,
    (d: { shop: string; name: string }) => `there is no agent ${JSON.stringify(d.name)} in shop ${JSON.stringify(d.shop)}`,
  ),
  DATA_IN_USE: fault(
    false,
    (d: { folder: string; pid: number }) => `${d.folder} is in use by process ${d.pid}; one engine owns a data folder`,
  ),
  FOLDER_NOT_EMPTY: fault(false, (d: { folder: string }) => `${d.folder} is not empty; name an empty or new folder`),
  BACKUP_INVALID: fault(false, (d: { folder: string; reason: string }) => `the backup ${d.folder} can't be used: ${d.reason}`),
  RESTORE_UNFINISHED: fault(false, (d: { folder: string }) => `a restore into ${d.folder} was not brought to its end`),
  MOVE_UNFINISHED: fault(
    false,
    (d: { folder: string; to: string }) =>
      `a move of ${d.folder} was not brought to its end: bin/parley migrate --to ${d.to} goes on with it`,
  ),
  MOVE_REFUSED: fault(false, (d: { reason: string }) => `nothing was done: ${d.reason}`),
  UNKNOWN_JOB: fault(false, (d: { id: string }) => `there is no job ${JSON.stringify(d.id)}`),
  JOB_NOT_FAILED: fault(false, (d: { id: string; state: string }) => `job ${JSON.stringify(d.id)} has not failed: it is ${d.state}`),
  UNKNOWN_WEBHOOK: fault(false, (d: { webhook: string }) => `there is no webhook ${JSON.stringify(d.webhook)}`),
  PORT_IN_USE: fault(
    false,
    (d: { host: string; port: number }) => `port ${d.port} of ${d.host} is taken; choose another with --port or PORT`,
  ),
  SERVER_UNREACHABLE: fault(true, (d: { url: string; reason: string }) => `no server answers at ${d.url}: ${d.reason}`),
  SOURCE_INVALID: fault(
    false,
    (d: { source: string; file: string; reason: string }) => `${d.file} of ${d.source} can't be used: ${d.reason}`,
  ),
  // What the engine met
  APPEND_CONFLICT: fault(true, (d: { conversation: string }) => `conversation ${d.conversation} has moved on since it was read`),
  LOG_DAMAGED: fault(
    false,
    (d: { conversation: string; seq: number; reason: string }) =>
      `the log of conversation ${d.conversation} is damaged at seq ${d.seq}: ${d.reason}`,
  ),
  LOG_REFUSED: fault(false, (d: { what: string; reason: string }) => `${d.what} can't hold the log: ${d.reason}`),
  LOG_UNAVAILABLE: fault(true, (d: { reason: string; retryAfterMs: number }) => `the servers of the log do not answer: ${d.reason}`),
  NODE_NAME_TAKEN: fault(
    false,
    (d: { node: string; url: string }) =>
      `another process serves as node ${d.node}, at ${d.url}; where its data folder was copied, remove the file node from the copy`,
  ),
  JOBS_NOT_SHARED: fault(
    false,
    (d: { node: string; other: string }) =>
      `node ${d.node} can't serve beside node ${d.other}: nodes that share a log need jobs.driver: bullmq, each of them`,
  ),
  UNKNOWN_NODE: fault(false, (d: { node: string }) => `there is no node ${JSON.stringify(d.node)}: parley cluster status lists them`),
  NODE_ALIVE: fault(false, (d: { node: string }) => `node ${d.node} serves: stop it first, then nothing of it is left`),
  JOBS_UNAVAILABLE: fault(
    true,
    (d: { redis: string; reason: string }) => `the Redis of the jobs, ${d.redis}, can't be reached: ${d.reason}`,
  ),
  JOBS_REFUSED: fault(
    false,
    (d: { redis: string; reason: string }) => `the Redis of the jobs, ${d.redis}, can't be trusted with them: ${d.reason}`,
  ),
  STORAGE_FULL: fault(
    true,
    (d: { what: string; retryAfterMs: number }) => `there is no room to write ${d.what}; nothing of it was kept, try again later`,
  ),
  STORE_DAMAGED: fault(
    false,
    (d: { file: string; reason: string }) => `${d.file} is damaged: ${d.reason}; see "bin/parley doctor" and "bin/parley restore"`,
  ),
  CONVERSATION_ERASED: fault(
    false,
    (d: { conversation: string }) => `conversation ${d.conversation} was erased: what was in it is gone for good`,
  ),
  EVENT_TOO_NEW: fault(false, (d: { type: string; v: number }) => `event ${d.type} has version ${d.v}, newer than this release reads`),
  WEBHOOK_FAILED: fault(true, (d: { webhook: string; reason: string }) => `webhook ${d.webhook} did not take a delivery: ${d.reason}`),
  WEBHOOK_ADDRESS: fault(
    false,
    (d: { host: string }) =>
      `${d.host} is no address that a webhook may reach: it is private, or asked without TLS; webhookHosts can name it`,
  ),
  SOURCE_UNAVAILABLE: fault(true, (d: { source: string; reason: string }) => `${d.source} gave no answer: ${d.reason}`),
  MESH_MISSING: fault(false, (d: { shop: string }) => `shop ${JSON.stringify(d.shop)} has no mesh: set \`mesh\` in parley.yaml`),
  QUERY_REFUSED: fault(false, (d: { reason: string }) => `the query is not answered: ${d.reason}`),
  PLUGIN_TIMEOUT: fault(true, (d: { plugin: string; ms: number }) => `plugin "${d.plugin}" gave no answer in ${d.ms} ms`),
  PLUGIN_CRASHED: fault(true, (d: { plugin: string; reason: string }) => `plugin "${d.plugin}" took its host down: ${d.reason}`),
  PLUGIN_FAILED: fault(true, (d: { plugin: string; reason: string }) => `plugin "${d.plugin}" failed: ${d.reason}`),
  PLUGIN_OFF: fault(true, (d: { plugin: string; reason: string }) => `plugin "${d.plugin}" is off: ${d.reason}`),
  REMOTE_VOTER_TIMEOUT: fault(true, (d: { voter: string; ms: number }) => `${d.voter} gave no answer in ${d.ms} ms`),
  REMOTE_VOTER_FAILED: fault(true, (d: { voter: string; reason: string }) => `${d.voter} failed: ${d.reason}`),
  REMOTE_VOTER_OFF: fault(true, (d: { voter: string; reason: string }) => `${d.voter} is not asked: ${d.reason}`),
} as const

export type FaultCode = keyof typeof FAULTS
export type FaultDetails<C extends FaultCode> = (typeof FAULTS)[C] extends FaultKind<infer D> ? D : never

/** An expected failure. `code` is what programs go by, `message` what people read. */
export class Fault<C extends FaultCode = FaultCode> extends Error {
  readonly code: C
  readonly details: FaultDetails<C>
  constructor(code: C, details: FaultDetails<C>, options?: { readonly cause?: unknown }) {
    // The table's entry for `code` takes exactly `FaultDetails<code>`; the compiler cannot follow the union through the index.
    super((FAULTS[code].message as (d: FaultDetails<C>) => string)(details), options)
    this.name = 'Fault'
    this.code = code
    this.details = details
  }
  get isRetryable(): boolean {
    return FAULTS[this.code].isRetryable
  }
}

export const isFault = <C extends FaultCode>(error: unknown, code?: C): error is Fault<C> =>
  error instanceof Fault && (code === undefined || error.code === code)
