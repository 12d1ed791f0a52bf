// `parley plugin …`: what a developer of plugins works with.
import { type TestReport, testPlugin, updateGolden } from '../plugin-bench/test-plugin.ts'

interface TestOptions {
  readonly update?: true
  readonly json?: true
}

/** Exit status 1 when a turn is answered otherwise than written; with `--update` only when one fails. Faults: PLUGIN_INVALID, TURNS_INVALID. */
export async function runGoldenTurns(folder: string, options: TestOptions): Promise<void> {
  const report = await testPlugin(folder)
  const failures = report.differences.filter(({ isFailure }) => isFailure).length
  if (options.update && report.differences.length > failures) updateGolden(folder, report.differences)
  if (options.json) console.log(JSON.stringify({ ...report, isUpdated: options.update === true }, null, 2))
  else printTestReport(report, failures, options.update === true)
  if (options.update ? failures > 0 : report.differences.length > 0) process.exitCode = 1
}

function printTestReport(report: TestReport, failures: number, isUpdated: boolean): void {
  const { plugin, version, runtime, limits, file, turns, differences, unreached } = report
  console.log(`${plugin} ${version}, in the ${runtime} sandbox: ${limits.timeoutMs} ms a turn, ${limits.memoryMb} MB`)
  for (const { line, text, expected, actual } of differences) {
    console.log(`${file}:${line}: customer ${text}`)
    for (const [sign, lines] of [
      ['-', expected],
      ['+', actual],
    ] as const)
      for (const each of lines) console.log(`  ${sign} ${each}`)
  }
  for (const action of unreached) console.log(`warning: no golden turn reaches ${action}; write one, or take it out of manifest.actions`)
  const changed = differences.length - failures
  const said = [
    `${turns - differences.length} of ${turns} turns as written`,
    ...(changed > 0
      ? [isUpdated ? `${changed} written anew: review the diff above` : `${changed} otherwise (--update writes what is voted now)`]
      : []),
    ...(failures > 0 ? [`${failures} failed`] : []),
  ]
  console.log(said.join(', '))
}
