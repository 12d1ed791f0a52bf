// What the page is told by its address. `?shop=` names another shop of the installation. In a frame on a shop's own pages `embed=1` comes with
// `origin`, the only page that it talks to, and perhaps `locale` and `color`; the identity token stands behind the #, where no server and no log sees it.
import type { PageLocale } from './strings.ts'

export interface Settings {
  readonly shop: string
  /** The origin of the page around this one; undefined when there is none. */
  readonly host: string | undefined
  /** Set by the page around: the customer is not asked. */
  readonly locale: PageLocale | undefined
  /** `#rrggbb`. */
  readonly color: string | undefined
  readonly identity: string | undefined
}

export function settingsOf(address: string): Settings {
  const { searchParams, hash } = new URL(address)
  const locale = searchParams.get('locale')
  const color = searchParams.get('color')
  return {
    shop: searchParams.get('shop') ?? 'demo',
    host: searchParams.get('embed') === '1' ? webOrigin(searchParams.get('origin') ?? '') : undefined,
    locale: locale === 'zh-CN' || locale === 'en' ? locale : undefined,
    color: color !== null && /^#[0-9a-f]{6}$/i.test(color) ? color : undefined,
    identity: new URLSearchParams(hash.slice(1)).get('identity') ?? undefined,
  }
}

/** Undefined for what is no origin of a web page, `null` among it: nothing could be told to it alone. */
function webOrigin(text: string): string | undefined {
  try {
    const { origin, protocol } = new URL(text)
    return protocol === 'http:' || protocol === 'https:' ? origin : undefined
  } catch {
    return undefined
  }
}
