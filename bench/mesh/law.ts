// The law of single flight. Askers of one key come at random, λ a second on average (Poisson), and a call takes L seconds. A call begins when one comes
// while none is under way; everybody who comes within its L seconds joins it; then it takes 1/λ seconds on average until the next one comes. So there is one
// call in L + 1/λ seconds for λL + 1 askers: calls fall by 1 + λL, whatever the distribution of L. Here the key of rank r has λL = 64/r, from 64 down to a
// half in one run; nothing is kept; the loop is open (who asks does not wait for anybody else's answer); and L is what a call took, as the mesh saw it.
import { createRandom } from '../../test/random.ts'
import { FOR_SHOP, openBenchMesh } from './parley-mesh.ts'
import { setLatency, type Urls } from './shop.ts'

const KEYS = 128
const GREATEST = 64
const LATENCY_MS = 400
const ROUNDS = 3
const SEED = 64

interface Counted {
  arrivals: number
  calls: number
  /** Arrivals over 1 + λL. */
  predicted: number
}

const none = (): Counted => ({ arrivals: 0, calls: 0, predicted: 0 })
const rounded = (value: number): number => Number(value.toPrecision(4))

export async function measureLaw(urls: Urls, customers: readonly string[], seconds: number, requests: () => Promise<number>) {
  const ids = customers.slice(0, KEYS)
  const query = 'query ($id: ID!) { customer(id: $id) { name } }'
  const calls = new Map<string, number>()
  const latencies: number[] = []
  let isCounting = false
  const { mesh } = openBenchMesh(urls, {
    isKeeping: false,
    atOnce: KEYS,
    around: call => async (operation, asking, signal) => {
      const id = String(asking.args.id)
      if (isCounting) calls.set(id, (calls.get(id) ?? 0) + 1)
      const at = performance.now()
      const answer = await call(operation, asking, signal)
      if (isCounting) latencies.push(performance.now() - at)
      return answer
    },
  })
  await setLatency(urls.crm, LATENCY_MS)

  const random = createRandom(SEED)
  const rates = ids.map((_, i) => GREATEST / (i + 1) / (LATENCY_MS / 1_000))
  const bins = new Map<number, Counted[]>()
  const totals: Counted[] = []
  let [seen, made] = [0, 0]
  for (let round = 0; round < ROUNDS; round++) {
    const arrivals = new Map<string, number>()
    calls.clear()
    latencies.length = 0
    // When each key is asked for next, in milliseconds from the start; before 0 it comes to rest.
    const next = rates.map(rate => -3 * LATENCY_MS - (Math.log(1 - random()) / rate) * 1_000)
    const asks: Promise<unknown>[] = []
    const started = performance.now() + 3 * LATENCY_MS
    for (let now = performance.now() - started; now < seconds * 1_000; now = performance.now() - started) {
      if (!isCounting && now >= 0) {
        isCounting = true
        await requests()
      }
      for (const [i, rate] of rates.entries())
        while (next[i]! <= now) {
          // as many as rates
          const id = ids[i]! // as above
          if (isCounting) arrivals.set(id, (arrivals.get(id) ?? 0) + 1)
          asks.push(mesh.ask({ query, variables: { id } }, FOR_SHOP))
          next[i]! -= (Math.log(1 - random()) / rate) * 1_000
        }
      await new Promise(resolve => setTimeout(resolve, 1))
    }
    isCounting = false
    const counted = (performance.now() - started) / 1_000
    seen += await requests()
    await Promise.all(asks)
    const latencySeconds = latencies.reduce((sum, each) => sum + each, 0) / latencies.length / 1_000
    const total = none()
    const ofRound = new Map<number, Counted>()
    for (const i of rates.keys()) {
      const id = ids[i]! // as above
      const came = arrivals.get(id) ?? 0
      const load = GREATEST / (i + 1)
      // λ is what came, not what was drawn for.
      const ofKey = { arrivals: came, calls: calls.get(id) ?? 0, predicted: came / (1 + (came / counted) * latencySeconds) }
      const bin = 2 ** Math.round(Math.log2(load))
      for (const into of [total, ofRound.get(bin) ?? ofRound.set(bin, none()).get(bin)!]) {
        // it was set
        into.arrivals += ofKey.arrivals
        into.calls += ofKey.calls
        into.predicted += ofKey.predicted
      }
    }
    made += total.calls
    totals.push(total)
    for (const [bin, counted] of ofRound) bins.set(bin, [...(bins.get(bin) ?? []), counted])
  }
  await setLatency(urls.crm, 0)
  const told = (rounds: readonly Counted[]) => {
    const sum = rounds.reduce(
      (a, b) => ({ arrivals: a.arrivals + b.arrivals, calls: a.calls + b.calls, predicted: a.predicted + b.predicted }),
      none(),
    )
    const shares = rounds.map(each => each.predicted / each.calls)
    return {
      arrivals: sum.arrivals,
      calls: sum.calls,
      fall: rounded(sum.arrivals / sum.calls),
      predicted: rounded(sum.arrivals / sum.predicted),
      ofLaw: { all: rounded(sum.predicted / sum.calls), least: rounded(Math.min(...shares)), most: rounded(Math.max(...shares)) },
    }
  }
  return {
    keys: KEYS,
    latencyMs: LATENCY_MS,
    rounds: ROUNDS,
    secondsEach: seconds,
    /** What the service itself counted beside what the mesh sent. */
    requestsToCalls: rounded(seen / made),
    all: told(totals),
    curve: [...bins].sort(([a], [b]) => b - a).map(([lambdaL, rounds]) => ({ lambdaL, ...told(rounds) })),
  }
}
