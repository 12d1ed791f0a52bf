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
  jetstream: z.object({ config: z.object({ sync_always: z.boolean().default(false) }).optional() }).default({}),
})

export interface Trusted {
  readonly names: ReadonlySet<string>
  /** How many did not answer: nobody knows which servers these are. */
  readonly silent: number
}

/** The servers that answer, each of which can be trusted. Faults: LOG_REFUSED, naming the first that can't. */
export async function trustedServers(monitors: readonly string[]): Promise<Trusted> {
  const told = await Promise.all(monitors.map(ask))
  const names = told.flatMap(answer => {
    if (!answer) return []
    const { server_name: name, version, max_payload, jetstream } = answer
    const refuse = (reason: string): Fault => new Fault('LOG_REFUSED', { what: `nats-server ${name}`, reason })
    if (!isAtLeast(version))
      throw refuse(`it is ${version}, and before ${LEAST.join('.')} of two appends that race both may be acknowledged`)
    if (!jetstream.config) throw refuse('it has no JetStream')
    if (!jetstream.config.sync_always) throw refuse('it does not flush each append: set sync_interval: always in its jetstream block')
    if (max_payload < LEAST_PAYLOAD) throw refuse(`its max_payload is ${max_payload}: an append may take ${LEAST_PAYLOAD} bytes`)
    return [name]
  })
  return { names: new Set(names), silent: told.filter(answer => !answer).length }
}

/** Undefined where nobody answers. Faults: LOG_REFUSED, where something else does. */
async function ask(monitor: string): Promise<z.infer<typeof Told> | undefined> {
  let body: unknown
  try {
    const response = await fetch(new URL('/varz', monitor), { signal: AbortSignal.timeout(ANSWER_MS) })
    body = await response.json()
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new Fault('LOG_REFUSED', { what: monitor, reason: 'it is no monitoring address of a nats-server' })
    return undefined
  }
  const told = Told.safeParse(body)
  if (!told.success) throw new Fault('LOG_REFUSED', { what: monitor, reason: 'it is no monitoring address of a nats-server' })
  return told.data
}

function isAtLeast(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1])
}
