// The templates: each there in every locale, each that a decision can choose with a second wording, and none that asks the view for what it
// has not: a misspelt variable renders as nothing, and a customer reads a sentence with a hole.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PackLocale } from '@parley/core/pack/pack.ts'
import { Liquid } from 'liquidjs'
import type { Report } from './problem.ts'

/** The names under each part of core/ports/templates.ts TemplateView; `null` where any name may be, or none is needed. */
export type ViewShape = Readonly<Record<string, readonly string[] | null>>

/** What the facts of core/ports/mesh.ts are made of. A fact that is not listed belongs to the shop's own mesh, and its parts are its own. */
const FACT_PARTS: Readonly<Record<string, readonly string[]>> = {
  order: ['number', 'placedOn', 'status', 'state', 'items', 'total', 'carrier', 'trackingNumber', 'expectedOn'],
  refund: ['order', 'amount', 'status', 'expectedOn'],
}

/** The templates that are there, each reported where a locale lacks it. */
export function findTemplates(folder: string, locales: readonly PackLocale[], report: Report): ReadonlySet<string> {
  const byLocale = locales.map(locale => ({ locale, names: new Set(namesIn(join(folder, 'templates', locale))) }))
  const all = new Set(byLocale.flatMap(({ names }) => [...names]))
  for (const name of all)
    for (const { locale, names } of byLocale)
      if (!names.has(name))
        report({ severity: 'error', file: `templates/${locale}/${name}.liquid`, line: 1, reason: 'the file is not there' })
  return all
}

const SUFFIX = '.liquid'
const namesIn = (folder: string): string[] =>
  existsSync(folder) ? readdirSync(folder).flatMap(file => (file.endsWith(SUFFIX) ? [file.slice(0, -SUFFIX.length)] : [])) : []

export function checkTemplateFile(folder: string, file: string, shape: ViewShape, report: Report): void {
  const at = join(folder, file)
  if (!existsSync(at)) return // findTemplates has said so
  const source = readFileSync(at, 'utf8')
  if (source.trim() === '') report({ severity: 'error', file, line: 1, reason: 'the template is empty' })
  const liquid = new Liquid({ ownPropertyOnly: true, strictFilters: true, relativeReference: false, templates: {} })
  try {
    for (const variables of Object.values(liquid.analyzeSync(liquid.parse(source)).globals))
      for (const { segments, location } of variables) {
        const names = segments.filter(segment => typeof segment === 'string')
        if (!isInView(names, shape))
          report({ severity: 'error', file, line: location.row, reason: `the view has no ${JSON.stringify(names.join('.'))}` })
      }
  } catch (cause) {
    const message = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause)
    report({ severity: 'error', file, line: Number(/line:(\d+)/.exec(message)?.[1] ?? 1), reason: message })
  }
}

function isInView([root = '', name, part]: readonly string[], shape: ViewShape): boolean {
  if (!Object.hasOwn(shape, root)) return false
  const known = shape[root]
  if (!known || name === undefined) return true
  if (!known.includes(name)) return false
  const parts = root === 'facts' ? FACT_PARTS[name] : undefined
  return !parts || part === undefined || parts.includes(part)
}
