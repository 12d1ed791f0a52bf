// Everything that is wrong with a pack, not only the first fault: for who writes one. `parley pack check` prints it.
import { Catalogue, LOCALES, Phrases } from '@parley/core/pack/pack.ts'
import { againOf, OPTIONAL_TEMPLATES, REQUIRED_TEMPLATES } from '@parley/core/pack/required-templates.ts'
import { type RiskList, Risks } from '@parley/core/pack/risks.ts'
import { checkExamples } from './check-examples.ts'
import { checkPhrases, checkRisks } from './check-phrases.ts'
import { checkTemplateFile, findTemplates, type ViewShape } from './check-templates.ts'
import type { Problem, Report } from './problem.ts'
import { readYamlFile, type YamlFile } from './yaml-file.ts'

export interface PackReport {
  /** By file and line. */
  readonly problems: readonly Problem[]
  readonly actions: number
  readonly risks: number
  /** By locale. */
  readonly counts: Readonly<Record<string, { readonly examples: number; readonly phrases: number; readonly templates: number }>>
}

const NOTHING: Catalogue = { name: 'none', version: 1, actions: {}, slots: {}, aliases: {} }

export function checkPack(folder: string): PackReport {
  const problems: Problem[] = []
  const report: Report = problem => void problems.push(problem)
  const catalogueFile = readYamlFile(folder, 'catalogue.yaml', Catalogue, 2, report)
  const catalogue = catalogueFile.value ?? NOTHING
  const actions = catalogueFile.keys(['actions'])
  const templates = findTemplates(folder, LOCALES, report)
  const phrases = Object.fromEntries(
    LOCALES.map(locale => [locale, readYamlFile(folder, `phrases/${locale}.yaml`, Phrases, 1, report)]),
  ) as Record<(typeof LOCALES)[number], YamlFile<Phrases>> // every locale has an entry
  const riskFile = readYamlFile(folder, 'risks.yaml', Risks, 1, report, false)

  checkCatalogue(catalogueFile, catalogue, templates, report)
  const meanings = {
    'zh-CN': checkPhrases(phrases['zh-CN'], catalogue, actions, templates, report),
    en: checkPhrases(phrases.en, catalogue, actions, templates, report),
  }
  checkRisks(riskFile, meanings, templates, report)

  const chosen = chosenTemplates(catalogue, Object.values(phrases))
  for (const [name, line] of chosen.entries())
    if (templates.has(name) && !templates.has(againOf(name)))
      report({
        severity: 'error',
        file: `templates/${LOCALES[0]}/${againOf(name)}.liquid`,
        line: 1,
        reason: `there is no second wording of ${name}, which ${line} can choose`,
      })
  for (const name of unusedTemplates(templates, chosen, catalogue, riskFile))
    report({ severity: 'warning', file: `templates/${LOCALES[0]}/${name}.liquid`, line: 1, reason: 'nothing in the pack names it' })
  const shape = shapeOf(catalogue)
  for (const locale of LOCALES) for (const name of templates) checkTemplateFile(folder, `templates/${locale}/${name}.liquid`, shape, report)

  const examples = checkExamples(folder, actions, LOCALES, report)
  return {
    problems: problems.sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line)),
    actions: actions.length,
    risks: Object.keys(riskFile.value ?? {}).length,
    counts: Object.fromEntries(
      LOCALES.map(locale => [
        locale,
        {
          examples: examples[locale] ?? 0,
          phrases: Object.values(phrases[locale].value ?? {}).reduce((sum, list) => sum + list.length, 0),
          templates: templates.size,
        },
      ]),
    ),
  }
}

const EFFECT_TEMPLATES = ['confirm', 'done', 'refused', 'promised', 'undone'] as const

function checkCatalogue(
  { file, lineOf, value, keys }: YamlFile<Catalogue>,
  catalogue: Catalogue,
  templates: ReadonlySet<string>,
  report: Report,
): void {
  const error = (path: readonly (string | number)[], reason: string): void =>
    report({ severity: 'error', file, line: lineOf(path), reason })
  const need = (path: readonly (string | number)[], template: string): void => {
    if (!templates.has(template)) error(path, `there is no template ${JSON.stringify(template)}`)
  }
  if (value !== undefined && !keys(['actions']).includes('OUT_OF_SCOPE')) error(['actions'], 'OUT_OF_SCOPE must be one of the actions')
  const asked = new Set<string>()
  const undone = new Map<string, string>()
  for (const [action, { template, slots, effect }] of Object.entries(catalogue.actions)) {
    need(['actions', action, 'template'], template)
    for (const [i, slot] of slots.entries()) {
      asked.add(slot)
      if (!keys(['slots']).includes(slot)) error(['actions', action, 'slots', i], `there is no slot ${JSON.stringify(slot)}`)
    }
    if (!effect) continue
    for (const part of EFFECT_TEMPLATES) need(['actions', action, 'effect', part], effect[part])
    if (effect.do === effect.undo) error(['actions', action, 'effect', 'undo'], `the effect ${effect.do} cannot undo itself`)
    const other = undone.get(effect.do)
    if (other !== undefined && other !== effect.undo)
      error(['actions', action, 'effect', 'undo'], `the effect ${effect.do} is undone by ${other} elsewhere`)
    undone.set(effect.do, effect.undo)
  }
  for (const [slot, { ask }] of Object.entries(catalogue.slots)) {
    need(['slots', slot, 'ask'], ask)
    if (!asked.has(slot))
      report({ severity: 'warning', file, line: lineOf(['slots', slot]), reason: `no action asks for the slot ${slot}` })
  }
  for (const [alias, template] of Object.entries(catalogue.aliases)) {
    need(['aliases', alias], template)
    if (templates.has(alias)) error(['aliases', alias], `${JSON.stringify(alias)} is a template's own name`)
  }
  for (const template of REQUIRED_TEMPLATES)
    if (!templates.has(template))
      report({ severity: 'error', file: `templates/${LOCALES[0]}/${template}.liquid`, line: 1, reason: 'every pack needs this template' })
}

/** Templates that a decision about an action can choose, each with who chooses it. */
function chosenTemplates(catalogue: Catalogue, phrases: readonly YamlFile<Phrases>[]): ReadonlyMap<string, string> {
  const chosen = new Map<string, string>()
  const add = (template: string, who: string): void => void (chosen.has(template) || chosen.set(template, who))
  for (const [action, { template }] of Object.entries(catalogue.actions)) add(template, action)
  for (const [alias, template] of Object.entries(catalogue.aliases)) add(template, `the alias ${alias}`)
  for (const { value = {} } of phrases)
    for (const [action, entries] of Object.entries(value))
      for (const { template } of entries) if (template !== undefined) add(catalogue.aliases[template] ?? template, `a phrase of ${action}`)
  return chosen
}

function unusedTemplates(
  templates: ReadonlySet<string>,
  chosen: ReadonlyMap<string, string>,
  { slots, actions }: Catalogue,
  { value: risks = {} }: YamlFile<RiskList>,
): readonly string[] {
  const used = new Set<string>([
    ...chosen.keys(),
    ...REQUIRED_TEMPLATES,
    ...OPTIONAL_TEMPLATES,
    ...Object.values(slots).map(({ ask }) => ask),
    ...Object.values(actions).flatMap(({ effect }) => (effect ? EFFECT_TEMPLATES.map(part => effect[part]) : [])),
    ...Object.values(risks).flatMap(({ template }) => template ?? []),
  ])
  for (const template of [...used]) used.add(againOf(template))
  return [...templates].filter(name => !used.has(name))
}

/** The view of a shop that runs this pack. */
const shapeOf = ({ actions, slots }: Catalogue): ViewShape => ({
  shop: ['name', 'phone', 'hours', 'emergencyPhone'],
  facts: ['orders', ...Object.values(actions).flatMap(({ facts }) => facts)],
  missing: null,
  sources: ['title', 'minutes'],
  slots: Object.keys(slots),
  options: ['action', 'label'],
  queue: ['position'],
  source: ['title', 'heading', 'text', 'link'],
  effect: null,
  agent: ['name'],
})
