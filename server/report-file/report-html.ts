// A report as one HTML file that asks nothing of anybody: its script, its style and its figures stand in it, and its policy lets nothing else in. What customers
// wrote is data in it, not markup: the script puts it into the page as text.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ReportFile } from '@parley/ensembles/report-file.ts'
import { PROJECT } from '../project.ts'

const built = (file: string): string =>
  readFileSync(join(PROJECT.pages, 'report', file), 'utf8').replace(/\n\/[/*]# sourceMappingURL=.*/, '')

const sourceOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/** The whole file. Throws where the pages are not built, as the launcher does before every command. */
export function reportHtml(file: ReportFile): string {
  const [script, style] = [built('report.js').trim(), built('report.css').trim()]
  const policy = `default-src 'none'; script-src ${sourceOf(script)}; style-src ${sourceOf(style)}; base-uri 'none'; form-action 'none'`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${escaped(titleOf(file))}</title>
<style>${style}</style>
</head>
<body>
<noscript>This report is drawn by the script within it: allow it to run. 本报告由文件内的脚本绘制，请允许它运行。</noscript>
<script type="application/json" id="report">${inert(JSON.stringify(file))}</script>
<script>${script}</script>
</body>
</html>
`
}

/** Until the script says it in the reader's language. */
function titleOf(file: ReportFile): string {
  if (file.kind === 'evaluate') return file.evaluation.ensemble
  return file.kind === 'compare' ? `${file.comparison.a} - ${file.comparison.b}` : file.tune.from
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

/** JSON in which nothing can end the element that it stands in, nor begin a comment. */
const inert = (json: string): string => json.replaceAll('<', '\\u003c')

/** The same without what customers wrote, and without what a file of turns calls its conversations: lines and actions alone tell of a turn. */
export function withoutTexts(file: ReportFile): ReportFile {
  const about = { ...file.about, hasTexts: false }
  const bare = <T extends { readonly text: string; readonly conversation: string }>(turns: readonly T[]): T[] =>
    turns.map(turn => ({ ...turn, text: '', conversation: '' }))
  switch (file.kind) {
    case 'evaluate':
      return {
        ...file,
        about,
        evaluation: {
          ...file.evaluation,
          confusions: file.evaluation.confusions.map(cell => ({
            ...cell,
            sentences: cell.sentences.map(sentence => ({ ...sentence, text: '' })),
          })),
        },
      }
    case 'compare': {
      const { comparison } = file
      const pinned = { ...comparison.pinned, broken: bare(comparison.pinned.broken) }
      return { ...file, about, comparison: { ...comparison, changed: bare(comparison.changed), pinned } }
    }
    case 'tune':
      return { ...file, about }
  }
}
