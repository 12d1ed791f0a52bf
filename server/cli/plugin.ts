// `parley plugin …`: what a developer of plugins works with.
import { PluginId } from '@parley/plugin-sdk/manifest.ts'
import { readConfig } from '../config.ts'
import { type CheckReport, checkPlugin } from '../plugin-bench/check-plugin.ts'
import { readSettings, SETTINGS_FORM } from '../plugin-bench/read-settings.ts'
import { scaffold, type Template } from '../plugin-bench/scaffold.ts'
import { type TestReport, testPlugin, updateGolden } from '../plugin-bench/test-plugin.ts'
import { findPluginStore } from '../plugin-store/open-plugin-store.ts'
import type { ReplayOptions } from './plugin-replay.ts'

/** `wrongUse` ends with what is wrong with the name. Faults: FOLDER_NOT_EMPTY. */
export function newPlugin(id: string, { template }: { readonly template: Template }, wrongUse: WrongUse): void {
  const checked = PluginId.safeParse(id)
  if (!checked.success) wrongUse(`${JSON.stringify(id)}: ${checked.error.issues[0]?.message}`)
  const files = scaffold(id, template)
  console.log(`${id}/ has ${files.join(', ')}

  cd ${id}
  parley plugin dev      talk to it; it is loaded anew whenever you save
  parley plugin test     golden.txt, in the real sandbox
  parley plugin check    what must hold before a shop uses it`)
}

interface DevOptions {
  readonly settings: string
  readonly shop: string
  readonly customer: string
  readonly mesh?: string
}

export async function developPluginFolder(
  folder: string,
  { settings, shop, customer, mesh }: DevOptions,
  wrongUse: WrongUse,
): Promise<void> {
  const given = readSettings(settings) ?? wrongUse(SETTINGS_FORM)
  await (await import('./plugin-dev.ts')).developPlugin(folder, shop, customer, given, mesh) // it brings the models along
}

interface TestOptions {
  readonly update?: true
  readonly mesh?: string
  readonly json?: true
}

/** Exit status 1 when a turn is answered otherwise than written; with `--update` only when one fails. Faults: PLUGIN_INVALID, TURNS_INVALID. */
export async function runGoldenTurns(folder: string, options: TestOptions): Promise<void> {
  const report = await testPlugin(folder, options.update === true, options.mesh)
  const failures = report.differences.filter(({ isFailure }) => isFailure).length
  if (options.update && report.differences.length > failures) updateGolden(folder, report.differences)
  if (options.json) console.log(JSON.stringify({ ...report, isUpdated: options.update === true }, null, 2))
  else printTestReport(report, failures, options.update === true)
  if (options.update ? failures > 0 : report.differences.length > 0) process.exitCode = 1
}

function printTestReport(report: TestReport, failures: number, isUpdated: boolean): void {
  const { plugin, version, runtime, limits, file, turns, differences, unreached, recorded } = report
  console.log(`${plugin} ${version}, in the ${runtime} sandbox: ${limits.timeoutMs} ms a turn, ${limits.memoryMb} MB`)
  for (const { line, asked, expected, actual } of differences) {
    console.log(`${file}:${line}: ${asked}`)
    for (const [sign, lines] of [
      ['-', expected],
      ['+', actual],
    ] as const)
      for (const each of lines) console.log(`  ${sign} ${each}`)
  }
  for (const action of unreached) console.log(`warning: no golden turn reaches ${action}; write one, or take it out of the manifest`)
  const changed = differences.length - failures
  const said = [
    `${turns - differences.length} of ${turns} turns as written`,
    ...(changed > 0
      ? [isUpdated ? `${changed} written anew: review the diff above` : `${changed} otherwise (--update writes what is voted now)`]
      : []),
    ...(failures > 0 ? [`${failures} failed`] : []),
    ...(recorded > 0 ? [`${recorded} answers recorded`] : []),
  ]
  console.log(said.join(', '))
}

interface CheckOptions {
  readonly settings: string
  readonly against?: string
  readonly mesh?: string
  readonly json?: true
}

export interface ReplayCommandOptions extends Omit<ReplayOptions, 'since'> {
  readonly settings: string
  /** Milliseconds back from now. */
  readonly since: number
}

export async function replayPluginFolder(folder: string, { settings, since, ...options }: ReplayCommandOptions, wrongUse: WrongUse) {
  const given = readSettings(settings) ?? wrongUse(SETTINGS_FORM)
  const { replayRecordedTurns } = await import('./plugin-replay.ts') // it brings the models along
  await replayRecordedTurns(folder, given, { ...options, since: Date.now() - since })
}

type WrongUse = (message: string) => never

/** Exit status 1 for any error; a warning is for a person to judge. Faults: BUNDLE_INVALID. */
export async function checkPluginFolder(
  folder: string,
  { settings, against, mesh, json }: CheckOptions,
  wrongUse: WrongUse,
): Promise<void> {
  const given = readSettings(settings) ?? wrongUse(SETTINGS_FORM)
  const store = findPluginStore(readConfig(process.env).data)
  const report = await checkPlugin(folder, given, { against, store }, mesh).finally(() => store?.close())
  if (json) console.log(JSON.stringify(report, null, 2))
  else printCheckReport(report)
  if (report.findings.some(({ verdict }) => verdict === 'error')) process.exitCode = 1
}

function printCheckReport({ plugin, findings }: CheckReport): void {
  console.log(plugin)
  for (const { what, verdict, figure, advice } of findings) {
    console.log(`${verdict.padEnd(8)} ${what.padEnd(11)} ${figure}`)
    if (advice) console.log(`${''.padEnd(20)} ${advice}`)
  }
  const count = (wanted: string): number => findings.filter(({ verdict }) => verdict === wanted).length
  console.log(`${count('error')} errors, ${count('warning')} warnings`)
}
