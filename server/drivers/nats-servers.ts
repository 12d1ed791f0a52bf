// Whether the NATS servers can be trusted with the log: read from what each tells of itself at its monitoring address. Whoever connects is told the version
// of one server alone, and of none how it flushes.
//   before 2.12     acknowledges both of two appends that expect the same end (2.9: 652 of 1,000), or loses track of what is under way (before 2.11)
//   sync_interval   otherwise than `always`: what is acknowledged is flushed within two minutes, and lost with the power
// docs/decisions/0044-log-on-jetstream.md has what was measured.
import { Fault } from '@parley/core/faults.ts'
import { z } from 'zod'

const LEAST = [2, 12] as const
/** An append is one message: a server that takes less would refuse one that others take. */
export const LEAST_PAYLOAD = 4 * 1024 * 1024
const ANSWER_MS = 2_000

const Told = z.object({
  server_name: z.string(),
  version: z.string(),
  max_payload: z.number(),
  start: z.string().default(''),
  jetstream: z.object({ config: z.object({ sync_always: z.boolean().default(false) }).optional() }).default({}),
})

export type Told = z.infer<typeof Told>

export interface Trusted {
  readonly names: ReadonlySet<string>
  /** How many did not answer: nobody knows which servers these are. */
  readonly silent: number
}

/** The servers that answer, each of which can be trusted. Faults: LOG_REFUSED, naming the first that can't. */
export async function trustedServers(monitors: readonly string[]): Promise<Trusted> {
  const told = await Promise.all(monitors.map(askServer))
  const names = told.flatMap(answer => {
    if (!answer) return []
    const reason = whyUnfit(answer)
    if (reason !== undefined) throw new Fault('LOG_REFUSED', { what: `nats-server ${answer.server_name}`, reason })
    return [answer.server_name]
  })
  return { names: new Set(names), silent: told.filter(answer => !answer).length }
}

/** Undefined where it can be trusted. */
export function whyUnfit({ version, max_payload, jetstream }: Told): string | undefined {
  if (!isAtLeast(version)) return `it is ${version}, and before ${LEAST.join('.')} of two appends that race both may be acknowledged`
  if (!jetstream.config) return 'it has no JetStream'
  if (!jetstream.config.sync_always) return 'it does not flush each append: set sync_interval: always in its jetstream block'
  if (max_payload < LEAST_PAYLOAD) return `its max_payload is ${max_payload}: an append may take ${LEAST_PAYLOAD} bytes`
  return undefined
}

/** Undefined where nobody answers. Faults: LOG_REFUSED, where something else does. */
export async function askServer(monitor: string): Promise<Told | undefined> {
  const body = await askMonitor(monitor, '/varz')
  if (body === undefined) return undefined
  const told = Told.safeParse(body)
  if (!told.success) throw new Fault('LOG_REFUSED', { what: monitor, reason: 'it is no monitoring address of a nats-server' })
  return told.data
}

/** What a monitoring address answers at this path; undefined where nobody answers. Faults: LOG_REFUSED, where it is no JSON. */
export async function askMonitor(monitor: string, path: string): Promise<unknown> {
  try {
    const response = await fetch(new URL(path, monitor), { signal: AbortSignal.timeout(ANSWER_MS) })
    return await response.json()
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new Fault('LOG_REFUSED', { what: monitor, reason: 'it is no monitoring address of a nats-server' })
    return undefined
  }
}

function isAtLeast(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1])
}
