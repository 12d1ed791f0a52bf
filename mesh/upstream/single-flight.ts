// What is asked for while it is being fetched is fetched once. Each of those who wait has a signal of their own: one who leaves does not end it for
// the others, and when all have left the fetch is ended too.

interface Flight<T> {
  readonly promise: Promise<T>
  readonly controller: AbortController
  waiting: number
}

export interface SingleFlight<T> {
  /**
   * What `start` comes to, or what one that is under way under this key does. Rejects with the signal's reason when it aborts, and with what `start`
   * rejects with. `key` must name everything that the answer depends on, and whose it is.
   */
  run(key: string, start: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T>
  /** Keys that are being fetched. */
  readonly size: number
}

export function createSingleFlight<T>(): SingleFlight<T> {
  const flights = new Map<string, Flight<T>>()

  const begin = (key: string, start: (signal: AbortSignal) => Promise<T>): Flight<T> => {
    const controller = new AbortController()
    const forget = (): void => {
      if (flights.get(key) === flight) flights.delete(key)
    }
    const flight: Flight<T> = { promise: start(controller.signal), controller, waiting: 0 }
    flights.set(key, flight)
    flight.promise.then(forget, forget)
    return flight
  }

  return {
    run(key, start, signal) {
      if (signal?.aborted) return Promise.reject(signal.reason)
      const flight = flights.get(key) ?? begin(key, start)
      flight.waiting++
      if (!signal) return flight.promise
      return new Promise<T>((resolve, reject) => {
        const leave = (): void => {
          reject(signal.reason)
          if (--flight.waiting > 0) return
          // Whoever comes now must not join what is being ended.
          if (flights.get(key) === flight) flights.delete(key)
          flight.controller.abort(signal.reason)
        }
        signal.addEventListener('abort', leave, { once: true })
        const stay = (): void => signal.removeEventListener('abort', leave)
        flight.promise.then(
          value => {
            stay()
            resolve(value)
          },
          error => {
            stay()
            reject(error)
          },
        )
      })
    },
    get size() {
      return flights.size
    },
  }
}
