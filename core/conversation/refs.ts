// The ids of messages seen in a conversation, for ever. A conversation is a value that each append makes anew, and a map that was copied each time
// made the thousandth message cost a thousand times the first. Here a message adds a small map, and small maps are joined as they come to be as large
// as the one before: a few maps, and each id is copied a few times in all.
import type { MessageRef, Seq } from '../ids.ts'

/** A message that was seen: where it stands and what it said, whatever became of it in the dialogue. */
export interface Seen {
  readonly seq: Seq
  readonly text: string
}

/** What a snapshot has of them: looked up in the snapshot, and never joined with others. */
export interface PastRefs {
  readonly size: number
  get(ref: MessageRef): Seen | undefined
}

/** Oldest and largest first; each is more than the one behind it holds. An id stands in one of them only. */
export type Refs = readonly (ReadonlyMap<MessageRef, Seen> | PastRefs)[]

export const noRefs: Refs = []

export function findRef(refs: Refs, ref: MessageRef): Seen | undefined {
  for (const map of refs) {
    const seen = map.get(ref)
    if (seen) return seen
  }
  return undefined
}

/** With one more. The id was not there before: whoever appends has looked. */
export function addRef(refs: Refs, ref: MessageRef, seen: Seen): Refs {
  const kept = [...refs]
  let joined: [MessageRef, Seen][] = [[ref, seen]]
  for (let last = kept.at(-1); last instanceof Map && last.size <= joined.length; last = kept.at(-1)) {
    joined = [...last, ...joined]
    kept.pop()
  }
  return [...kept, new Map(joined)]
}
