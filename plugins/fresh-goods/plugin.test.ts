import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Language, PluginAnswer } from '@parley/plugin-sdk'
import plugin from './plugin.ts'
import { makeWords } from './words.ts'

const prepared = makeWords()

const ask = (text: string, language: Language): PluginAnswer =>
  plugin.onTurn({ text, original: text, language, locale: language === 'zh' ? 'zh-CN' : 'en' }, { settings: {}, prepared })

const template = (text: string, language: Language): string | undefined => {
  const answer = ask(text, language)
  return answer === null || Array.isArray(answer) ? undefined : (answer as { readonly template?: string }).template // one vote at most: see onTurn
}

const FRESH: readonly (readonly [string, Language])[] = [
  ['螃蟹死了怎么赔', 'zh'],
  ['收到的大闸蟹有三只是死的', 'zh'],
  ['生鲜到了都臭了,你们管不管', 'zh'],
  ['冰淇淋送到就化了', 'zh'],
  ['草莓烂了一半', 'zh'],
  ['臭豆腐没事,虾都臭了', 'zh'],
  ['half the eggs arrived smashed', 'en'],
  ['the crabs were dead on arrival', 'en'],
  ['ice cream had melted by the time it got here', 'en'],
  ['not happy, the prawns came rotten', 'en'],
]

const FRAGILE: readonly (readonly [string, Language])[] = [
  ['杯子碎了两个', 'zh'],
  ['花瓶收到就裂了', 'zh'],
  ['红酒漏了半瓶', 'zh'],
  ['two of the wine glasses arrived shattered', 'en'],
  ['the vase is chipped', 'en'],
]

const SILENT: readonly (readonly [why: string, string, Language])[] = [
  ['a recipe', '螃蟹怎么蒸好吃', 'zh'],
  ['a question before buying', '活的还是死的发货', 'zh'],
  ['a negation', '没坏', 'zh'],
  ['a negation beside the goods', '螃蟹没死,挺好的', 'zh'],
  ['a negation beside the goods', '鸡蛋没有碎', 'zh'],
  ['an illness is for another action', '虾是臭的,吃完拉肚子', 'zh'],
  ['a worry', '玻璃杯路上会不会碎', 'zh'],
  ['a name of a dish', '你们有臭豆腐卖吗,配鱼吃', 'zh'],
  ['a figure of speech', '螃蟹死贵', 'zh'],
  ['a refund that was promised', '死蟹那几只你们说退的钱到账了吗', 'zh'],
  ['no goods named', '你好', 'zh'],
  ['a negation', 'the eggs were not broken', 'en'],
  ['a negation', "the glasses weren't cracked", 'en'],
  ['a recipe', 'how do i cook the crab', 'en'],
  ['a question before buying', 'do you ship the crabs alive or dead', 'en'],
  ['an illness is for another action', 'the chicken smelled off and now i feel sick', 'en'],
  ['20% off is no damage', 'is the salmon 20% off today', 'en'],
]

describe('the fresh-goods plugin', () => {
  for (const [text, language] of FRESH) {
    test(`votes compensate.fresh: ${text}`, () => assert.equal(template(text, language), 'compensate.fresh'))
  }
  for (const [text, language] of FRAGILE) {
    test(`votes compensate.fragile: ${text}`, () => assert.equal(template(text, language), 'compensate.fragile'))
  }
  for (const [why, text, language] of SILENT) {
    test(`abstains, ${why}: ${text}`, () => assert.equal(ask(text, language), null))
  }

  test('its answer does not depend on what it was asked before', () => {
    const first = ask('螃蟹死了', 'zh')
    ask('螃蟹怎么蒸好吃', 'zh')
    assert.deepEqual(ask('螃蟹死了', 'zh'), first)
  })

  test('says what it saw, for a person to read', () => {
    const answer = ask('收到的大闸蟹有三只是死的', 'zh')
    assert.ok(answer !== null && 'evidence' in answer)
    assert.equal(answer.evidence, '大闸蟹: 死')
  })
})
