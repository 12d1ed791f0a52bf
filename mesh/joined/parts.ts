// What a fact, or an effect's result, is made of: parts of an answer under names of the shop's, with codes in its words and money as people write it.
import type { Locale } from '@parley/plugin-sdk/vocabulary.ts'
import { getNullableType, isEnumType } from 'graphql'
import { isObject } from '../source/catalogue.ts'
import type { PartConfig } from './stored-config.ts'
import { entryOf, type Ground, type Place, placeAt } from './stored-document.ts'

export interface Part {
  readonly name: string
  /** Where in the answer it comes from. */
  readonly paths: readonly (readonly string[])[]
  readonly source: string
  /** Undefined where there is none. */
  read(entry: unknown, locale: Locale): unknown
}

/** Of a place, or of each of its entries. Without a configuration, all that is asked for there. Throws an Error that says which part is wrong. */
export function partsAt(place: Place, config: Readonly<Record<string, PartConfig>> | undefined, ground: Ground): readonly Part[] {
  const entry = entryOf(place)
  const all = config ?? Object.fromEntries(entry.fields.map(({ alias, name }) => [(alias ?? name).value, (alias ?? name).value]))
  return Object.entries(all).map(([name, part]) => {
    try {
      return { name, ...partAt(entry, part, ground) }
    } catch (error) {
      throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    }
  })
}

function partAt(entry: Place, part: PartConfig, ground: Ground): Omit<Part, 'name'> {
  if (typeof part === 'string') {
    const path = part.split('.')
    const { source } = placeAt(entry, path, ground)
    return { paths: [path], source, read: value => valueAt(value, path) ?? undefined }
  }
  if ('money' in part) {
    const [amount, currency] = [part.money.split('.'), part.currency.split('.')]
    const { source } = placeAt(entry, amount, ground)
    placeAt(entry, currency, ground)
    return { paths: [amount, currency], source, read: value => money(valueAt(value, amount), valueAt(value, currency)) }
  }
  const path = part.from.split('.')
  const { type, source } = placeAt(entry, path, ground)
  const codes = getNullableType(type)
  if (isEnumType(codes))
    for (const { name } of codes.getValues()) if (!Object.hasOwn(part.values, name)) throw new Error(`values: there is none for ${name}`)
  return {
    paths: [path],
    source,
    read(value, locale) {
      const code = valueAt(value, path)
      const called = typeof code === 'string' && Object.hasOwn(part.values, code) ? part.values[code] : undefined
      return typeof called === 'object' ? called[locale] : called
    },
  }
}

export function valueAt(value: unknown, path: readonly string[]): unknown {
  let at = value
  for (const part of path) at = Array.isArray(at) ? at[Number(part)] : isObject(at) ? at[part] : undefined
  return at
}

const formats = new Map<string, Intl.NumberFormat | undefined>()

/** `¥54.00` for 54.00 and CNY, alike in both locales. Undefined where one of them is missing or none. */
function money(amount: unknown, currency: unknown): string | undefined {
  if (typeof currency !== 'string' || (amount ?? '') === '' || !Number.isFinite(Number(amount))) return undefined
  if (!formats.has(currency)) formats.set(currency, /^[A-Z]{3}$/.test(currency) ? formatOf(currency) : undefined)
  return formats.get(currency)?.format(Number(amount))
}

const formatOf = (currency: string) => new Intl.NumberFormat('en', { style: 'currency', currency, currencyDisplay: 'narrowSymbol' })
