// Who may show the widget's page in a frame. Only that page: a frame around any other would serve nobody but a thief of clicks.

export interface WidgetPageParts {
  /** Origins that may embed the widget, by shop; its own may always. */
  readonly origins: ReadonlyMap<string, readonly string[]>
}

/** The value of `frame-ancestors` for a request's path and query. */
export function frameAncestors(url: string, origins: WidgetPageParts['origins']): string {
  const [path, query] = url.split('?', 2)
  if (path !== '/' && path !== '/index.html') return "'none'"
  const allowed = origins.get(new URLSearchParams(query).get('shop') ?? 'demo')
  return allowed === undefined ? "'none'" : ["'self'", ...allowed].join(' ')
}
