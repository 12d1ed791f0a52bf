// Where the queue of jobs is kept: in the data folder, or in a Redis that several nodes share.
import { z } from 'zod'

const Redis = z
  .strictObject({
    url: z
      .string()
      .regex(
        /^(rediss?:\/\/[^/?#@]+(\/\d{1,3})?|unix:\/\/\/[^?#]+)$/,
        'must be like redis://host:6379, rediss://host:6379/0 or unix:///run/redis.sock',
      )
      .default('redis://127.0.0.1:6379')
      .describe('The server: redis://, rediss:// (with TLS) or unix://, and the number of its database.'),
    user: z.string().min(1).optional().describe('Whom to sign in as; the default user where there is none.'),
    secretFile: z.string().optional().describe('File with the password.'),
    secretEnv: z.string().optional().describe('Environment variable with the password, instead of a file.'),
    caFile: z.string().optional().describe('File with the certificates that its own is held against, where those of the system do not do.'),
    prefix: z
      .string()
      .regex(/^[a-z0-9-]{1,40}$/, 'a prefix is 1 to 40 of a-z 0-9 -')
      .default('parley')
      .describe("First part of the names of its keys. What follows is of the installation's secret, so that two installations do not mix."),
  })
  .refine(redis => redis.secretFile === undefined || redis.secretEnv === undefined, 'give either secretFile or secretEnv')
/** With what its variable of the environment holds. */
export type RedisSettings = z.infer<typeof Redis> & { readonly secret?: string }

export const JobsSettings = z
  .strictObject({
    driver: z
      .enum(['embedded', 'bullmq'])
      .default('embedded')
      .describe('embedded: in the data folder. bullmq: in Redis, for several nodes (docs/operations.md).'),
    redis: Redis.prefault({}),
  })
  .prefault({})
export type JobsSettings = Omit<z.infer<typeof JobsSettings>, 'redis'> & { readonly redis: RedisSettings }
