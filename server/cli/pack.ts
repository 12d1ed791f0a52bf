// `parley pack …`: what is wrong with a pack, and the sentences of one.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import { readExamples } from '@parley/models/train/examples.ts'
import { checkPack, type PackReport } from '../pack-check/check-pack.ts'
import { PROJECT } from '../project.ts'

/** Prints one problem a line as `file:line: error: reason` and a summary at the end. Exit status 1 for any error. Faults: PACK_INVALID without a folder. */
export function checkPackFolder(folder = join(PROJECT.packs, 'retail'), { json }: { readonly json?: boolean } = {}): void {
  if (!existsSync(folder)) throw new Fault('PACK_INVALID', { file: folder, path: '', reason: 'the folder is not there' })
  const report = checkPack(folder)
  const errors = report.problems.filter(({ severity }) => severity === 'error').length
  if (json) console.log(JSON.stringify(report, null, 2))
  else {
    for (const { file, line, severity, reason } of report.problems) console.log(`${join(folder, file)}:${line}: ${severity}: ${reason}`)
    console.log(summaryOf(report, errors))
  }
  if (errors > 0) process.exitCode = 1
}

/** Prints the labelled sentences of a pack as lines that `parley train` reads. Faults: PACK_INVALID. */
export function printExamples(folder = join(PROJECT.packs, 'retail'), { moods }: { readonly moods?: true } = {}): void {
  for (const { original, label, language } of readExamples(join(folder, moods ? 'moods' : 'examples')))
    process.stdout.write(`${JSON.stringify({ text: original, label, lang: language })}\n`)
}

function summaryOf({ actions, risks, counts, problems }: PackReport, errors: number): string {
  const locales = Object.entries(counts).map(
    ([locale, { examples, phrases, templates }]) => `${locale} ${examples} examples, ${phrases} phrases, ${templates} templates`,
  )
  return `${actions} actions, ${risks} risks; ${locales.join('; ')}; ${errors} errors, ${problems.length - errors} warnings`
}
