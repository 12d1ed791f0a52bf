// Phrases that a shop has added to its pack's for the keyword voter. They lie among the records of models: few, one commit a change, and written by the
// command line while the engine runs.

import { Fault } from '@parley/core/faults.ts'
import type { Pack, Phrases } from '@parley/core/pack/pack.ts'
import { normaliseText } from '@parley/core/pipeline/normalise.ts'
import { z } from 'zod'
import type { RecordStore } from '../records.ts'

export type PhraseKey = readonly ['phrase', shop: string, action: string, text: string] | readonly ['phrase', shop: string]

const ShopPhrase = z.strictObject({
  /** As it was typed; it is looked for as `normaliseText` gives it. */
  phrase: z.string(),
  action: z.string(),
  /** How surely the phrase alone means the action, above 0 to 1. */
  weight: z.number().gt(0).lte(1),
  template: z.string().optional(),
  /** When it was added, in milliseconds since 1970. */
  at: z.number(),
})
export type ShopPhrase = z.infer<typeof ShopPhrase>

/** A phrase has room for what a message can say in one breath. */
export const LONGEST_PHRASE = 80
/** A list that must be longer belongs into a pack. */
export const MOST_PHRASES = 5_000

export interface ShopPhrases {
  /** By action and phrase. */
  list(shop: string): readonly ShopPhrase[]
  /** Puts it in the place of one of the same words and action; false where nothing is other than it was. Faults: PHRASE_INVALID. */
  add(shop: string, phrase: Omit<ShopPhrase, 'at'>, pack: Pick<Pack, 'actions' | 'templates' | 'aliases'>): Promise<boolean>
  /** Faults: UNKNOWN_PHRASE. */
  remove(shop: string, action: string, phrase: string): Promise<void>
}

export function createShopPhrases(records: RecordStore<PhraseKey>, now: () => number): ShopPhrases {
  const list = (shop: string): readonly ShopPhrase[] => records.list(['phrase', shop]).map(([, value]) => ShopPhrase.parse(value))
  return {
    list,
    async add(shop, phrase, pack) {
      const text = checked(phrase, pack)
      return records.change(within => {
        const key = ['phrase', shop, phrase.action, text] as const
        const before = within.get(key)
        if (before !== undefined) {
          const { at: _at, ...same } = ShopPhrase.parse(before)
          if (JSON.stringify(same) === JSON.stringify(phrase)) return false
        } else if (within.list(['phrase', shop]).length >= MOST_PHRASES)
          throw invalid(phrase.phrase, `the shop has ${MOST_PHRASES} of its own already: put them into its pack`)
        within.put(key, { ...phrase, at: now() })
        return true
      })
    },
    remove: (shop, action, phrase) =>
      records.change(within => {
        const key = ['phrase', shop, action, normaliseText(phrase)] as const
        if (within.get(key) === undefined) throw new Fault('UNKNOWN_PHRASE', { shop, action, phrase })
        within.remove(key)
      }),
  }
}

/** The words that it is looked for by. */
function checked(
  { phrase, action, weight, template }: Omit<ShopPhrase, 'at'>,
  pack: Pick<Pack, 'actions' | 'templates' | 'aliases'>,
): string {
  const text = normaliseText(phrase)
  if (text === '') throw invalid(phrase, 'it is blank')
  if ([...phrase].length > LONGEST_PHRASE) throw invalid(phrase, `it has more than ${LONGEST_PHRASE} characters`)
  if (!(weight > 0 && weight <= 1)) throw invalid(phrase, 'its weight is a number above 0 and up to 1')
  if (!Object.hasOwn(pack.actions, action)) throw invalid(phrase, `the shop has no action ${JSON.stringify(action)}`)
  if (template !== undefined && !Object.hasOwn(pack.templates, template) && !Object.hasOwn(pack.aliases, template))
    throw invalid(phrase, `the shop has no template ${JSON.stringify(template)}`)
  return text
}

const invalid = (phrase: string, reason: string): Fault => new Fault('PHRASE_INVALID', { phrase, reason })

/** As a pack has them; any language is found, whatever the locale is called. */
export const asPackPhrases = (phrases: readonly ShopPhrase[]): Phrases =>
  Object.fromEntries(
    [...Map.groupBy(phrases, ({ action }) => action)].map(([action, list]) => [
      action,
      list.map(({ phrase, weight, template }) => ({ phrase, weight, ...(template !== undefined && { template }) })),
    ]),
  )
