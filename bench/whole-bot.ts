// The bot as it is shipped, for benches: each turn is taken by itself, outside of any conversation, and every voter is waited for.
import { asCustomerId } from '@parley/core/ids.ts'
import type { RecordedDecision } from '@parley/core/pipeline/decision.ts'
import { workOut } from '@parley/core/pipeline/pipeline.ts'
import type { Shop } from '@parley/core/pipeline/shop.ts'
import { outsideConversation } from '@parley/core/pipeline/turn.ts'
import { messageText } from '@parley/core/protocol/message-text.ts'
import { createBrain } from '@parley/server/brain.ts'
import { readConfig } from '@parley/server/config.ts'
import { createLogger } from '@parley/server/logger.ts'

const PATIENCE_MS = 10_000
const AT_ONCE = 16

export interface WholeBot {
  readonly shop: Shop
  /** One decision a text. */
  decide(texts: readonly string[], locale: 'zh-CN' | 'en'): Promise<readonly RecordedDecision[]>
  close(): Promise<void>
}

export async function startWholeBot(): Promise<WholeBot> {
  const config = readConfig({})
  const deadlines = { ...config.deadlines, voters: PATIENCE_MS, plugin: PATIENCE_MS }
  const brain = await createBrain({ ...config, deadlines }, createLogger('error'))
  await brain.plugins.ready
  const [shop] = brain.shops.values()
  if (!shop) throw new Error('the configuration has no shop')
  return {
    shop,
    async decide(texts, locale) {
      const decided: RecordedDecision[] = []
      for (let from = 0; from < texts.length; from += AT_ONCE) {
        const batch = texts.slice(from, from + AT_ONCE).map((text, i) =>
          workOut(
            {
              ...outsideConversation,
              at: Date.now(),
              shop: shop.id,
              customer: asCustomerId('bench'),
              turn: from + i + 1,
              upTo: from + i + 1,
              texts: [messageText(text)],
              locale,
            },
            shop,
            brain.stages,
            new AbortController().signal,
          ),
        )
        decided.push(...(await Promise.all(batch)))
      }
      return decided
    },
    close: () => brain.close(),
  }
}
