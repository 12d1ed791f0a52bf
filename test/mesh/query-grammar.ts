// Draws GraphQL of a schema: good, odd and wrong, with everything that the language has. The same random numbers draw the same document.
import {
  type GraphQLArgument,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql'

export interface Drawn {
  readonly query: string
  readonly variables: Readonly<Record<string, unknown>>
}

export interface Grammar {
  readonly random: () => number
  /** Texts that go into arguments: ids, numbers and names, one's own and others'. */
  readonly words: readonly string[]
  /** What a plugin may declare: no fragments, no more than it is allowed. */
  readonly isPlain?: boolean
}

const ODD = ['', '.', '..', '%2e%2e', '../', 'a/b?c=d', '*', "' OR 1=1 --", '\u0000', '𝟚𝟘𝟚𝟜', 'null', '__proto__', 'x'.repeat(300)]

export function drawDocument(schema: GraphQLSchema, { random, words, isPlain = false }: Grammar): Drawn {
  const chance = (share: number): boolean => random() < share
  const below = (most: number): number => Math.floor(random() * most)
  const pick = <T>(from: readonly T[]): T => from[below(from.length)]! // none of them is empty
  // Half of them are good: what is wrong anywhere is refused as a whole.
  const wild = chance(0.5) ? 0 : random()
  const wrong = (share: number): boolean => chance(wild) && chance(share)
  let aliases = 0
  const deepest = isPlain ? 4 : 2 + below(10)
  let fields = isPlain ? 24 : 60
  const variables = new Map<string, { readonly type: string; readonly value: unknown }>()
  const fragments: string[] = []

  const text = (): string => (chance(0.8) ? pick(words) : pick(ODD))
  /** Of the type, or of another. */
  const value = (type: GraphQLInputType, level = 0): unknown => {
    if (wrong(0.12)) return pick<unknown>([null, 7, -1, 1e12, 1.5, true, text(), [text()], { id: text() }, []])
    if (isNonNullType(type)) return value(type.ofType, level)
    if (isListType(type)) return level > 2 ? [] : Array.from({ length: below(4) }, () => value(type.ofType, level + 1))
    if (isEnumType(type)) return pick(type.getValues()).name
    if (isInputObjectType(type)) {
      const given = Object.values(type.getFields()).map(each => [each.name, level > 3 ? null : value(each.type, level + 1)])
      return Object.fromEntries(given)
    }
    if (type.name === 'Int' || type.name === 'Float') return pick([0, 1, 3, 5, 50, 1_000, -1, 2 ** 31])
    if (type.name === 'Boolean') return chance(0.5)
    return text()
  }
  const literal = (given: unknown, type?: GraphQLInputType): string => {
    if (Array.isArray(given)) return `[${given.map(each => literal(each, type)).join(' ')}]`
    if (typeof given === 'object' && given !== null)
      return `{ ${Object.entries(given)
        .map(([name, each]) => `${name}: ${literal(each)}`)
        .join(' ')} }`
    if (typeof given === 'string' && type && isEnumType(getNamedType(type)) && /^\w+$/.test(given)) return given
    return JSON.stringify(given)
  }
  const variable = (type: string, given: unknown): string => {
    const name = `v${variables.size}`
    variables.set(name, { type: wrong(0.1) ? pick(['Int', '[ID!]', 'Nothing', `${type.replace('!', '')}!`]) : type, value: given })
    return `$${name}`
  }
  const argument = ({ name, type }: GraphQLArgument): string => {
    const given = value(type)
    return `${name}: ${chance(0.3) ? variable(String(type), given) : literal(given, type)}`
  }
  const argumentsOf = (args: readonly GraphQLArgument[]): string => {
    const given = args.filter(each => (isNonNullType(each.type) ? !wrong(0.06) : chance(isPlain ? 0.1 : 0.3))).map(argument)
    if (wrong(0.04)) given.push(`customer: ${literal(text())}`)
    return given.length > 0 ? `(${given.join(', ')})` : ''
  }
  const directive = (): string =>
    chance(0.08) ? ` @${pick(['include', 'skip'])}(if: ${chance(0.5) ? variable('Boolean!', chance(0.5)) : chance(0.5)})` : ''

  const selection = (type: GraphQLObjectType, level: number): string => {
    const all = Object.values(type.getFields())
    // By what a thing is called one sees whose it is.
    const name = all.find(each => !isObjectType(getNamedType(each.type)) && each.args.length === 0)?.name
    const parts: string[] = name !== undefined && chance(0.6) ? [name] : []
    const count = 1 + below(isPlain ? 4 : 6)
    for (let at = 0; at < count && fields > 0; at++) {
      fields--
      const part = random()
      if (part < 0.02 && wild > 0)
        parts.push(pick(['__typename', '__schema { types { name } }', '__type(name: "Customer") { name }', 'password']))
      else if (part < 0.1 && !isPlain && level < deepest)
        parts.push(`... on ${wrong(0.2) ? 'Order' : type.name}${directive()} { ${selection(type, level + 1)} }`)
      else if (part < 0.14 && !isPlain && level < deepest) {
        const name = `f${fragments.length}`
        fragments.push('') // its place: what is within it may have fragments of its own
        const place = fragments.length - 1
        fragments[place] = `fragment ${name} on ${type.name} { ${selection(type, level + 1)} ${wrong(0.1) ? `...${name}` : ''} }`
        parts.push(`...${name}${directive()}`)
      } else {
        const field = pick(all)
        const inner = getNamedType(field.type)
        if (isObjectType(inner) && level >= deepest) continue
        const isPlainField = !isObjectType(inner) && field.args.length === 0
        const alias = wrong(0.3) ? `${pick(['a', 'b', 'number', 'customer', '_x'])}: ` : isPlainField ? '' : `a${aliases++}: `
        const below_ = isObjectType(inner) ? ` { ${selection(inner, level + 1)} }` : wrong(0.02) ? ' { x }' : ''
        parts.push(alias + field.name + argumentsOf(field.args) + directive() + below_)
      }
    }
    return parts.join(' ') || '__typename'
  }

  const kind = chance(0.1) && schema.getMutationType() ? 'mutation' : 'query'
  const root = (kind === 'mutation' ? schema.getMutationType() : schema.getQueryType())!
  const body = selection(root, 0)
  const declared = [...variables].map(([name, { type }]) => `$${name}: ${type}`).join(', ')
  const query = `${kind} q${declared ? `(${declared})` : ''} { ${body} } ${fragments.join(' ')}`.trim()
  const given = [...variables].flatMap(([name, { value: of }]) => (wrong(0.1) ? [] : [[name, of] as const]))
  return { query: wrong(0.1) ? spoilt(query) : query, variables: Object.fromEntries(given) }

  /** A piece of it gone, or there twice. */
  function spoilt(whole: string): string {
    const [from, to] = [below(whole.length), below(whole.length)].sort((a, b) => a - b) as [number, number] // two numbers
    return chance(0.5) ? whole.slice(0, from) + whole.slice(to) : whole.slice(0, to) + whole.slice(from)
  }
}
