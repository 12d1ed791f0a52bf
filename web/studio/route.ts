// Where the pages are, in the address: `#/compare?a=retail@1`. A reload finds the same page as it was, and the browser's own buttons go from one to the next.

export const PAGES = ['versions', 'reports', 'compare', 'weights', 'label', 'drift'] as const
export type PageName = (typeof PAGES)[number]

export interface Route {
  readonly page: PageName
  /** What the page shows: a report's id, or nothing. */
  readonly item: string | undefined
  readonly query: ReadonlyMap<string, string>
}

/** What cannot be read is the first page. */
export function routeOf(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2)
  const [name, ...item] = path.split('/')
  const page = PAGES.find(known => known === name) ?? PAGES[0]
  return { page, item: plain(item.join('/')) || undefined, query: new Map(new URLSearchParams(query)) }
}

export function hashOf({
  page,
  item,
  query,
}: {
  page: PageName
  item?: string | undefined
  query?: Readonly<Record<string, string | undefined>>
}): string {
  const asked = new URLSearchParams(Object.entries(query ?? {}).flatMap(([name, value]) => (value ? [[name, value]] : [])))
  return `#/${page}${item === undefined ? '' : `/${encodeURIComponent(item)}`}${asked.size > 0 ? `?${asked}` : ''}`
}

function plain(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
