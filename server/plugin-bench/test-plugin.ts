// Puts the golden turns of a plugin to it, in the real sandbox with the real limits, and says which are answered otherwise.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Ballot, Moment } from '@parley/core/ports/voters.ts'
import { type Bench, openBench, questionFor } from './bench.ts'
import { GOLDEN_FILE, type GoldenTurn, isFailure, isSame, linesOf, readGolden } from './golden.ts'
import { linesOfEffect } from './golden-effect.ts'
import { openRecordedAnswers, type RecordedAnswers } from './recorded-answers.ts'

export interface Difference {
  readonly line: number
  /** `customer hello` */
  readonly asked: string
  readonly expected: readonly string[]
  readonly actual: readonly string[]
  /** It threw, came late or voted what it may not: `--update` leaves such a turn as it is. */
  readonly isFailure: boolean
}

export interface TestReport {
  readonly plugin: string
  readonly version: string
  readonly runtime: string
  readonly limits: { readonly timeoutMs: number; readonly memoryMb: number }
  readonly file: string
  readonly turns: number
  readonly differences: readonly Difference[]
  /** Actions and effects of the manifest that no golden turn reaches; of actions `'*'` nothing can be said. */
  readonly unreached: readonly string[]
  /** Answers to its queries that were recorded now. */
  readonly recorded: number
}

/** `isRecording`: answers to its queries that are not recorded yet are, from the systems of `mesh`, the demo shop's unless given. Faults: PLUGIN_INVALID, TURNS_INVALID. */
export async function testPlugin(folder: string, isRecording: boolean, mesh?: string): Promise<TestReport> {
  const golden = readGolden(folder)
  const answers = openRecordedAnswers(folder, isRecording, mesh)
  const reached = new Set<string>()
  const differences: Difference[] = []
  let bench: Bench | undefined
  let settings: string | undefined
  let conversation: number | undefined
  let memory: Moment['memory'] = {}
  try {
    for (const turn of golden.turns) {
      const wanted = JSON.stringify(turn.settings)
      if (wanted !== settings) {
        await bench?.close()
        bench = await openBench(folder, turn.settings, mesh)
        settings = wanted
      }
      if (turn.conversation !== conversation) memory = {}
      conversation = turn.conversation
      const { lines: actual, ballot } = await put(turn, bench!, { answers, memory }) // opened at the first turn at the latest
      if (ballot?.memory !== undefined) memory = { [ballot.voter]: ballot.memory }
      for (const { action } of ballot?.votes ?? []) reached.add(action)
      if ('effect' in turn.what) reached.add(turn.what.effect)
      if (!isSame(actual, turn.expected))
        differences.push({ line: turn.line, asked: turn.asked, expected: turn.expected, actual, isFailure: isFailure(actual) })
    }
    const { manifest, version } = bench!.plugin // there is a turn, or readGolden had refused
    const reachable = [...(manifest.actions === '*' ? [] : manifest.actions), ...Object.keys(manifest.effects)]
    return {
      plugin: manifest.id,
      version,
      runtime: manifest.runtime,
      limits: manifest.limits,
      file: join(folder, GOLDEN_FILE),
      turns: golden.turns.length,
      differences,
      unreached: reachable.filter(each => !reached.has(each)),
      recorded: isRecording ? answers.save() : 0,
    }
  } finally {
    await bench?.close()
    await answers.close()
  }
}

interface Said {
  /** As golden lines. */
  readonly lines: readonly string[]
  /** Of what a customer writes. */
  readonly ballot?: Ballot
}

async function put(
  { what, at, customer, line }: GoldenTurn,
  bench: Bench,
  { answers, memory }: { readonly answers: RecordedAnswers; readonly memory: Moment['memory'] },
): Promise<Said> {
  if ('text' in what) {
    const question = questionFor(bench.plugin, what.text)
    const lookUp = answers.lookUp(customer, question.locale)
    const answer = await bench.askPatiently(question, { turn: `golden/${what.text}`, at, memory, lookUp })
    return { lines: linesOf(answer), ballot: answer.ballot }
  }
  const { effect, hook, slots, result } = what
  const { effects, languages } = bench.plugin.manifest
  const name = hook === 'undo' ? effects[effect]?.undo : effect
  if (name === undefined || !Object.hasOwn(effects, effect)) return { lines: [`! there is no effect ${effect} in its manifest`] }
  const locale = languages[0] === 'zh' ? 'zh-CN' : 'en'
  return { lines: linesOfEffect(await bench.decide({ name, key: `golden/${line}`, slots, locale, ...(result && { undoes: result }) })) }
}

/** Writes what was voted where something else stood; comments and everything else stay as they are. */
export function updateGolden(folder: string, differences: readonly Difference[]): void {
  const { lines, turns } = readGolden(folder)
  const updated = [...lines]
  const at = (turn: GoldenTurn): Difference | undefined => differences.find(({ line, isFailure }) => line === turn.line && !isFailure)
  // From the end, so that the lines before stay where they are.
  for (const turn of turns.toReversed()) {
    const difference = at(turn)
    if (difference) updated.splice(turn.line + 1, turn.expected.length, ...difference.actual)
  }
  writeFileSync(join(folder, GOLDEN_FILE), `${updated.join('\n')}\n`)
}
