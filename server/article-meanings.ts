// By what each shop's articles are searched: sub-words, or the sentence encoder that its configuration names. Shops with the same encoder share it.
import { type Fault, isFault } from '@parley/core/faults.ts'
import { verifyEncoder } from '@parley/models/encoder/kept-encoder.ts'
import { cacheVectors } from '@parley/models/encoder/vector-cache.ts'
import { fitEncoderMeaning, type Practice } from '@parley/models/knowledge/encoder-meaning.ts'
import { type Meaning, subwords } from '@parley/models/knowledge/meaning.ts'
import type { Config, ShopConfig } from './config.ts'
import { openEncoderThread } from './drivers/encoder.thread.ts'
import { practiceQuestions } from './practice-questions.ts'
import { findEncoder, passagesFolder } from './training/encoders.ts'

export interface ArticleMeanings {
  of(shop: string): Meaning
  close(): Promise<void>
}

export interface EncoderMeaning {
  readonly meaning: Meaning
  close(): Promise<void>
}

interface Watch {
  /** Hears of a shop whose encoder cannot be used; it has sub-words then. */
  readonly broken: (shop: string, fault: Fault) => void
  /** The thread of an encoder broke; another takes its place. */
  readonly onFailure: (error: unknown) => void
}

/** What was kept of vectors is taken again; only what is new is encoded. */
export async function openArticleMeanings(config: Pick<Config, 'data' | 'shops'>, { broken, onFailure }: Watch): Promise<ArticleMeanings> {
  const opened = new Map<string, Promise<EncoderMeaning>>()
  const byShop = new Map<string, Meaning>()
  for (const { id, articleEncoder } of config.shops.filter(usesEncoder)) {
    const opening = opened.get(articleEncoder) ?? openEncoderMeaning(config.data, articleEncoder, { onFailure })
    opened.set(articleEncoder, opening)
    try {
      byShop.set(id, (await opening).meaning)
    } catch (fault) {
      if (!isFault(fault, 'ENCODER_ABSENT') && !isFault(fault, 'ENCODER_INVALID')) throw fault
      broken(id, fault)
    }
  }
  return {
    of: shop => byShop.get(shop) ?? subwords,
    async close() {
      for (const each of await Promise.allSettled(opened.values())) if (each.status === 'fulfilled') await each.value.close()
    },
  }
}

export const usesEncoder = ({ articleEncoder }: Pick<ShopConfig, 'articleEncoder'>): boolean => articleEncoder !== 'none'

interface OpenOptions {
  readonly onFailure: (error: unknown) => void
  /** Called for each text of the practice and each passage whose vector is there. */
  readonly onEncoded?: () => void
  readonly practice?: Practice
}

/** Keeps the encoder, runs it and fits its confidence. Faults: ENCODER_ABSENT, ENCODER_INVALID. */
export async function openEncoderMeaning(
  data: string,
  asked: string,
  { onFailure, onEncoded, practice = practiceQuestions() }: OpenOptions,
): Promise<EncoderMeaning> {
  const kept = await findEncoder(data, asked, {}, { url: '', isOffline: true }) // a start fetches nothing
  await verifyEncoder(kept)
  const thread = await openEncoderThread(kept, onFailure)
  try {
    const cache = cacheVectors(passagesFolder(data, kept.hash), thread.size, thread.encode)
    const encodeOwn = async (text: string): Promise<Float32Array> => {
      const vector = await cache.encode(text)
      onEncoded?.()
      return vector
    }
    const meaning = await fitEncoderMeaning({ hash: kept.hash, encodeOwn, encode: thread.encode }, practice)
    cache.flush()
    return { meaning: { ...meaning, learn: passages => meaning.learn(passages).finally(cache.flush) }, close: thread.close }
  } catch (error) {
    await thread.close()
    throw error
  }
}
