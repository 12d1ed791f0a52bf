// Shapes of plain data: what a message must look like, and its type read off that. zod would do, but every plugin host would pay for it with
// 19 MB of memory and, once more than with everything else it loads, the time of its start.

export interface Shape<T> {
  /** What is wrong with the value, with the place; undefined when it is of this shape. */
  problem(value: unknown): string | undefined
  /** For the type alone: there is no such property. */
  readonly of?: T
}
export type Of<S> = S extends Shape<infer T> ? T : never

type Fields = Readonly<Record<string, Shape<unknown>>>
type FieldsOf<F extends Fields> = { readonly [K in keyof F]: Of<F[K]> }

const simple = <T>(what: string, isOne: (value: unknown) => boolean): Shape<T> => ({
  problem: value => (isOne(value) ? undefined : `: ${what} is wanted`),
})

export const number: Shape<number> = simple('a number', Number.isFinite)
export const whole: Shape<number> = simple('a whole number', Number.isSafeInteger)
export const yesOrNo: Shape<boolean> = simple('true or false', value => typeof value === 'boolean')
export const text = (most = Number.POSITIVE_INFINITY): Shape<string> =>
  simple(`a text of at most ${most} characters`, value => typeof value === 'string' && value.length <= most)
export const word = <const W extends readonly string[]>(...words: W): Shape<W[number]> =>
  simple(`one of ${words.join(', ')}`, value => words.includes(value as string)) // anything may be looked for

export const list = <T>(each: Shape<T>): Shape<readonly T[]> => ({
  problem(value) {
    if (!Array.isArray(value)) return ': a list is wanted'
    for (let at = 0; at < value.length; at++) {
      const problem = each.problem(value[at])
      if (problem) return `.${at}${problem}`
    }
    return undefined
  },
})

/** An object with these fields and no others; those of `optional` may be missing. */
export function record<F extends Fields, O extends Fields = Record<never, never>>(
  fields: F,
  optional?: O,
): Shape<FieldsOf<F> & Partial<FieldsOf<O>>> {
  const must = Object.entries(fields)
  const may = Object.entries(optional ?? {})
  return {
    problem(value) {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return ': an object is wanted'
      const given = value as Readonly<Record<string, unknown>> // an object that is no list
      let known = 0
      for (const [name, shape] of must) {
        const problem = shape.problem(Object.hasOwn(given, name) ? given[name] : undefined)
        if (problem) return `.${name}${problem}`
        known++
      }
      for (const [name, shape] of may) {
        if (!Object.hasOwn(given, name)) continue
        const problem = shape.problem(given[name])
        if (problem) return `.${name}${problem}`
        known++
      }
      return Object.keys(given).length === known ? undefined : ': it has more than is known'
    },
  }
}

/** An object whose `type` says which other fields it has. */
export function oneOf<S extends Readonly<Record<string, Shape<object>>>>(
  kinds: S,
): Shape<{ [K in keyof S & string]: { readonly type: K } & Of<S[K]> }[keyof S & string]> {
  return {
    problem(value) {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return ': an object is wanted'
      const { type, ...rest } = value as Readonly<Record<string, unknown>> // as above
      const kind = typeof type === 'string' && Object.hasOwn(kinds, type) ? kinds[type] : undefined
      return kind ? kind.problem(rest) : '.type: it is not known'
    },
  }
}
