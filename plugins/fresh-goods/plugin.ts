// Votes COMPENSATE when goods that spoil or break are said to have arrived spoiled or broken, and names the template that fits.
// Rather silent than wrong: an illness, a recipe, a question before buying or a negation makes it abstain.
import { abstain, definePlugin, vote } from '@parley/plugin-sdk'
import { makeWords } from './words.ts'

/** Goods and damage further apart than this belong to different sentences. */
const REACH = { zh: 24, en: 70 }

export default definePlugin({
  manifest: { id: 'fresh-goods', version: '1.0.0', sdk: '^0.1.0', languages: ['zh', 'en'], actions: ['COMPENSATE'] },

  onStart: makeWords,

  onTurn({ text, language }, { prepared }) {
    const words = prepared[language]
    const asked = text.replace(words.aside, ' ')
    if (words.guard.test(asked)) return abstain
    const told = asked.replace(words.harmless, ' ')
    const fresh = nearest(told, words.fresh, words.damage, REACH[language])
    const fragile = nearest(told, words.fragile, words.breakage, REACH[language])
    const found = !fragile || (fresh && fresh.distance <= fragile.distance) ? fresh : fragile
    if (!found) return abstain
    const template = found === fresh ? 'compensate.fresh' : 'compensate.fragile'
    return vote('COMPENSATE', words.sure.test(told) ? 0.95 : 0.85, { template, evidence: `${found.goods}: ${found.damage}` })
  },
})

interface Pair {
  readonly goods: string
  readonly damage: string
  readonly distance: number
}

/** The goods and the damage that stand closest, if within reach of each other. */
function nearest(text: string, goods: RegExp, damage: RegExp, reach: number): Pair | undefined {
  const damages = [...text.matchAll(damage)]
  const pairs = [...text.matchAll(goods)].flatMap(good =>
    damages.map(harm => ({ goods: good[0], damage: harm[0], distance: Math.abs(harm.index - good.index) })),
  )
  return pairs.filter(pair => pair.distance <= reach).sort((a, b) => a.distance - b.distance)[0]
}
