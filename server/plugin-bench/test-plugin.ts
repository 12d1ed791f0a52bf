// Puts the golden turns of a plugin to it, in the real sandbox with the real limits, and says which are answered otherwise.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Moment } from '@parley/core/ports/voters.ts'
import { type Bench, openBench, questionFor } from './bench.ts'
import { GOLDEN_FILE, type GoldenTurn, isFailure, isSame, linesOf, readGolden } from './golden.ts'

export interface Difference {
  readonly line: number
  readonly text: string
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
  /** Actions of the manifest that no golden turn is answered with; of `'*'` nothing can be said. */
  readonly unreached: readonly string[]
}

/** Faults: PLUGIN_INVALID, TURNS_INVALID. */
export async function testPlugin(folder: string): Promise<TestReport> {
  const golden = readGolden(folder)
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
        bench = await openBench(folder, turn.settings)
        settings = wanted
      }
      if (turn.conversation !== conversation) memory = {}
      conversation = turn.conversation
      const answer = await bench!.askPatiently(questionFor(bench!.plugin, turn.text), { turn: `golden/${turn.text}`, at: turn.at, memory }) // opened at the first turn at the latest
      if (answer.ballot.memory !== undefined) memory = { [answer.ballot.voter]: answer.ballot.memory }
      for (const { action } of answer.ballot.votes) reached.add(action)
      const actual = linesOf(answer)
      if (!isSame(actual, turn.expected))
        differences.push({ line: turn.line, text: turn.text, expected: turn.expected, actual, isFailure: isFailure(actual) })
    }
    const { manifest, version } = bench!.plugin // there is a turn, or readGolden had refused
    const actions = manifest.actions === '*' ? [] : manifest.actions
    return {
      plugin: manifest.id,
      version,
      runtime: manifest.runtime,
      limits: manifest.limits,
      file: join(folder, GOLDEN_FILE),
      turns: golden.turns.length,
      differences,
      unreached: actions.filter(action => !reached.has(action)),
    }
  } finally {
    await bench?.close()
  }
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
