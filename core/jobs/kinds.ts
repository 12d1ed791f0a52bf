// The kinds of jobs that the engine has, and how a job names its conversation.
import { z } from 'zod'
import { isFault } from '../faults.ts'
import { asConversationId, asShopId, type ConversationKey } from '../ids.ts'
import type { JobKind, JobPayload, JobRun } from '../ports/jobs.ts'

const conversation = { shop: z.string(), conversation: z.string() }

/** Brings one effect, or its undoing, to its end. */
export const EFFECT = kind({
  name: 'effect',
  payload: z.strictObject({ ...conversation, turn: z.int(), verb: z.enum(['do', 'undo']) }),
  attempts: 8,
  firstPauseMs: 1_000,
  atOnce: 32,
})

/** Decides what a crash has left undecided; whoever has found it waits for its end. */
export const RECOVER = kind({
  name: 'recover',
  payload: z.strictObject(conversation),
  attempts: 8,
  firstPauseMs: 1_000,
  atOnce: 64,
  isOfNode: true,
})

/** Marks a conversation that has waited too long; `seq` is its entry into the queue. */
export const SLA = kind({
  name: 'sla',
  payload: z.strictObject({ ...conversation, seq: z.int() }),
  attempts: 12,
  firstPauseMs: 1_000,
  atOnce: 16,
})

/** Trains a model; `run` names the folder with what it learns from. It goes on where it was, so that a run which fails has lost little. */
export const TRAIN = kind({
  name: 'train',
  payload: z.strictObject({ model: z.enum(['intent', 'sentiment']), run: z.string() }),
  attempts: 3,
  firstPauseMs: 5_000,
  atOnce: 1,
  isOfNode: true,
})

/**
 * Delivers one event to one webhook; `seq` 0 is the erasure of the conversation. The pauses come to some twenty hours. A kind for each webhook, so that one
 * whose receiver hangs holds up no other.
 */
export const webhookKind = (id: string) =>
  kind({
    name: `${WEBHOOK_KIND}${id}`,
    payload: z.strictObject({ ...conversation, seq: z.int() }),
    attempts: 15,
    firstPauseMs: 5_000,
    atOnce: 16,
  })
export const WEBHOOK_KIND = 'webhook-'

export const JOB_KINDS = [EFFECT, RECOVER, SLA, TRAIN] as const

/** With the payload's type read off its schema. */
function kind<P extends JobPayload>(kind: JobKind<P>): JobKind<P> {
  return kind
}

export const keyIn = ({ shop, conversation }: { readonly shop: string; readonly conversation: string }): ConversationKey => ({
  shop: asShopId(shop),
  conversation: asConversationId(conversation),
})

/** A handler for whose conversation there may be nothing left: what was erased has nothing to be done. */
export const unlessErased =
  <P extends JobPayload>(handler: (run: JobRun<P>) => Promise<void>) =>
  (run: JobRun<P>): Promise<void> =>
    handler(run).catch(error => {
      if (!isFault(error, 'CONVERSATION_ERASED')) throw error
    })
