// The queue's suite against BullMQ on a real Redis. BullMQ asks the process for the time, so the suite's clock stands in its place; a worker that sleeps
// until a job is due is woken when that clock passes, as it would be by the time itself.
import { mock } from 'node:test'
import type { Clock } from '@parley/core/ports/clock.ts'
import { openBullmqJobs } from '@parley/server/drivers/jobs.bullmq.ts'
import { Redis } from 'ioredis'
import { noRedis, type RedisServer, startRedisServer } from '../cluster/redis-server.ts'
import type { TestClock } from '../core/house.ts'
import { jobsContract } from './jobs.ts'

let installation = 0

jobsContract(
  'bullmq',
  () => {
    let server: RedisServer | undefined
    const name = `suite${installation++}`
    let waker: Redis | undefined
    return {
      isDurable: true,
      async open(clock: Clock) {
        server ??= await startRedisServer()
        const { url } = server
        waker ??= new Redis(url.slice('unix://'.length))
        followClock(clock as TestClock, waker, name) // the suite's
        return openBullmqJobs({
          redis: { url, prefix: 'test' },
          installation: name,
          node: 'n1',
          broke: error => {
            throw error
          },
        })
      },
      async remove() {
        mock.restoreAll()
        waker?.disconnect()
        await server?.remove()
      },
    }
  },
  noRedis,
)

const followed = new WeakSet<TestClock>()
function followClock(clock: TestClock, redis: Redis, installation: string): void {
  if (followed.has(clock)) return
  followed.add(clock)
  mock.method(Date, 'now', () => clock.now())
  const pass = clock.pass.bind(clock)
  clock.pass = ms => {
    pass(ms)
    void redis.smembers(`test-${installation}:kinds`).then(kinds => {
      for (const kind of kinds) void redis.zadd(`test-${installation}:${kind}:marker`, 0, '0')
    })
  }
}
