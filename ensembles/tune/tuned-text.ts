// The text of a tuned ensemble: that of the one it was tuned from, with what was learned put in, so that a team's own comments stay.
import { type Document, parseDocument } from 'yaml'
import { type EnsembleFile, parseEnsemble } from '../ensemble-file.ts'

/** Begins the lines that an earlier tune has written: they tell of other data. */
const MARK = ' tuned: '

/** `from`: the text of the ensemble that `file` was tuned from. `told`: on what, by what and with which figures, a line each. */
export function tunedText(from: string, file: EnsembleFile, told: readonly string[]): string {
  const document = parseDocument(from)
  const kept = (document.commentBefore ?? '').split('\n').filter(line => line.trim() !== '' && !line.startsWith(MARK))
  document.commentBefore = [...kept, ...told.map(line => `${MARK}${line}`)].join('\n')
  document.set('version', file.version)
  for (const [voter, entry] of Object.entries(file.voters)) {
    put(document, ['voters', voter, 'weight'], entry.weight)
    put(document, ['voters', voter, 'temperature'], entry.temperature, isOne(entry.temperature))
    put(document, ['voters', voter, 'calibration'], entry.calibration, entry.calibration.zh.length + entry.calibration.en.length === 0)
    put(document, ['voters', voter, 'rest'], entry.rest, isEmpty(entry.rest))
    put(document, ['voters', voter, 'mistakes'], entry.mistakes, isEmpty(entry.mistakes))
    put(document, ['voters', voter, 'actions'], entry.actions, isEmpty(entry.actions))
  }
  put(document, ['prior'], file.prior, isEmpty(file.prior))
  put(document, ['priorOfTraffic'], file.priorOfTraffic, isEmpty(file.priorOfTraffic))
  const signals = Object.entries(file.signals)
  if (signals.length === 0) document.delete('signals')
  for (const [name, weights] of signals) put(document, ['signals', name], weights)
  if (signals.length > 0)
    for (const name of Object.keys((document.toJS() as EnsembleFile).signals))
      if (!(name in file.signals)) document.deleteIn(['signals', name])
  const text = document.toString({ lineWidth: 0 })
  const written = parseEnsemble(text, 'the tuned ensemble').file
  if (stable(written) !== stable(file)) throw new Error('the text of the tuned ensemble says something else than what was tuned')
  return text
}

/** On one line: there are dozens. What says no more than its absence is left out. */
function put(document: Document, path: readonly string[], value: unknown, isAbsent = false): void {
  if (isAbsent) document.deleteIn(path)
  else document.setIn(path, document.createNode(value, { flow: true }))
}

const isOne = ({ zh, en }: EnsembleFile['voters'][string]['temperature']): boolean => zh === 1 && en === 1
const isEmpty = (value: object): boolean => Object.keys(value).length === 0

/** The order of keys says nothing. */
const stable = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
