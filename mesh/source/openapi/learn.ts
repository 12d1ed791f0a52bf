// What an OpenAPI document says of how its source is asked: where it is, and how the credential goes along.
import { isObject, type JsonSchema } from '../catalogue.ts'
import type { Learned } from '../kind.ts'
import { contentOf, readDocument } from './document.ts'

/** `place` is where the document came from, where that is an address; `url` where the source is, if somebody has said it. Throws an Error that says what is wrong. */
export function learnOpenApi(name: string, text: string, place: URL | undefined, url: string | undefined): Learned {
  readDocument(text)
  const root = contentOf(text)
  if (!isObject(root)) throw new Error('it is no OpenAPI document')
  const file = `${name}.openapi.${text.trimStart().startsWith('{') ? 'json' : 'yaml'}`
  const at = url ?? serverOf(root, place)
  if (at === undefined) throw new Error('it does not say where the source is: --url')
  const remarks = url === undefined ? [`It is asked at ${at}, as its document says.`] : []
  const { settings, remark } = credentialIn(root)
  return {
    settings: { openapi: file, ...(place && { openapiUrl: place.href }), url: at, ...settings },
    files: new Map([[file, text]]),
    remarks: [...remarks, ...(remark === undefined ? [] : [remark])],
  }
}

function serverOf({ servers }: JsonSchema, place: URL | undefined): string | undefined {
  const [first] = Array.isArray(servers) ? servers.filter(isObject) : []
  if (typeof first?.url !== 'string') return undefined
  const variables = isObject(first.variables) ? first.variables : {}
  const text = first.url.replaceAll(/\{(\w+)\}/g, (whole, variable: string) => {
    const of = variables[variable]
    return isObject(of) && typeof of.default === 'string' ? of.default : whole
  })
  try {
    return new URL(text, place).href.replace(/\/$/, '')
  } catch {
    return undefined
  }
}

/** The scheme that the whole document asks for, or the one that it has. */
function credentialIn({ security, components }: JsonSchema): { readonly settings: object; readonly remark?: string } {
  const schemes = isObject(components) && isObject(components.securitySchemes) ? components.securitySchemes : {}
  const asked = Array.isArray(security) ? security.filter(isObject).flatMap(Object.keys) : []
  const [found] = [...asked, ...Object.keys(schemes)].flatMap(each => (isObject(schemes[each]) ? [schemes[each]] : []))
  if (!found) return { settings: {} }
  const { type, name, in: place, scheme } = found
  if (type === 'apiKey' && place === 'header')
    return { settings: String(name).toLowerCase() === 'authorization' ? { tokenAs: 'plain' } : { tokenHeader: name } }
  if (type === 'apiKey')
    return {
      settings: {},
      remark: `It wants its key in the ${String(place)}, where addresses are written down: that is not done here. See whether it takes a header.`,
    }
  if (type === 'http' && String(scheme).toLowerCase() === 'basic')
    return { settings: { tokenAs: 'basic' }, remark: 'Its token is name:password.' }
  return { settings: {} }
}
