// What every request of the operator's must carry, and how its body or query is read.
import { timingSafeEqual } from 'node:crypto'
import { Fault } from '@parley/core/faults.ts'
import type { FastifyRequest } from 'fastify'
import type { z } from 'zod'

/** Lets pass whoever carries `authorization: Bearer …` with the operator's key. Faults: TOKEN_INVALID. */
export function operatorGate(operatorKey: string): (request: Pick<FastifyRequest, 'headers'>) => void {
  const expected = Buffer.from(`Bearer ${operatorKey}`)
  return ({ headers }) => {
    const given = Buffer.from(headers.authorization ?? '')
    if (given.length !== expected.length || !timingSafeEqual(given, expected))
      throw new Fault('TOKEN_INVALID', { reason: 'it is not the operator key' })
  }
}

/** Faults: FRAME_INVALID, with the place. */
export function checked<S extends z.ZodType>(schema: S, value: unknown): z.infer<S> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new Fault('FRAME_INVALID', { path: issue?.path.join('.') ?? '', reason: issue?.message ?? 'not of the schema' })
}
