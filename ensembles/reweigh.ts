// An ensemble with other weights of some voters, and nothing else changed: as a value, and as the text of a file of its own.
import { Fault } from '@parley/core/faults.ts'
import type { Language } from '@parley/plugin-sdk/vocabulary.ts'
import { isMap, parseDocument } from 'yaml'
import { type EnsembleFile, entryOf, kindOf } from './ensemble-file.ts'

export type Weights = Readonly<Record<string, Readonly<Record<Language, number>>>>

/** A voter that has no entry of its own gets one: that of its kind, or one that changes nothing of what it says. */
export function reweighed(file: EnsembleFile, weights: Weights): EnsembleFile {
  const entries = Object.entries(weights).map(
    ([voter, weight]) => [voter, { ...(entryOf(file, voter) ?? PLAIN), weight: { ...weight } }] as const,
  )
  return { ...file, voters: { ...file.voters, ...Object.fromEntries(entries) } }
}

const PLAIN = {
  temperature: { zh: 1, en: 1 },
  calibration: { zh: [], en: [] },
  rest: {},
  mistakes: {},
  actions: {},
} satisfies Omit<EnsembleFile['voters'][string], 'weight'>

/** The same of a file's text, with its comments, as `name` and `version`. What it says is what `reweighed` gives. Faults: ENSEMBLE_INVALID. */
export function reweighedText(text: string, weights: Weights, name: string, version: number): string {
  const document = parseDocument(text)
  const broken = document.errors[0]
  if (broken) throw new Fault('ENSEMBLE_INVALID', { file: name, path: '', reason: broken.message.split('\n')[0] ?? 'not YAML' })
  document.set('name', name)
  document.set('version', version)
  // A file in which nobody has a weight says so with a map on one line.
  const voters = document.get('voters')
  if (isMap(voters) && voters.items.length === 0) voters.flow = false
  for (const [voter, weight] of Object.entries(weights)) {
    const kind = kindOf(voter)
    if (!document.hasIn(['voters', voter]) && document.hasIn(['voters', kind])) {
      const entry = document.getIn(['voters', kind])
      document.setIn(['voters', voter], document.createNode(isMap(entry) ? entry.toJS(document) : entry))
    }
    const node = document.createNode({ zh: weight.zh, en: weight.en })
    if (isMap(node)) node.flow = true
    document.setIn(['voters', voter, 'weight'], node)
  }
  return document.toString({ lineWidth: 0 })
}
