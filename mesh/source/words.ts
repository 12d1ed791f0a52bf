// English words in names: what an operation gives by what it is called, and the one of many.

/** `order` for `orders`, `city` for `cities`. */
export const singular = (name: string): string =>
  name
    .replace(/ies$/, 'y')
    .replace(/(ss|x|ch|sh)es$/, '$1')
    .replace(/([^su])s$/, '$1')

/** `orders` for `listOrders`, `get_orders` and `orders`. */
export function nounOf(id: string): string {
  const name = id.replace(/^(get|list|find|fetch|search|read|query)(?=[A-Z_])/, '').replace(/\W+|^_/g, '')
  return name.charAt(0).toLowerCase() + name.slice(1)
}

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
