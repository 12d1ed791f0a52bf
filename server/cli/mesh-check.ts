// `parley mesh check`: every field of a mesh is tried for one customer, and every source asked whether it still is what its files say.
import { readFileSync } from 'node:fs'
import type { MeshAnswer } from '@parley/mesh/joined/joined-mesh.ts'
import type { OpenMesh } from '@parley/mesh/joined/read-mesh.ts'
import type { Outcome } from '@parley/mesh/joined/trial.ts'
import type { Change } from '@parley/mesh/source/compare.ts'
import type { Means } from '@parley/mesh/source/kind.ts'
import type { SourceConfig } from '@parley/mesh/source/kinds.ts'
import type { Scope } from '@parley/mesh/upstream/scope.ts'
import { readConfig } from '../config.ts'
import { DEMO, meshFile } from '../mesh/mesh-file.ts'
import type { WrongUse } from './agent.ts'
import { type MeshOptions, withMesh } from './mesh.ts'
import { meansFor } from './mesh-add.ts'
import { knownShop, say, sayTable } from './plugin-store.ts'

export interface CheckOptions extends MeshOptions {
  readonly customer: string
  /** `number=2024-881`, `Customer.order.number=2024-881` */
  readonly arg: readonly string[]
}

interface Checked {
  readonly name: string
  readonly kind: string
  readonly url: string | null
  readonly operations: number
  readonly used: number
  readonly deadlineMs: number
  /** `answers`, the code of what is wrong, or `not asked` where none of its fields could be tried. */
  readonly state: string
  /** What has changed since its files were written; null where it does not tell. */
  readonly changes: readonly (Change & { readonly usedBy: readonly string[] })[] | null
  /** Why it does not tell, where it should. */
  readonly unknown?: string
}

/** Exit status 1 where something is wrong. Faults: as `withMesh`. */
export const checkMesh = (options: CheckOptions, wrongUse: WrongUse): Promise<void> =>
  withMesh(options, wrongUse, async (mesh, scope) => {
    const values = new Map<string, string>()
    for (const arg of options.arg) {
      const [, name, value] = /^([^=]+)=(.*)$/s.exec(arg) ?? wrongUse(`--arg ${arg}: it must be name=value`)
      values.set(name ?? '', value ?? '')
    }
    const started = performance.now()
    const { outcomes, queries, problems } = await tryFields(mesh, scope, { customer: options.customer, values })
    const ms = Math.round(performance.now() - started)
    const means = meansOf(options, wrongUse)
    const sources = await Promise.all(
      Object.entries(mesh.config.sources).map(([name, source]) => checkSource(mesh, name, source, outcomes, means)),
    )
    const broken = sources.flatMap(({ name, changes }) =>
      (changes ?? [])
        .filter(({ isBreaking, usedBy }) => isBreaking && usedBy.length > 0)
        .map(({ place, what }) => `${name} has changed: ${place} is ${what}`),
    )
    const reasons = outcomes.flatMap(({ state, field, reason }) => (state === 'wrong' ? [`${field}: ${reason}`] : []))
    const checks = await Promise.all([...mesh.checks.values()].map(check => check(AbortSignal.timeout(PATIENCE_MS))))
    const wrong = [...new Set([...problems, ...reasons, ...broken, ...checks.flatMap(each => each.wrong)])]
    const warnings = checks.flatMap(each => each.warnings)
    if (options.json) {
      const untried = outcomes.flatMap(({ needs, field }) => (needs ? [field] : []))
      const fields = outcomes.map(outcome => ({ ...outcome, from: mesh.config.fields[outcome.field]?.from }))
      say(JSON.stringify({ sources, fields, wrong, warnings, untried, ms, calls: mesh.reader.counts.calls, queries }))
    } else tell(mesh, { sources, outcomes, wrong, warnings, ms, customer: options.customer })
    if (wrong.length > 0) process.exitCode = 1
  })

async function tryFields(
  mesh: OpenMesh,
  scope: Scope,
  options: { readonly customer: string; readonly values: ReadonlyMap<string, string> },
) {
  const { trialOf, outcomesOf } = await import('@parley/mesh/joined/trial.ts')
  const isRefused = ({ data, errors = [] }: MeshAnswer): boolean => data === undefined && errors.length > 0
  // What would cost more than a query may is tried with less behind it.
  for (let deepest = 4; ; deepest--) {
    const { queries, untried } = trialOf(mesh.config, mesh.schema, { ...options, deepest })
    const answers: MeshAnswer[] = []
    for (const { query } of queries) answers.push(await mesh.ask({ query }, scope))
    if (deepest > 1 && answers.some(isRefused)) continue
    const found = answers.flatMap((answer, i) => outcomesOf(queries[i]!.tried, answer)) // one a query
    const problems = answers.filter(isRefused).flatMap(({ errors = [] }) => errors.map(({ message }) => message))
    const order = Object.keys(mesh.config.fields)
    const outcomes = [...found, ...untried].toSorted((a, b) => order.indexOf(a.field) - order.indexOf(b.field))
    return { outcomes, problems, queries: queries.map(({ query }) => query) }
  }
}

async function checkSource(
  mesh: OpenMesh,
  name: string,
  source: SourceConfig,
  outcomes: readonly Outcome[],
  means: Means | undefined,
): Promise<Checked> {
  const { kind, deadlineMs } = source
  const own = Object.entries(mesh.config.fields).flatMap(([field, { from }]) => (from.startsWith(`${name}.`) ? [{ field, from }] : []))
  const states = own.flatMap(({ field }) => outcomes.filter(outcome => outcome.field === field))
  const wrong = states.find(({ state, code }) => state === 'wrong' && code?.startsWith('SOURCE_') === true)
  const isAnswering = states.some(({ state }) => state === 'answers' || state === 'empty')
  const compared = means ? await compare(mesh, name, source, means) : { changes: null }
  return {
    ...{ name, kind, deadlineMs },
    url: 'url' in source ? source.url : null,
    operations: mesh.catalogues.get(name)?.operations.size ?? 0,
    used: new Set(own.map(({ from }) => from)).size,
    state: wrong ? String(wrong.code) : isAnswering ? 'answers' : 'not asked',
    ...compared,
  }
}

const PATIENCE_MS = 10_000

/** What the source serves now, beside its files. That it cannot be said is no fault: many do not serve what they are. */
async function compare(mesh: OpenMesh, name: string, source: SourceConfig, means: Means): Promise<Pick<Checked, 'changes' | 'unknown'>> {
  const [{ catalogueOf, servedFiles }, { changesBetween }, { usedBy }] = await Promise.all([
    import('@parley/mesh/source/kinds.ts'),
    import('@parley/mesh/source/compare.ts'),
    import('@parley/mesh/joined/used-by.ts'),
  ])
  try {
    const files = await servedFiles(name, source, means, AbortSignal.timeout(PATIENCE_MS))
    const before = mesh.catalogues.get(name)
    if (!files || !before) return { changes: null }
    const now = catalogueOf(source, file => files.get(file) ?? readFileSync(means.besides(file), 'utf8'))
    const changes = changesBetween(before, now)
    return { changes: changes.map(change => ({ ...change, usedBy: usedBy(mesh.config, name, before, change) })) }
  } catch (error) {
    return { changes: null, unknown: error instanceof Error ? error.message : String(error) }
  }
}

/** Undefined for the demo shop: its services are started on ports of their own, and serve their data alone. */
function meansOf(options: MeshOptions, wrongUse: WrongUse): Means | undefined {
  const config = readConfig(process.env)
  const shop = knownShop(options, config, wrongUse)
  const mesh = config.shops.find(({ id }) => id === shop)?.mesh ?? 'none'
  const file = mesh === DEMO ? undefined : meshFile(mesh)
  return file === undefined ? undefined : meansFor(file)
}

const STATES = { answers: 'answers', empty: 'answers: nothing there', unreached: 'not reached', wrong: '✖', untried: 'not tried:' } as const

interface Told {
  readonly sources: readonly Checked[]
  readonly outcomes: readonly Outcome[]
  readonly wrong: readonly string[]
  readonly warnings: readonly string[]
  readonly ms: number
  readonly customer: string
}

function tell(mesh: OpenMesh, { sources, outcomes, wrong, warnings, ms, customer }: Told): void {
  sayTable([
    ['source', 'kind', 'operations', 'used', 'deadline', 'state'],
    ...sources.map(({ name, kind, operations, used, deadlineMs, state }) => [
      name,
      kind,
      String(operations),
      String(used),
      `${deadlineMs} ms`,
      state,
    ]),
  ])
  say('')
  sayTable([
    ['field', 'from', 'state'],
    ...outcomes.map(({ field, state, reason, code }) => {
      const word = state === 'wrong' ? `✖ ${code ?? ''}` : state === 'untried' ? `not tried: ${reason}` : STATES[state]
      return [clip(field, 36), clip(mesh.config.fields[field]?.from ?? '', 34), word]
    }),
  ])
  say('')
  for (const reason of wrong) say(`✖ ${reason}`)
  for (const warning of warnings) say(`! ${warning}`)
  for (const { name, changes, unknown } of sources) {
    if (changes && changes.length > 0) {
      say(`${name} serves something else than its files say; parley mesh update ${name} writes it:`)
      for (const { what, place, detail, usedBy } of changes.slice(0, 20))
        say(`  ${what}  ${place}${detail === undefined ? '' : `: ${detail}`}${usedBy.length > 0 ? `  (${usedBy.join(', ')})` : ''}`)
      if (changes.length > 20) say(`  and ${changes.length - 20} more`)
    }
    if (unknown !== undefined) say(`Whether ${name} is as its files say is not known: ${unknown}`)
  }
  if (outcomes.some(({ needs }) => needs)) say('Values for what is not tried: --arg name=value.')
  say(`${mesh.reader.counts.calls} calls in ${ms} ms for customer ${customer}.`)
}

const clip = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text)
