// Who has a conversation, as far as this console knows. The conversation's own state tells it first where it is followed; who an agent is, when two
// share a name, only the queue and the answer to one's own claim can tell.
import type { QueueItem } from '@parley/core/protocol/desk-message.ts'
import type { Watched } from './watched.ts'

export type Owner =
  | { readonly who: 'unknown' }
  | { readonly who: 'bot' }
  | { readonly who: 'queue'; readonly position: number | undefined }
  | { readonly who: 'me' }
  /** `name` is undefined where it has not been told yet. */
  | { readonly who: 'colleague'; readonly name: string | undefined }

export interface Known {
  readonly agent: { readonly id: string; readonly name: string } | undefined
  readonly item: QueueItem | undefined
  readonly watched: Watched | undefined
  /** The shop said so to this console, and nothing has been heard to the contrary since. */
  readonly isClaimed: boolean
  /** A claim of this console is under way. */
  readonly isClaiming: boolean
}

export function ownerOf({ agent, item, watched, isClaimed, isClaiming }: Known): Owner {
  const state = watched?.state
  const holder = state?.with ?? item?.with ?? (isClaimed ? 'agent' : undefined)
  if (holder === undefined) return { who: 'unknown' }
  if (holder === 'bot') return { who: 'bot' }
  if (holder === 'queue') return { who: 'queue', position: state?.position ?? item?.position }
  const name = state?.agent ?? item?.agent?.name
  if (name !== undefined && name !== agent?.name) return { who: 'colleague', name }
  if (isClaimed || item?.agent?.id === agent?.id) return { who: 'me' }
  // Somebody of my name has it: me or another, the answer to the claim will tell.
  return isClaiming ? { who: 'queue', position: undefined } : { who: 'colleague', name }
}
