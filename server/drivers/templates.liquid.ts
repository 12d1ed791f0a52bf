// The shop's templates, written in Liquid and parsed once. A template sees the view it is handed and nothing else: no files, no prototypes.
import { Fault } from '@parley/core/faults.ts'
import type { Pack } from '@parley/core/pack/pack.ts'
import { LOCALES } from '@parley/core/pack/pack.ts'
import type { Templates } from '@parley/core/ports/templates.ts'
import { Liquid, type Template } from 'liquidjs'

/**
 * Most characters that one reply may be rendered to, and milliseconds that rendering may take: a template is data, and data can loop. The time is that
 * on the clock, so it leaves room for a machine that gives the process no processor for a while: a turn must not fail for that.
 */
const RENDER_LIMITS = { renderLimit: 2_000, memoryLimit: 200_000 } as const

/** Faults: PACK_INVALID for a template that does not parse. */
export function createLiquidTemplates(pack: Pick<Pack, 'templates' | 'aliases'>): Templates {
  const liquid = new Liquid({ ownPropertyOnly: true, strictFilters: true, relativeReference: false, templates: {}, ...RENDER_LIMITS })
  const parsed = new Map<string, Template[]>()
  for (const [name, sources] of Object.entries(pack.templates)) {
    for (const locale of LOCALES) {
      try {
        parsed.set(`${locale}/${name}`, liquid.parse(sources[locale]))
      } catch (cause) {
        const reason = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause)
        throw new Fault('PACK_INVALID', { file: `templates/${locale}/${name}.liquid`, path: '', reason }, { cause })
      }
    }
  }
  return {
    resolve(name) {
      const own = Object.hasOwn(pack.aliases, name) ? pack.aliases[name] : name
      return own !== undefined && Object.hasOwn(pack.templates, own) ? own : undefined
    },
    render(template, locale, view) {
      const body = parsed.get(`${locale}/${template}`)
      if (!body) throw new Error(`there is no template ${template} in ${locale}`)
      return String(liquid.renderSync(body, { ...view })).trim()
    },
  }
}
