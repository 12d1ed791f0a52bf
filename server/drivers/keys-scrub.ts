// Leaves no bytes of a destroyed key on the disks of the NATS servers. A deletion overwrites a row where the stream keeps it, and its bytes stand in the servers' own log of
// what they agreed on until that is cut, which a server does some three minutes later, or after 8 MB. So as much is put after it, which takes a fraction of a second. A server that
// is down at that time has the row still when it comes back, and gives it up when that is done once more: that is owed until then, and any node sees to it.
// docs/decisions/0052-keys-on-jetstream.md has what was found in the servers' files, and when.
import { randomBytes } from 'node:crypto'
import type { KeysLine } from './keys-line.ts'

export interface KeysScrub {
  /** Whatever has been deleted until now is in no file of a server that is up. Asked for while it is under way, the next serves all. */
  scrub(): Promise<void>
  /** Heard of the row that says whether it is owed. */
  heard(payload: Uint8Array): void
  close(): Promise<void>
}

export interface KeysScrubParts {
  readonly line: KeysLine
  /** Of what is put, and of the row that says whether it is owed. */
  readonly subjects: { readonly fill: string; readonly owed: string }
  readonly broke: (error: unknown) => void
}

/** More than the 8 MB after which a server cuts its log, in messages that each server takes. */
const FILLS = 4
const FILL_BYTES = 3 * 1024 * 1024
const LOOK_MS = 15_000

export function createKeysScrub({ line, subjects, broke }: KeysScrubParts): KeysScrub {
  let next: Promise<void> | undefined
  let last: Promise<void> = Promise.resolve()
  let isOwed = false
  let timer: NodeJS.Timeout | undefined
  let isClosed = false

  async function fill(): Promise<void> {
    next = undefined
    if (!isOwed) {
      isOwed = true
      lookLater() // if it does not come through
      await line.put(subjects.owed, Buffer.of(1)) // so that a crash leaves it to another node
    }
    const bytes = randomBytes(FILL_BYTES)
    let seq = 0
    for (let i = 0; i < FILLS; i++) seq = await line.put(subjects.fill, bytes)
    await line.wipe(seq)
    if (await areAllThere()) await line.put(subjects.owed, Buffer.alloc(0))
  }

  async function areAllThere(): Promise<boolean> {
    const { cluster } = await line.info()
    return (cluster?.replicas ?? []).every(({ current, offline }) => current && offline !== true)
  }

  function scrub(): Promise<void> {
    next ??= last.then(fill)
    last = next.catch(() => {}) // our callers learn of it
    return next
  }

  /** Each node looks at another time. */
  function lookLater(): void {
    if (timer || isClosed) return
    timer = setTimeout(
      () => {
        timer = undefined
        look().catch(broke)
      },
      LOOK_MS * (1 + Math.random()),
    )
    timer.unref()
  }

  async function look(): Promise<void> {
    try {
      if (isOwed && (await areAllThere())) await scrub()
    } catch {
      // The servers are away: later.
    }
    if (isOwed) lookLater()
  }

  return {
    scrub,
    heard(payload) {
      isOwed = payload.length > 0
      if (isOwed) lookLater()
    },
    async close() {
      isClosed = true
      clearTimeout(timer)
      await last
    },
  }
}
