/** One text for one value: the keys of every object in order, no white space. */
export const canonicalJson = (value: unknown): string => JSON.stringify(value, (_key, each) => (isPlain(each) ? inOrder(each) : each))

const isPlain = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

const inOrder = (object: Record<string, unknown>): object => Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)))
