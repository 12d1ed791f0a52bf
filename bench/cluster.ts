// Durable appends a second of the log on NATS JetStream, beside publishing into JetStream by itself: three servers on this machine that flush every append,
// the same streams, replicas, condition and ids. They take turns; the medians of the rounds are told, and the range of the ratio. Prints JSON.
//   npm run bench:cluster
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { asConversationId, asShopId } from '@parley/core/ids.ts'
import type { Head } from '@parley/core/ports/conversation-log.ts'
import { isApiError, openStreams } from '@parley/server/drivers/log-streams.ts'
import { openNodeLog } from '../test/cluster/log-under-test.ts'
import { startNatsCluster } from '../test/cluster/nats-cluster.ts'
import { bringNats, isMissing } from '../tools/programs.ts'
import { type Append, type Figures, hundredths, measure, median, medians } from './append-figures.ts'
import { BODY } from './appenders.ts'
import { machine } from './machine.ts'

const SECONDS = 1.5
const ROUNDS = 5
const WRITERS = [1, 64, 512]
const SHARDS = 16
/** Another append to the subject is under way. */
const UNDER_WAY = 10164

const nats = bringNats()
if (isMissing(nats)) {
  console.error(nats.skipped)
  process.exit(1)
}
const cluster = await startNatsCluster()
const folder = mkdtempSync(join(tmpdir(), 'parley-bench-'))
const connection = await connect({ servers: [...cluster.urls] })
try {
  const settings = { servers: cluster.urls, monitors: cluster.monitors, name: 'bench', shards: SHARDS, replicas: 3 }
  const log = await openNodeLog(join(folder, 'log'), settings, error => console.error(error))
  const raw = { name: 'raw', shards: SHARDS, replicas: 3 }
  await openStreams(await jetstreamManager(connection), raw, undefined)
  const client = jetstream(connection)
  const lasts = new Map<string, number>()
  const publish: Append = async (conversation, i) => {
    const subject = `raw.log.${crc32(conversation) % SHARDS}.append.bench.${conversation}`
    const options = { msgID: `${conversation}-${i}`, expect: { lastSubjectSequence: lasts.get(conversation) ?? 0 } }
    for (;;)
      try {
        const { seq } = await client.publish(subject, BODY, options)
        lasts.set(conversation, seq)
        return
      } catch (error) {
        // It may say so of a writer's own append of before: the log asks again too.
        if (!isApiError(error, UNDER_WAY)) throw error
      }
  }
  const heads = new Map<string, Head>()
  const append: Append = async conversation => {
    const key = { shop: asShopId('bench'), conversation: asConversationId(conversation) }
    const { position } = heads.get(conversation) ?? (await log.head(key))
    const event = { v: 1, type: 'message', at: 0, body: BODY }
    heads.set(conversation, await log.append(key, [event], position, { isUnsettled: false, isWithPeople: false }))
  }
  const rows = []
  for (const writers of WRITERS) {
    const [ours, theirs]: [Figures[], Figures[]] = [[], []]
    for (let round = 0; round < ROUNDS; round++) {
      theirs.push(await measure(publish, { writers, round, seconds: SECONDS }))
      ours.push(await measure(append, { writers, round, seconds: SECONDS }))
    }
    const ratios = ours.map((r, i) => hundredths(r.perSecond / theirs[i]!.perSecond)).sort((a, b) => a - b) // a round has both
    const logToRaw = { median: median(ratios), least: ratios[0], greatest: ratios.at(-1) }
    rows.push({ writers, log: medians(ours), raw: medians(theirs), logToRaw })
  }
  await log.close()
  const servers = { nats: nats.version, servers: 3, streams: SHARDS, replicas: 3, sync: 'always' }
  console.log(
    JSON.stringify(
      { bench: 'cluster', ...machine(), ...servers, bodyBytes: BODY.length, secondsEach: SECONDS, rounds: ROUNDS, rows },
      null,
      1,
    ),
  )
} finally {
  await connection.close()
  await cluster.remove()
  rmSync(folder, { recursive: true })
}
