// Where the conversation log is kept: in the data folder of one machine, or by NATS JetStream on several. What NATS must be for that is looked at when the
// log is opened (drivers/nats-servers.ts, drivers/log-streams.ts).
import { z } from 'zod'

export const LogSettings = z
  .strictObject({
    driver: z
      .enum(['embedded', 'nats'])
      .default('embedded')
      .describe('embedded: in the data folder. nats: by NATS JetStream (docs/cluster.md).'),
    servers: z
      .array(z.string().regex(/^[a-z0-9.[\]:-]+:\d{1,5}$/i, 'must be a host and a port, like nats-1:4222'))
      .default([])
      .describe('nats: hosts and ports of the servers.'),
    monitors: z
      .array(z.url({ protocol: /^https?$/ }))
      .default([])
      .describe('nats: monitoring address of each server, like http://nats-1:8222: there version and settings are read.'),
    name: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,40}$/, 'must be 1 to 40 of A-Z a-z 0-9 _ -')
      .default('parley')
      .describe('nats: what the names of streams begin with; another one for each installation that shares the servers.'),
    shards: z
      .int()
      .min(1)
      .max(256)
      .default(16)
      .describe('nats: streams among which conversations are divided; never to be changed while the log lives.'),
    replicas: z.literal([1, 3, 5]).default(3).describe('nats: servers that each stream is kept on.'),
    user: z.string().default('').describe('nats: whom to sign in as; empty: nobody.'),
    secretEnv: z.string().min(1).optional().describe('nats: environment variable with the password.'),
  })
  .refine(({ driver, servers }) => driver !== 'nats' || servers.length > 0, { path: ['servers'], message: 'name the servers' })
  .refine(({ driver, monitors }) => driver !== 'nats' || monitors.length > 0, {
    path: ['monitors'],
    message: "name each server's monitoring address: its version and settings are read there",
  })
  .prefault({})
/** With what its variable of the environment holds. */
export type LogSettings = z.infer<typeof LogSettings> & { readonly secret?: string }
