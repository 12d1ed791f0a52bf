// One lane a name: what is run in a lane runs after all that was run in it before, so that steps on one conversation never interleave.

export interface Lanes {
  run<T>(name: string, step: () => Promise<T>): Promise<T>
  /** True while something runs in it. */
  isBusy(name: string): boolean
}

export function createLanes(): Lanes {
  const tails = new Map<string, Promise<unknown>>()
  return {
    run(name, step) {
      const before = tails.get(name)
      const mine = before ? before.then(step, step) : step()
      tails.set(name, mine)
      // The last one out switches off the light: an idle lane costs nothing.
      const leave = (): void => {
        if (tails.get(name) === mine) tails.delete(name)
      }
      mine.then(leave, leave)
      return mine
    },
    isBusy: name => tails.has(name),
  }
}
