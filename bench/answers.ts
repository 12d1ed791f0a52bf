// How often the bot as it is shipped answers a held-out question with the right article of the demo shop: not the knowledge voter by itself, which
// `parley knowledge evaluate` judges, but what the customer gets after all voters.
//   npm run bench:answers
import { readFileSync } from 'node:fs'
import { readQuestions } from '@parley/models/knowledge/read-questions.ts'
import { shown } from '@parley/models/train/card.ts'
import { shareOf } from '@parley/models/train/intervals.ts'
import { shippedArticles } from '@parley/server/knowledge-store/shipped-articles.ts'
import { machine } from './machine.ts'
import { startWholeBot } from './whole-bot.ts'

const bot = await startWholeBot()
console.log(JSON.stringify({ ...machine(), ensemble: bot.shop.ensemble('').version }))
const articles = shippedArticles([{ id: 'demo', mesh: 'demo-shop', pack: 'retail' }])('demo')
for (const [language, locale] of [
  ['zh', 'zh-CN'],
  ['en', 'en'],
] as const) {
  const { questions } = readQuestions(readFileSync(new URL(`../test/knowledge/heldout.${language}.csv`, import.meta.url), 'utf8'), articles)
  const decisions = await bot.decide(
    questions.map(({ question }) => question),
    locale,
  )
  const rows = questions.map(({ article }, i) => ({ right: article, said: decisions[i]!.source?.article })) // one decision a question
  const answerable = rows.filter(({ right }) => right !== null)
  const answered = rows.filter(({ said }) => said !== undefined)
  const wrong = answered.filter(({ right, said }) => said !== right)
  console.log(`\n${language}: ${rows.length} questions, ${answerable.length} of which an article answers`)
  console.log(`  answered with the right one ${shown(shareOf(answered.length - wrong.length, answerable.length))} of these`)
  console.log(
    `  answered with a wrong one ${shown(shareOf(wrong.length, rows.length))} of all, ${shown(shareOf(wrong.length, answered.length))} of those answered`,
  )
}
await bot.close()
process.exit(0)
