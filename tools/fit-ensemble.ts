// Second half of `npm run train`: asks every voter about every example of the pack, the models as they would answer had they not been trained on
// it, and fits the weights of ensembles/shipped/retail.yaml. Prints what the fusion is worth beside each voter alone and beside equal weights,
// always on rows that the weights were not fitted on.
//   --check   prints only, writes nothing
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Ballot } from '@parley/core/ports/voters.ts'
import type { EnsembleFile } from '@parley/ensembles/ensemble-file.ts'
import { parseEnsemble } from '@parley/ensembles/ensemble-file.ts'
import { fitWeights, type LabelledBallots } from '@parley/ensembles/fit.ts'
import { fuse } from '@parley/ensembles/fuse.ts'
import { createLibrary } from '@parley/models/knowledge/library.ts'
import { readCorpus } from '@parley/models/train/corpus.ts'
import { learnPhrases } from '@parley/models/train/learn-phrases.ts'
import { outOfFold } from '@parley/models/train/out-of-fold-answers.ts'
import type { Language, Vote } from '@parley/plugin-sdk/vocabulary.ts'
import { createKeywordVoters } from '@parley/server/drivers/voters.keyword.ts'
import { createKnowledgeVoters } from '@parley/server/drivers/voters.knowledge.ts'
import { createPluginVoters } from '@parley/server/drivers/voters.plugins.ts'
import { shippedArticles } from '@parley/server/knowledge-store/shipped-articles.ts'
import { readPack } from '@parley/server/pack-folder.ts'
import { PROJECT } from '@parley/server/project.ts'

const SEED = 20_251_103
const HALVES = 2
const FILE = join(PROJECT.ensembles, 'retail.yaml')

const pack = readPack(join(PROJECT.packs, 'retail'))
const domain = Object.keys(pack.actions)
const { file } = parseEnsemble(readFileSync(FILE, 'utf8'), 'retail.yaml')
let folds = 0
const answers = outOfFold(readCorpus(join(PROJECT.packs, 'retail')), SEED, () =>
  process.stderr.write(`\rjudging out of fold: ${++folds} models `),
)
process.stderr.write('\n')

const knowledge = createKnowledgeVoters(await createLibrary(shippedArticles([{ id: 'demo', mesh: 'demo-shop', pack: 'retail' }])('demo')))
// A phrase that was learned from an example would vote on it more surely than on what customers write.
const byFold = Map.groupBy(answers, ({ fold }) => fold)
const keywords = new Map(
  [...byFold.keys()].map(fold => {
    const others = answers.filter(answer => answer.fold !== fold)
    return [fold, createKeywordVoters(pack.phrases, learnPhrases(others.map(({ example }) => example)))] as const
  }),
)
const plugins = await createPluginVoters({ folders: ['fresh-goods', 'complaint-analyzer'].map(name => join(PROJECT.plugins, name)) })
await plugins.ready
const rows: LabelledBallots[] = []
for (const { example, fold, intent, sentiment } of answers) {
  const ballots: Ballot[] = [ballotOf('intent', intent.votes), ballotOf('sentiment', sentiment.votes)]
  const question = {
    text: example.text,
    original: example.text,
    language: example.language,
    locale: example.language === 'zh' ? ('zh-CN' as const) : ('en' as const),
  }
  for (const pool of [keywords.get(fold)!, knowledge, plugins.pool]) // one for each fold
    await pool.ask(question, ballot => ballots.push(ballot), new AbortController().signal)
  rows.push({ language: example.language, ballots, action: example.label })
}
await plugins.pool.close()

const half = (n: number): LabelledBallots[] => rows.filter((_, i) => i % HALVES === n)
const voters = Object.keys(file.voters)
const only = (voter: string): EnsembleFile => weighted(v => (v === voter ? 1 : 0))
const weighted = (weight: (voter: string, language: Language) => number): EnsembleFile => ({
  ...file,
  voters: Object.fromEntries(voters.map(v => [v, { ...file.voters[v]!, weight: { zh: weight(v, 'zh'), en: weight(v, 'en') } }])), // v is one of its own keys
})

console.log(`${rows.length} requests; accuracy and log-loss on the half that the weights were not fitted on`)
for (const voter of voters) report(`${voter} alone`, () => only(voter))
report('equal weights', () => weighted(() => 1))
report('fitted weights', n => {
  const fitted = withHeld(fitWeights(file, half(1 - n), domain))
  return weighted((voter, language) => fitted[voter]![language]) // fitted has every voter of the file
})

const fitted = withHeld(fitWeights(file, rows, domain))
console.log('\nweights on all rows', JSON.stringify(fitted))
if (!process.argv.includes('--check')) {
  const lines = voters.map(v => `  ${v}:\n    weight: { zh: ${fitted[v]!.zh}, en: ${fitted[v]!.en} }`) // as above
  writeFileSync(
    FILE,
    `# The ensemble of the retail pack. ensembles/SPEC.md gives the arithmetic; \`npm run train\` fits the weights.\nname: ${file.name}\nversion: ${file.version}\nvoters:\n${lines.join('\n')}\n`,
  )
  console.log(`written to ${FILE}`)
}

/**
 * Articles are written for questions that the examples do not ask, and where they speak up on these they are mostly wrong: fitted here the weight would be a
 * third of what answers the most practice questions (docs/accuracy.md). It stays as the file has it.
 */
function withHeld(fitted: ReturnType<typeof fitWeights>): ReturnType<typeof fitWeights> {
  return { ...fitted, knowledge: file.voters.knowledge!.weight } // the shipped ensemble has it
}

function report(name: string, make: (half: number) => EnsembleFile): void {
  const sums = { zh: { n: 0, right: 0, loss: 0 }, en: { n: 0, right: 0, loss: 0 } }
  for (let n = 0; n < HALVES; n++) {
    const ensemble = make(n)
    for (const { ballots, language, action } of half(n)) {
      const { ranking, probabilities } = fuse(ensemble, ballots, language, domain)
      const sum = sums[language]
      sum.n++
      if (ranking[0]?.action === action) sum.right++
      sum.loss -= Math.log(probabilities[action] ?? 1e-9)
    }
  }
  const cell = ({ n, right, loss }: { n: number; right: number; loss: number }): string =>
    `${((100 * right) / n).toFixed(1)} % ${(loss / n).toFixed(3)}`
  console.log(`  ${name.padEnd(20)} zh ${cell(sums.zh)}   en ${cell(sums.en)}`)
}

function ballotOf(voter: string, votes: readonly Vote[]): Ballot {
  return { voter, version: 'out-of-fold', abstained: votes.length === 0, votes, ms: 0 }
}
