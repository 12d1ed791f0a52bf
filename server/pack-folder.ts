// Reads a pack from its folder and checks it as a whole, so that a missing template is found at the start and not by a customer.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { Fault } from '@parley/core/faults.ts'
import { Catalogue, LOCALES, type Pack, type PackLocale, Phrases } from '@parley/core/pack/pack.ts'
import { REQUIRED_TEMPLATES } from '@parley/core/pack/required-templates.ts'
import { type RiskList, Risks } from '@parley/core/pack/risks.ts'
import { load, YAMLException } from 'js-yaml'
import jsYaml from 'js-yaml/package.json' with { type: 'json' }
import type { z } from 'zod'
import { foundBefore, keepFound } from './found-before.ts'

/** Faults: PACK_INVALID, naming the file and the place in it. */
export function readPack(folder: string): Pack {
  const hash = createHash('sha256')
  const read = (name: string): string => {
    const path = join(folder, name)
    if (!existsSync(path)) throw invalid(name, '', 'the file is not there')
    const text = readFileSync(path, 'utf8')
    hash.update(`${name}\0${text}\0`)
    return text
  }
  const catalogue = parse('catalogue.yaml', read('catalogue.yaml'), Catalogue)
  const phrases = inEveryLocale(locale => parse(`phrases/${locale}.yaml`, read(`phrases/${locale}.yaml`), Phrases))
  const risks = existsSync(join(folder, 'risks.yaml')) ? parse('risks.yaml', read('risks.yaml'), Risks) : {}
  const templates = readTemplates(folder, read)
  checkReferences(catalogue, phrases, risks, templates)
  return { ...catalogue, id: `${catalogue.name}@${catalogue.version}-${hash.digest('hex').slice(0, 12)}`, templates, phrases, risks }
}

function readTemplates(folder: string, read: (name: string) => string): Pack['templates'] {
  const names = new Set(LOCALES.flatMap(locale => liquidFiles(join(folder, 'templates', locale))))
  return Object.fromEntries([...names].sort().map(name => [name, inEveryLocale(locale => read(`templates/${locale}/${name}.liquid`))]))
}

const liquidFiles = (folder: string): string[] =>
  existsSync(folder) ? readdirSync(folder).flatMap(file => (file.endsWith('.liquid') ? [file.slice(0, -'.liquid'.length)] : [])) : []

function checkReferences(catalogue: Catalogue, phrases: Pack['phrases'], risks: RiskList, templates: Pack['templates']): void {
  const needTemplate = (file: string, path: string, template: string): void => {
    if (!Object.hasOwn(templates, template)) throw invalid(file, path, `there is no template ${JSON.stringify(template)}`)
  }
  if (!Object.hasOwn(catalogue.actions, 'OUT_OF_SCOPE'))
    throw invalid('catalogue.yaml', 'actions', 'OUT_OF_SCOPE must be one of the actions')
  for (const [action, entry] of Object.entries(catalogue.actions)) {
    needTemplate('catalogue.yaml', `actions.${action}.template`, entry.template)
    for (const [i, slot] of entry.slots.entries())
      if (!Object.hasOwn(catalogue.slots, slot))
        throw invalid('catalogue.yaml', `actions.${action}.slots.${i}`, `there is no slot ${JSON.stringify(slot)}`)
    for (const part of ['confirm', 'done', 'refused', 'promised', 'undone'] as const)
      if (entry.effect) needTemplate('catalogue.yaml', `actions.${action}.effect.${part}`, entry.effect[part])
  }
  for (const [slot, { ask }] of Object.entries(catalogue.slots)) needTemplate('catalogue.yaml', `slots.${slot}.ask`, ask)
  for (const [alias, template] of Object.entries(catalogue.aliases)) needTemplate('catalogue.yaml', `aliases.${alias}`, template)
  for (const [risk, { template }] of Object.entries(risks)) if (template) needTemplate('risks.yaml', `${risk}.template`, template)
  for (const template of REQUIRED_TEMPLATES) needTemplate('templates', template, template)
  for (const locale of LOCALES) {
    for (const [action, entries] of Object.entries(phrases[locale])) {
      const file = `phrases/${locale}.yaml`
      if (!Object.hasOwn(catalogue.actions, action)) throw invalid(file, action, 'the catalogue has no such action')
      for (const [i, entry] of entries.entries()) if (entry.template) needTemplate(file, `${action}.${i}.template`, entry.template)
    }
  }
}

function parse<T extends z.ZodType>(file: string, text: string, schema: T): z.infer<T> {
  const parsed = schema.safeParse(loadYaml(file, text))
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw invalid(file, issue?.path.join('.') ?? '', issue?.message ?? 'not of the schema')
}

/** As YAML, a text of this many characters takes tens of milliseconds to read; as JSON two. */
const LARGE = 20_000

/** By js-yaml: the phrases are large, and it reads them in a quarter of yaml's time. What a large text says is found out once. */
function loadYaml(file: string, text: string): unknown {
  if (text.length < LARGE) return readYaml(file, text)
  const from = ['yaml', jsYaml.version, text]
  const before = foundBefore(from)
  if (before !== undefined) return JSON.parse(before)
  const value = readYaml(file, text)
  const json = JSON.stringify(value)
  if (isDeepStrictEqual(JSON.parse(json), value)) keepFound(from, json) // a date, say, would come back as a text
  return value
}

function readYaml(file: string, text: string): unknown {
  try {
    return load(text)
  } catch (error) {
    if (error instanceof YAMLException) throw invalid(file, '', error.message.split('\n')[0] ?? 'not YAML')
    throw error
  }
}

const inEveryLocale = <T>(make: (locale: PackLocale) => T): Record<PackLocale, T> => ({ 'zh-CN': make('zh-CN'), en: make('en') })

const invalid = (file: string, path: string, reason: string): Fault => new Fault('PACK_INVALID', { file, path, reason })
