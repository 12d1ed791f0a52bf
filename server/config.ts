// Everything an operator can set, in one schema: read once at the start, checked, and handed down. `parley config doc` prints it.
// Later wins: default, file (parley.yaml or PARLEY_CONFIG), environment, command line.
import { existsSync, readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import { hourIn } from '@parley/core/handoff/handover-cost.ts'
import { WEBHOOK_EVENTS } from '@parley/core/webhooks/webhook-event.ts'
import { parseDocument } from 'yaml'
import { z } from 'zod'
import { CostSettings } from './cost-settings.ts'
import { JobsSettings } from './jobs/jobs-settings.ts'
import { LogSettings } from './log-settings.ts'

const Webhook = z
  .strictObject({
    url: z.url({ protocol: /^https?$/ }).describe('Where events are sent to.'),
    secretFile: z
      .string()
      .optional()
      .describe('File with its secret, whsec_…; with two, the new one first, deliveries are signed with both.'),
    secretEnv: z.string().optional().describe('Environment variable with its secret, instead of a file.'),
    events: z.array(z.enum(WEBHOOK_EVENTS)).default([]).describe('Those that it is told of (docs/webhooks.md); empty: all.'),
    includeText: z.boolean().default(false).describe('Whether what people wrote is sent along.'),
  })
  .refine(hook => (hook.secretFile === undefined) !== (hook.secretEnv === undefined), 'give either secretFile or secretEnv')

/** What the request of a language model says beside model, messages and form of the answer. */
const MODEL_PARAMETERS = { temperature: 0, max_tokens: 200 }
/** These are ours to say. */
const OWN_PARAMETERS = ['model', 'messages', 'response_format', 'stream', 'n', 'tools']

const RemoteVoter = z
  .strictObject({
    id: z
      .string()
      .regex(/^[a-z0-9-]{1,40}$/, 'an id is 1 to 40 of a-z 0-9 -')
      .describe('It votes as remote:ID; an ensemble may give it a weight under this name, or all of them under remote:*.'),
    kind: z
      .enum(['votes', 'openai'])
      .default('votes')
      .describe('votes: it answers turns with votes (docs/remote-voters.md). openai: a language model, asked over chat completions.'),
    url: z
      .url({ protocol: /^https?$/ })
      .describe('votes: where turns are posted to. openai: what stands before /chat/completions, such as http://localhost:11434/v1.'),
    model: z.string().min(1).max(200).optional().describe('openai: the name of the model.'),
    secretFile: z.string().optional().describe('File with the key that it is sent as a bearer token.'),
    secretEnv: z.string().optional().describe('Environment variable with that key, instead of a file.'),
    languages: z
      .array(z.enum(['zh', 'en']))
      .min(1)
      .default(['zh', 'en'])
      .describe('Languages of the turns that it is asked about.'),
    askBelow: z
      .number()
      .min(0)
      .max(1)
      .default(0.9)
      .describe("It is asked where the other voters' decision is less sure than this; 1: at every turn."),
    deadlineMs: z.int().min(1).max(60_000).default(1_500).describe('Milliseconds that a turn waits for it, when it is asked.'),
    requestsPerMinute: z.int().min(1).max(100_000).default(60).describe('Most requests in a minute; beyond, it abstains.'),
    concurrent: z.int().min(1).max(1_000).default(4).describe('Most requests under way; beyond, it abstains.'),
    tokensPerDay: z
      .int()
      .min(1)
      .default(1_000_000)
      .describe('openai: tokens of a day (UTC), sent and received, after which it abstains. Counted in memory: a restart begins anew.'),
    parameters: z
      .record(z.string(), z.unknown())
      .default(MODEL_PARAMETERS)
      .describe('openai: what the request says beside model, messages and form of the answer.'),
  })
  .refine(voter => voter.kind !== 'openai' || voter.model !== undefined, { path: ['model'], message: 'a language model needs its name' })
  .refine(voter => voter.secretFile === undefined || voter.secretEnv === undefined, 'give either secretFile or secretEnv')
  .refine(({ url }) => !/^https?:\/\/[^/?#]*@/.test(url), {
    path: ['url'],
    message: 'a key is no part of the address: secretFile, secretEnv',
  })
  .refine(({ parameters }) => OWN_PARAMETERS.every(name => !(name in parameters)), {
    path: ['parameters'],
    message: `${OWN_PARAMETERS.join(', ')} are not set here`,
  })

const Shop = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/, 'an id is 1 to 64 of a-z 0-9 -')
    .describe('Id of the shop, in URLs and logs.'),
  pack: z.string().default('retail').describe('Folder under packs/ with catalogue, templates and phrases.'),
  ensemble: z
    .string()
    .default('retail')
    .describe('Weights of the votes: the name of a file under ensembles/shipped/, or the path of a .yaml file. SIGHUP reads it again.'),
  plugins: z
    .array(z.string())
    .default(['fresh-goods', 'complaint-analyzer'])
    .describe(
      'Plugins that vote in this shop: names of folders under plugins/, or paths of folders. SIGHUP reads them and their settings again.',
    ),
  pluginSettings: z
    .record(z.string(), z.record(z.string(), z.unknown()))
    .default({})
    .describe("What the shop sets of its plugins, by plugin id and setting: {fresh-goods: {…}}. A plugin's manifest says what there is."),
  ownHosts: z
    .array(z.string())
    .default([])
    .describe(
      "Ids of plugins that run in a host process of their own (some 90 MB each, with a reserve): one that ends takes no other plugin's vote along.",
    ),
  articleEncoder: z
    .string()
    .min(1)
    .default('none')
    .describe(
      'Sentence encoder that compares questions with articles in the place of sub-words: a folder, or the name or hash of one that is kept (docs/knowledge.md).',
    ),
  mesh: z
    .string()
    .min(1)
    .default('none')
    .describe(
      'Its systems, from which facts and effects come: none, demo-shop (examples/demo-shop), or the path of a mesh.yaml (docs/mesh.md).',
    ),
  timeZone: z
    .string()
    .refine(isTimeZone, 'it is no time zone: Asia/Shanghai, Europe/Berlin, UTC')
    .default('UTC')
    .describe('Time zone of the hours that settings name: Asia/Shanghai.'),
  locale: z.enum(['zh-CN', 'en']).default('zh-CN').describe('Locale of a reply where neither the words nor the page tell.'),
  name: z.string().default('').describe('What templates call the shop.'),
  phone: z.string().default('').describe('Number that customers may call; templates leave it out when empty.'),
  hours: z.string().default('').describe('When people answer, in words; templates leave it out when empty.'),
  emergencyPhone: z.string().default('').describe('Number for food safety; templates leave it out when empty.'),
  slaMinutes: z
    .number()
    .gt(0)
    .max(10_080)
    .default(10)
    .describe('Minutes that a customer waits for a person at most: a conversation that waits longer is marked for the agents.'),
  origins: z
    .array(z.string().regex(/^https?:\/\/(\*\.)?[a-z0-9.-]+(:\d{1,5})?$/i, 'must be like https://www.shop.example, without a path'))
    .default([])
    .describe('Origins of the pages that may embed the widget, beside its own; https://*.shop.example stands for all subdomains.'),
  retentionDays: z
    .int()
    .min(0)
    .max(36_500)
    .default(0)
    .describe('Days after its last event from which a conversation that nobody has in hand is erased for good; 0 keeps it for ever.'),
  webhooks: z
    .array(Webhook)
    .refine(hooks => new Set(hooks.map(hook => hook.url)).size === hooks.length, 'two webhooks have the same url')
    .default([])
    .describe('Who is told of what happens in this shop: docs/webhooks.md.'),
  remoteVoters: z
    .array(RemoteVoter)
    .max(8)
    .refine(voters => new Set(voters.map(({ id }) => id)).size === voters.length, 'two remote voters have the same id')
    .default([])
    .describe('Services elsewhere that vote too; what customers write is sent to them: docs/remote-voters.md.'),
  costs: CostSettings,
})
/** With what its variable of the environment holds. */
export type WebhookConfig = z.infer<typeof Webhook> & { readonly secret?: string }
export type RemoteVoterConfig = z.infer<typeof RemoteVoter> & { readonly secret?: string }
export type ShopConfig = Omit<z.infer<typeof Shop>, 'webhooks' | 'remoteVoters'> & {
  readonly webhooks: readonly WebhookConfig[]
  readonly remoteVoters: readonly RemoteVoterConfig[]
}

function isTimeZone(name: string): boolean {
  try {
    hourIn(name)
    return true
  } catch {
    return false
  }
}

/** Loopback and the like by name, an address, or a network with its bits. */
function isNetwork(text: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(text)) return true
  const [address = '', bits, ...more] = text.split('/')
  const version = isIP(address)
  return version !== 0 && more.length === 0 && (bits === undefined || (/^\d+$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128)))
}

const Ms = z.int().min(1).max(600_000)

export const Config = z.strictObject({
  host: z.string().default('127.0.0.1').describe('Address to listen on.').meta({ env: 'HOST' }),
  port: z.coerce.number().int().min(0).max(65_535).default(8080).describe('Port to listen on; 0 takes a free one.').meta({ env: 'PORT' }),
  trustProxy: z
    .string()
    .refine(text => text === '' || text.split(',').every(part => isNetwork(part.trim())), 'give addresses or networks, with commas between')
    .default('')
    .describe('Proxies whose X-Forwarded headers are believed: addresses, networks (10.0.0.0/8) or loopback, with commas; empty: none.')
    .meta({ env: 'PARLEY_TRUST_PROXY' }),
  sockets: z.coerce
    .number()
    .int()
    .min(0)
    .max(64)
    .default(0)
    .describe("Processes for the customers' sockets, sharing the port (Linux); 0 keeps them in the engine's own process.")
    .meta({ env: 'PARLEY_SOCKETS' }),
  turnAwayMs: z.coerce
    .number()
    .int()
    .min(0)
    .max(300_000)
    .optional()
    .describe(
      'Milliseconds that it serves on when it is told to stop, while /readyz answers 503, so that a balancer sends nobody more; 5000 where there are several nodes (log.driver: nats), else 0.',
    )
    .meta({ env: 'PARLEY_TURN_AWAY_MS' }),
  data: z.string().min(1).default('data').describe('Folder of the conversation log, keys and secrets.').meta({ env: 'PARLEY_DATA' }),
  log: LogSettings,
  logLevel: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent'])
    .default('info')
    .describe('Least level that is logged. Logs are JSON lines on standard error and never hold what a customer wrote.')
    .meta({ env: 'PARLEY_LOG_LEVEL' }),
  hub: z
    .url({ protocol: /^https?$/ })
    .default('https://huggingface.co')
    .describe('Where sentence encoders are fetched from by their name (docs/train-a-model.md), and only then.')
    .meta({ env: 'PARLEY_HUB' }),
  offline: z
    .union([z.boolean(), z.stringbool()])
    .default(false)
    .describe('Whether nothing is ever asked of the hub.')
    .meta({ env: 'PARLEY_OFFLINE' }),
  clauseVoters: z
    .boolean()
    .default(false)
    .describe(
      'Whether the intent model votes on clauses as well: as intent:clauses on a message with all of them, as intent:end on the last one. An ensemble hears those that it gives a weight.',
    ),
  modelThreads: z.int().min(1).max(64).default(1).describe('Threads that run models.').meta({ env: 'PARLEY_MODEL_THREADS' }),
  deadlines: z
    .strictObject({
      voters: Ms.default(50).describe('Milliseconds for all voters; a later vote is an abstention.'),
      plugin: Ms.optional().describe(
        'Milliseconds for a plugin, instead of the limit in its manifest: for a machine that is busy with other things.',
      ),
      mesh: Ms.default(800).describe('Milliseconds for facts.'),
      effect: Ms.default(1_000).describe('Milliseconds that a reply waits for an effect before it promises.'),
      turn: Ms.default(3_000).describe('Milliseconds for a whole turn.'),
      webhook: Ms.default(15_000).describe('Milliseconds for the receiver of a webhook to answer.'),
    })
    .prefault({}),
  limits: z
    .strictObject({
      inbox: z.int().min(1).default(20).describe('Undecided messages of one conversation; more are refused with a retry-after.'),
      turns: z.int().min(1).default(2_000).describe('Undecided turns of all conversations; more are refused with a retry-after.'),
      conversations: z.int().min(1).default(10_000).describe('Conversations kept in memory.'),
      visitorsPerMinute: z.int().min(1).default(600).describe('New visitors from one address in a minute.'),
      signInsPerMinute: z.int().min(1).default(30).describe('Sign-ins of agents from one address in a minute.'),
    })
    .prefault({}),
  tokens: z
    .strictObject({
      visitorMinutes: z.int().min(1).max(60).default(5).describe("Life of a visitor's token."),
      refreshDays: z.int().min(1).max(3_650).default(90).describe('Time after which a visitor who has not come back is a new one.'),
    })
    .prefault({}),
  webhookHosts: z
    .array(z.string())
    .default([])
    .describe('Hosts that webhooks may reach though they are private addresses or are asked without TLS.'),
  voterHosts: z
    .array(z.string())
    .default([])
    .describe(
      'Hosts of remote voters that may be private addresses or asked without TLS: a service of the house, a model on this machine.',
    ),
  jobs: JobsSettings,
  shops: z
    .array(Shop)
    .min(1)
    .default([
      Shop.parse({
        id: 'demo',
        mesh: 'demo-shop',
        name: 'Parley Fresh',
        phone: '400-000-0000',
        hours: '9:00-21:00',
        emergencyPhone: '400-000-0001',
      }),
    ])
    .describe('The shops of this installation.'),
})
export type Config = Omit<z.infer<typeof Config>, 'shops' | 'log' | 'jobs'> & {
  readonly shops: readonly ShopConfig[]
  readonly log: LogSettings
  readonly jobs: JobsSettings
}

/** Whether it is one node of several: clients that it lets go find another. */
export const isOfSeveral = ({ log }: Pick<Config, 'log'>): boolean => log.driver === 'nats'

export const turnAwayMsOf = (config: Pick<Config, 'log' | 'turnAwayMs'>): number => config.turnAwayMs ?? (isOfSeveral(config) ? 5_000 : 0)

export const configFile = (environment: NodeJS.ProcessEnv): string => environment.PARLEY_CONFIG ?? 'parley.yaml'

/** Faults: CONFIG_INVALID, naming the file or variable and the place in it. */
export function readConfig(environment: NodeJS.ProcessEnv, overrides: Partial<Config> = {}): Config {
  const file = configFile(environment)
  return configFrom(existsSync(file) || environment.PARLEY_CONFIG !== undefined ? readText(file) : '', environment, overrides)
}

/** What the file would amount to if this were its text. Faults: as `readConfig`. */
export function configFrom(text: string, environment: NodeJS.ProcessEnv, overrides: Partial<Config> = {}): Config {
  const file = configFile(environment)
  const fromFile = parseFile(file, text)
  refuseSource(file, fromFile.shops)
  const fromEnvironment: Record<string, string> = {}
  const variables = new Map<string, string>()
  for (const [key, schema] of Object.entries(Config.shape)) {
    const name = schema.meta()?.env
    const value = typeof name === 'string' ? environment[name] : undefined
    if (typeof name !== 'string' || value === undefined || value === '') continue
    fromEnvironment[key] = value
    variables.set(key, name)
  }
  const numbers = {
    ...fromEnvironment,
    ...(fromEnvironment.modelThreads !== undefined && { modelThreads: Number(fromEnvironment.modelThreads) }),
  }
  const parsed = Config.safeParse({ ...fromFile, ...numbers, ...overrides })
  if (!parsed.success) {
    const issue = innermost(parsed.error.issues[0])
    const key = String(issue?.path[0] ?? '')
    const source = key in overrides ? 'command line' : (variables.get(key) ?? file)
    throw new Fault('CONFIG_INVALID', { file: source, path: issue?.path.join('.') ?? '', reason: issue?.message ?? 'not of the schema' })
  }
  const ids = parsed.data.shops.map(shop => shop.id)
  const twice = ids.find((id, i) => ids.indexOf(id) !== i)
  if (twice) throw new Fault('CONFIG_INVALID', { file, path: 'shops', reason: `the shop ${JSON.stringify(twice)} stands there twice` })
  const { voters, mesh, turn } = parsed.data.deadlines
  for (const { id, deadlineMs } of parsed.data.shops.flatMap(shop => shop.remoteVoters))
    if (voters + mesh + deadlineMs > turn) {
      const reason = `remote:${id} may take ${deadlineMs} ms, the other voters and the facts ${voters + mesh}: together no more than a whole turn may`
      throw new Fault('CONFIG_INVALID', { file, path: 'deadlines.turn', reason })
    }
  const shops = parsed.data.shops.map(shop => ({
    ...shop,
    webhooks: shop.webhooks.map(hook => withSecret(hook, environment)),
    remoteVoters: shop.remoteVoters.map(voter => withSecret(voter, environment)),
  }))
  return {
    ...parsed.data,
    shops,
    log: withSecret(parsed.data.log, environment),
    jobs: { ...parsed.data.jobs, redis: withSecret(parsed.data.jobs.redis, environment) },
    data: resolve(parsed.data.data),
  }
}

/** A setting of earlier releases, whose meaning another one has now. */
function refuseSource(file: string, shops: unknown): void {
  const at = Array.isArray(shops) ? shops.findIndex(shop => typeof shop === 'object' && shop !== null && 'source' in shop) : -1
  if (at < 0) return
  const reason = "it is gone: facts and effects come from the shop's systems, `mesh: demo-shop` or the path of a mesh.yaml (docs/mesh.md)"
  throw new Fault('CONFIG_INVALID', { file, path: `shops.${at}.source`, reason })
}

/** Of what may have one of several forms, what is wrong with the form that was meant: the one that something inside of is wrong with. */
function innermost(issue: z.core.$ZodIssue | undefined): z.core.$ZodIssue | undefined {
  if (issue?.code !== 'invalid_union') return issue
  const inner = issue.errors.map(([first]) => first).find(first => first && first.path.length > 0)
  return inner ? innermost({ ...inner, path: [...issue.path, ...inner.path] }) : issue
}

function withSecret<T extends { readonly secretEnv?: string | undefined }>(
  entry: T,
  environment: NodeJS.ProcessEnv,
): T & { readonly secret?: string } {
  const secret = entry.secretEnv === undefined ? undefined : environment[entry.secretEnv]
  return secret === undefined ? entry : { ...entry, secret }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new Fault('CONFIG_INVALID', { file, path: '', reason: 'the file cannot be read' }, { cause })
  }
}

function parseFile(file: string, text: string): Record<string, unknown> {
  const document = parseDocument(text)
  const broken = document.errors[0]
  if (broken) throw new Fault('CONFIG_INVALID', { file, path: '', reason: broken.message.split('\n')[0] ?? 'not YAML' })
  const value: unknown = document.toJS() ?? {}
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Fault('CONFIG_INVALID', { file, path: '', reason: 'it must be a mapping' })
  return value as Record<string, unknown> // an object that is no array
}

/** The manual of the configuration, made from the schema: one line a setting with its default, variable and meaning. */
export function configDoc(): string {
  const lines: string[] = ['# Settings of parley.yaml. Later wins: default, file, environment, command line.', '']
  const walk = (shape: Record<string, z.ZodType>, indent: string): void => {
    for (const [key, schema] of Object.entries(shape)) {
      const inner = unwrap(schema)
      const env = schema.meta()?.env
      const fallback = schema.safeParse(undefined)
      if (inner instanceof z.ZodObject) {
        lines.push(`${indent}${key}:`)
        walk(inner.shape as Record<string, z.ZodType>, `${indent}  `) // a ZodObject's shape is a record of schemas
      } else if (inner instanceof z.ZodArray && inner.element instanceof z.ZodObject) {
        lines.push(`${indent}# ${schema.description ?? ''}`, `${indent}${key}:`, `${indent}  -`)
        walk(inner.element.shape as Record<string, z.ZodType>, `${indent}    `) // as above
      } else {
        lines.push(`${indent}# ${schema.description ?? ''}${typeof env === 'string' ? ` Environment: ${env}.` : ''}`)
        lines.push(`${indent}${key}: ${fallback.success ? JSON.stringify(fallback.data) : '(must be given)'}`)
      }
    }
  }
  walk(Config.shape, '')
  return `${lines.join('\n')}\n`
}

function unwrap(schema: z.ZodType): z.ZodType {
  const inner = (schema as { unwrap?: () => z.ZodType }).unwrap // defaults and prefaults wrap the schema that they fill in
  return inner && !(schema instanceof z.ZodArray) ? unwrap(inner.call(schema)) : schema
}
