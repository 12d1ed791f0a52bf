// What the script tag says: `<script src="https://shop.example/parley.js" data-shop="demo" async></script>`.
import { type EmbedLocale, localeOf } from './words.ts'

export interface Options {
  /** Where the script came from, and where the widget is. */
  readonly server: string
  readonly shop: string
  readonly locale: EmbedLocale
  /** `#rrggbb`. */
  readonly color: string | undefined
  readonly side: 'left' | 'right'
  readonly identity: string | undefined
}

export function optionsOf(script: HTMLScriptElement): Options {
  const { shop, locale, color, position, identity } = script.dataset
  return {
    server: new URL(script.src).origin,
    shop: shop || 'demo',
    locale: localeOf(locale || document.documentElement.lang || navigator.language),
    color: color && /^#[0-9a-f]{6}$/i.test(color) ? color : undefined,
    side: position === 'left' ? 'left' : 'right',
    identity: identity || undefined,
  }
}

/** The widget's address. The identity token stands behind the #: it is sent to no server and stands in no log. */
export function widgetAddress({ server, shop, locale, color }: Options, identity: string | undefined): string {
  const told = encodeURIComponent
  const look = color ? `&color=${told(color)}` : ''
  const known = identity ? `#identity=${told(identity)}` : ''
  return `${server}/?embed=1&shop=${told(shop)}&locale=${locale}&origin=${told(location.origin)}${look}${known}`
}
