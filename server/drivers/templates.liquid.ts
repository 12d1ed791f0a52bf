// The shop's templates, written in Liquid and parsed once, at their first use: a start only needs to know that they can be. A template sees the view it is handed and nothing else: no files, no prototypes.
import { Fault } from '@parley/core/faults.ts'
import { LOCALES, type Pack, type PackLocale } from '@parley/core/pack/pack.ts'
import type { Templates } from '@parley/core/ports/templates.ts'
import { Liquid, type Template } from 'liquidjs'
import liquidjs from 'liquidjs/package.json' with { type: 'json' }
import { foundBefore, keepFound } from '../found-before.ts'

/**
 * Most characters that one reply may be rendered to, and milliseconds that rendering may take: a template is data, and data can loop. The time is that
 * on the clock, so it leaves room for a machine that gives the process no processor for a while: a turn must not fail for that.
 */
const RENDER_LIMITS = { renderLimit: 2_000, memoryLimit: 200_000 } as const

/** Faults: PACK_INVALID for a template that does not parse. */
export function createLiquidTemplates(pack: Pick<Pack, 'templates' | 'aliases'>): Templates {
  const liquid = new Liquid({ ownPropertyOnly: true, strictFilters: true, relativeReference: false, templates: {}, ...RENDER_LIMITS })
  const parsed = new Map<string, Template[]>()
  const parse = (name: string, locale: PackLocale): Template[] => {
    const before = parsed.get(`${locale}/${name}`)
    if (before) return before
    const template = liquid.parse(pack.templates[name]![locale]) // who asks has looked
    parsed.set(`${locale}/${name}`, template)
    return template
  }
  const from = ['templates', liquidjs.version, ...Object.values(pack.templates).flatMap(sources => LOCALES.map(locale => sources[locale]))]
  if (foundBefore(from) === undefined) {
    for (const name of Object.keys(pack.templates))
      for (const locale of LOCALES) {
        try {
          parse(name, locale)
        } catch (cause) {
          const reason = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause)
          throw new Fault('PACK_INVALID', { file: `templates/${locale}/${name}.liquid`, path: '', reason }, { cause })
        }
      }
    keepFound(from, 'they parse')
  }
  return {
    resolve(name) {
      const own = Object.hasOwn(pack.aliases, name) ? pack.aliases[name] : name
      return own !== undefined && Object.hasOwn(pack.templates, own) ? own : undefined
    },
    render(template, locale, view) {
      if (!Object.hasOwn(pack.templates, template)) throw new Error(`there is no template ${template}`)
      const render = (): string => String(liquid.renderSync(parse(template, locale), { ...view })).trim()
      try {
        return render()
      } catch (error) {
        if (!isOutOfTime(error)) throw error
        return render() // the process may have stood still meanwhile; a template that loops does it again
      }
    },
  }
}

const isOutOfTime = (error: unknown): boolean => error instanceof Error && error.message.includes('render limit exceeded')
