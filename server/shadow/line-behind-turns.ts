// What is done about turns once they are decided, and that no turn waits for: little of it is under way at once, little waits, and what there is no room
// for is let go.

export interface LineBehindTurns<T> {
  /** False where there is no room. Never works on it in the same go: the turn's reply is on its way by then. */
  put(task: T): boolean
  /** Resolves when nothing that was put so far is under way or waits. */
  settled(): Promise<void>
  /** Lets go of what waits; resolves when what is under way has ended. */
  close(): Promise<void>
}

export interface LineOptions<T> {
  readonly underWay: number
  readonly waiting: number
  /** Never rejects. */
  readonly work: (task: T) => Promise<void>
}

export function createLineBehindTurns<T>({ underWay: most, waiting: room, work }: LineOptions<T>): LineBehindTurns<T> {
  const waiting: { readonly task: T; end(): void }[] = []
  const open = new Set<Promise<void>>()
  let underWay = 0

  function goOn(): void {
    while (underWay < most && waiting.length > 0) {
      const { task, end } = waiting.shift()! // there is one
      underWay++
      void work(task).finally(() => {
        underWay--
        end()
        setImmediate(goOn) // what has come in meanwhile goes first
      })
    }
  }

  const settled = async (): Promise<void> => void (await Promise.all(open))
  return {
    put(task) {
      if (waiting.length >= room) return false
      const { promise, resolve: end } = Promise.withResolvers<void>()
      open.add(promise)
      void promise.then(() => open.delete(promise))
      if (waiting.push({ task, end }) === 1) setImmediate(goOn)
      return true
    },
    settled,
    close() {
      for (const { end } of waiting.splice(0)) end()
      return settled()
    },
  }
}
