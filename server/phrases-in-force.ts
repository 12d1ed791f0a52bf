// The keyword voter of each shop: what its pack says, what was learned, and what the shop has added. An exchange is a new voter made beside the one at
// work, taken by the next turn; a turn that is under way ends on the one that it began with. Shops of one pack that have added nothing share theirs.
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import type { Phrases } from '@parley/core/pack/pack.ts'
import type { VoterPool } from '@parley/core/ports/voters.ts'
import type { Learned } from '@parley/models/keyword/keyword-voter.ts'
import { createKeywordVoters } from './drivers/voters.keyword.ts'
import type { PhraseRouteParts } from './http/operator-phrases.ts'
import { asPackPhrases, type ShopPhrases } from './model-store/shop-phrases.ts'
import { readPack } from './pack-folder.ts'
import { PROJECT } from './project.ts'

export interface PhrasesInForce {
  /** A shop's voter now. A turn takes it once. */
  of(shop: string): VoterPool
  /** Reads what the shops have added again. Faults: STORE_DAMAGED; then nothing has changed. */
  reload(): void
  close(): Promise<void>
}

/** Faults: PACK_INVALID, STORE_DAMAGED. */
export function putPhrasesInForce(
  shops: readonly { readonly id: string; readonly pack: string }[],
  phrasesOf: (pack: string) => Readonly<Record<string, Phrases>>,
  learned: Learned,
  added: Pick<ShopPhrases, 'list'> | undefined,
): PhrasesInForce {
  let made = new Map<string, VoterPool>()
  let current = all()

  /** Voters that are as they were go on. */
  function all(): ReadonlyMap<string, VoterPool> {
    const next = new Map<string, VoterPool>()
    const voters = new Map<string, VoterPool>()
    for (const { id, pack } of shops) {
      const own = added?.list(id) ?? []
      const key = JSON.stringify([pack, own])
      const voter = next.get(key) ?? made.get(key) ?? createKeywordVoters({ shop: asPackPhrases(own), ...phrasesOf(pack) }, learned)
      next.set(key, voter)
      voters.set(id, voter)
    }
    made = next
    return voters
  }

  return {
    of: shop => current.get(shop)!, // asked of shops alone
    reload() {
      current = all()
    },
    async close() {
      await Promise.all([...made.values()].map(voter => voter.close()))
    },
  }
}

/** What the operator does with phrases while the engine runs: kept, and in force for the next turn. */
export function livePhrases(
  { phrases }: { readonly phrases: PhrasesInForce },
  store: ShopPhrases,
  shops: readonly { readonly id: string; readonly pack: string }[],
): PhraseRouteParts['phrases'] {
  const packOf = (shop: string): string => {
    const found = shops.find(({ id }) => id === shop)
    if (!found) throw new Fault('UNKNOWN_SHOP', { shop })
    return found.pack
  }
  return {
    list(shop) {
      packOf(shop)
      return store.list(shop)
    },
    async add(shop, phrase) {
      const isNew = await store.add(shop, phrase, readPack(join(PROJECT.packs, packOf(shop))))
      if (isNew) phrases.reload()
      return isNew
    },
    async remove(shop, action, phrase) {
      packOf(shop)
      await store.remove(shop, action, phrase)
      phrases.reload()
    },
    reload: phrases.reload,
  }
}
