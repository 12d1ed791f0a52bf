// What must hold of a plugin before a shop uses it, each point with a figure and, where it does not hold, with what to do.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import type { Pack } from '@parley/core/pack/pack.ts'
import { SDK_VERSION } from '@parley/plugin-sdk/manifest.ts'
import { readPack } from '../pack-folder.ts'
import type { LoadedPlugin, PluginSettings } from '../plugin-host/load-plugin.ts'
import { PROJECT } from '../project.ts'
import { type Answer, BENCH_MOMENT, type Bench, openBench } from './bench.ts'
import { BENCH_CUSTOMER, type BenchShop, createBenchShop } from './bench-shop.ts'
import { checkApi, type Published } from './check-api.ts'
import { checkTypes } from './check-types.ts'
import { corpusOf } from './corpus.ts'
import { linesOf } from './golden.ts'
import { unusedGrants } from './grant-use.ts'

export interface Finding {
  readonly what: string
  /** An error must be mended; a warning is for a person to judge; `skipped` could not be looked at here. */
  readonly verdict: 'ok' | 'warning' | 'error' | 'skipped'
  readonly figure: string
  /** What to do about it. */
  readonly advice?: string
}

export interface CheckReport {
  readonly plugin: string
  readonly findings: readonly Finding[]
}

const SIZE_KB = { warning: 128, error: 1_024 }
/** Of processor time; the sandbox itself stops the top level at 1 s, and a Python module at 5. */
const START_MS = { typescript: 20, python: 500 }

export async function checkPlugin(
  folder: string,
  settings: PluginSettings[string],
  published: Published = {},
  mesh?: string,
): Promise<CheckReport> {
  const types = typesOf(folder)
  let bench: Bench
  try {
    bench = await openBench(folder, settings, mesh)
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault
    const refused: Finding = { what: 'manifest', verdict: 'error', figure: fault.message, advice: 'nothing else can be looked at before' }
    return { plugin: folder, findings: [refused, ...types] }
  }
  try {
    const { plugin } = bench
    const pack = readPack(join(PROJECT.packs, 'retail'))
    const start = await bench.weigh()
    const trial = await tryCorpus(bench, mesh)
    return {
      plugin: `${plugin.manifest.id} ${plugin.version}`,
      findings: [
        { what: 'manifest', verdict: 'ok', figure: `${plugin.manifest.runtime}, ${Object.keys(plugin.manifest.settings).length} settings` },
        { what: 'sdk', verdict: 'ok', figure: `${plugin.manifest.sdk} takes SDK ${SDK_VERSION}` }, // the manifest would be refused otherwise
        ...types,
        actionsOf(plugin, pack),
        slotsOf(plugin, pack),
        templatesOf(trial, pack),
        grantsOf(plugin, trial),
        checkApi(folder, plugin.manifest, published),
        sizeOf(plugin),
        startOf(plugin, start?.startMs),
        failuresOf(trial),
        replayOf(trial),
        timeOf(plugin, trial),
        cpuOf(trial),
        heapOf(plugin, trial),
      ],
    }
  } finally {
    await bench.close()
  }
}

interface Trial {
  readonly first: readonly Answer[]
  readonly second: readonly Answer[]
  readonly texts: readonly string[]
  readonly cpuMs: number | undefined
  readonly heapMb: number | undefined
}

/** Twice the same turns, one after another: the first time warms up, the second is measured. */
async function tryCorpus(bench: Bench, mesh: string | undefined): Promise<Trial> {
  const shop = createBenchShop(mesh)
  try {
    return await tryWith(bench, shop)
  } finally {
    await shop.close()
  }
}

async function tryWith(bench: Bench, shop: BenchShop): Promise<Trial> {
  const questions = corpusOf(bench.plugin.manifest.languages)
  const pass = async (): Promise<readonly Answer[]> => {
    const answers: Answer[] = []
    for (const question of questions)
      answers.push(await bench.askPatiently(question, { ...BENCH_MOMENT, lookUp: shop.lookUp(BENCH_CUSTOMER, question.locale) }))
    return answers
  }
  const first = await pass()
  const before = await bench.weigh()
  const second = await pass()
  const after = await bench.weigh()
  // A sandbox that was replaced meanwhile has begun to count anew.
  const cpuMs = before && after && after.cpuMs >= before.cpuMs ? (after.cpuMs - before.cpuMs) / questions.length : undefined
  return { first, second, texts: questions.map(({ text }) => text), cpuMs, heapMb: after?.heapMb }
}

function typesOf(folder: string): readonly Finding[] {
  if (!existsSync(join(folder, 'plugin.ts')))
    return [{ what: 'types', verdict: 'skipped', figure: 'Python', advice: 'pyright or mypy checks it: parley_sdk.py has the types' }]
  const report = checkTypes(folder)
  if (!report.isChecked)
    return [
      { what: 'types', verdict: 'skipped', figure: 'no compiler', advice: "TypeScript comes with the project's sources: check it there" },
    ]
  if (report.errors.length === 0) return [{ what: 'types', verdict: 'ok', figure: '0 errors' }]
  return report.errors.map(figure => ({ what: 'types', verdict: 'error', figure, advice: 'mend it at this line' }))
}

function actionsOf({ manifest }: LoadedPlugin, pack: Pack): Finding {
  if (manifest.actions === '*')
    return { what: 'actions', verdict: 'warning', figure: 'all', advice: 'list those that you mean: a slip of the pen is then no vote' }
  const strangers = manifest.actions.filter(action => !Object.hasOwn(pack.actions, action))
  const figure = `${manifest.actions.length}, ${strangers.length} not in packs/retail`
  if (strangers.length === 0) return { what: 'actions', verdict: 'ok', figure }
  return {
    what: 'actions',
    verdict: 'warning',
    figure,
    advice: `${strangers.join(', ')}: a vote for it counts only in a shop that has it in its catalogue.yaml`,
  }
}

function slotsOf({ manifest }: LoadedPlugin, pack: Pack): Finding {
  const strangers = manifest.asks.filter(slot => !Object.hasOwn(pack.slots, slot))
  const figure = `${manifest.asks.length} asked for, ${strangers.length} not in packs/retail`
  if (strangers.length === 0) return { what: 'slots', verdict: 'ok', figure }
  return {
    what: 'slots',
    verdict: 'warning',
    figure,
    advice: `${strangers.join(', ')}: asked for only in a shop that has it in its catalogue.yaml`,
  }
}

function templatesOf({ second }: Trial, pack: Pack): Finding {
  const named = new Set(second.flatMap(({ ballot }) => ballot.votes.flatMap(({ template }) => template ?? [])))
  const strangers = [...named].filter(name => !Object.hasOwn(pack.templates, name) && !Object.hasOwn(pack.aliases, name))
  const figure = `${named.size} named, ${strangers.length} not in packs/retail`
  if (strangers.length === 0) return { what: 'templates', verdict: 'ok', figure }
  return {
    what: 'templates',
    verdict: 'warning',
    figure,
    advice: `${strangers.join(', ')}: the shop must have it, or the action's own is taken`,
  }
}

/** The sandbox names the grant that something would have needed. */
function grantsOf(plugin: LoadedPlugin, { first, second }: Trial): Finding {
  const denied = [...first, ...second].flatMap(({ fault }) => /needs the grant "([^"]+)"/.exec(fault?.message ?? '')?.[1] ?? [])
  const missing = [...new Set(denied)]
  const unused = unusedGrants(plugin)
  const figure = `${plugin.manifest.grants.length} declared, ${missing.length} missing, ${unused.length} unused`
  if (missing.length === 0 && unused.length === 0) return { what: 'grants', verdict: 'ok', figure }
  if (missing.length === 0)
    return {
      what: 'grants',
      verdict: 'warning',
      figure,
      advice: `nothing in its code uses ${unused.join(', ')}: take it out of the manifest, since whoever installs the plugin is asked to agree to it`,
    }
  const reason = [...first, ...second].find(({ fault }) => fault?.message.includes('needs the grant'))?.fault?.message
  return {
    what: 'grants',
    verdict: 'error',
    figure,
    advice: `list ${missing.join(', ')} under grants in the manifest, or do without: ${reason}`,
  }
}

function sizeOf({ guest, parts = [] }: LoadedPlugin): Finding {
  const kb = Buffer.byteLength(guest.code) / 1_024
  const figure = `${kb.toFixed(1)} KB of ${SIZE_KB.error} KB`
  if (kb <= SIZE_KB.warning) return { what: 'size', verdict: 'ok', figure }
  const heaviest = parts.toSorted((a, b) => b.bytes - a.bytes).slice(0, 3)
  const named = heaviest.map(({ file, bytes }) => `${file} ${(bytes / 1_024).toFixed(0)} KB`).join(', ')
  const advice = `every sandbox holds it: leave libraries out${named ? `; the heaviest are ${named}` : ''}`
  return { what: 'size', verdict: kb > SIZE_KB.error ? 'error' : 'warning', figure, advice }
}

function startOf({ manifest }: LoadedPlugin, startMs: number | undefined): Finding {
  if (startMs === undefined) return { what: 'cold start', verdict: 'skipped', figure: 'not measured' }
  const most = START_MS[manifest.runtime]
  const figure = `${startMs.toFixed(1)} ms of ${most} ms of processor time`
  if (startMs <= most) return { what: 'cold start', verdict: 'ok', figure }
  return {
    what: 'cold start',
    verdict: 'warning',
    figure,
    advice: 'do less at the top of the file, which is run in each turn too, and in onStart',
  }
}

function failuresOf({ second, texts }: Trial): Finding {
  const votes = second.filter(({ ballot }) => ballot.votes.length > 0).length
  const failed = second.flatMap(({ fault, dropped }, at) => (fault || dropped.length > 0 ? [at] : []))
  const figure = `${second.length} turns, ${votes} with a vote, ${failed.length} failed`
  if (failed.length === 0) return { what: 'corpus', verdict: 'ok', figure }
  const [at] = failed
  return { what: 'corpus', verdict: 'error', figure, advice: `the first, 「${texts[at!]}」: ${linesOf(second[at!]!)[0]}` } // there is one
}

function replayOf({ first, second, texts }: Trial): Finding {
  const saying = (answer: Answer): string => linesOf(answer).join('\n')
  const different = second.flatMap((answer, at) => (saying(answer) === saying(first[at]!) ? [] : [at])) // as many as in the first pass
  const figure = `${second.length - different.length} of ${second.length} turns answered alike when asked again`
  if (different.length === 0) return { what: 'replay', verdict: 'ok', figure }
  const [at] = different
  const advice = `keep nothing between turns; the first, 「${texts[at!]}」: ${saying(first[at!]!)}, then ${saying(second[at!]!)}` // there is one
  return { what: 'replay', verdict: 'error', figure, advice }
}

function timeOf({ manifest }: LoadedPlugin, { second }: Trial): Finding {
  const sorted = second.map(({ ballot }) => ballot.ms).sort((a, b) => a - b)
  const p95 = sorted[Math.ceil(sorted.length * 0.95) - 1] ?? 0
  const { timeoutMs } = manifest.limits
  const figure = `${p95.toFixed(2)} ms of ${timeoutMs} ms, the way to the sandbox included`
  if (p95 <= timeoutMs / 2) return { what: 'p95', verdict: 'ok', figure }
  return {
    what: 'p95',
    verdict: p95 >= timeoutMs ? 'error' : 'warning',
    figure,
    advice: 'a busy server has less time: look for a slow expression or loop',
  }
}

function cpuOf({ cpuMs }: Trial): Finding {
  if (cpuMs === undefined) return { what: 'cpu', verdict: 'skipped', figure: 'not measured: the sandbox was replaced meanwhile' }
  return { what: 'cpu', verdict: 'ok', figure: `${cpuMs.toFixed(3)} ms a turn` }
}

function heapOf({ manifest }: LoadedPlugin, { heapMb }: Trial): Finding {
  if (heapMb === undefined) return { what: 'heap', verdict: 'skipped', figure: 'not measured: the sandbox was replaced meanwhile' }
  const { memoryMb } = manifest.limits
  const figure = `${heapMb.toFixed(1)} MB of ${memoryMb} MB`
  if (heapMb <= memoryMb / 2) return { what: 'heap', verdict: 'ok', figure }
  return { what: 'heap', verdict: 'warning', figure, advice: 'keep less, or raise limits.memoryMb in the manifest' }
}
