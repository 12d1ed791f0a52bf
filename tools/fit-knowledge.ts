// Prints the curve of models/knowledge/confidence.ts, fitted on the demo shop's articles: the practice questions, and examples of the pack that are about
// something else than the article that is found for them.
import { fitCurve } from '@parley/models/knowledge/fit-confidence.ts'
import { createLibrary } from '@parley/models/knowledge/library.ts'
import { practiceQuestions } from '@parley/server/practice-questions.ts'

const { articles, asked } = practiceQuestions()
console.log(await fitCurve(await createLibrary(articles), asked))
