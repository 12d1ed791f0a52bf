// The documents: every type and field with what its source says of it, from where a query begins, or by search.
import {
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isObjectType,
} from 'graphql'
import { type Child, fill, h } from '../look/dom.ts'
import { element } from '../widget/elements.ts'
import { find, typesOf } from './find.ts'
import type { Words } from './words.ts'

export interface Docs {
  setSchema(schema: GraphQLSchema | undefined): void
  draw(): void
  /** Shows a type, and in it a field. */
  show(type: string, field?: string): void
}

/** `put` puts a field's name into the query. */
export function createDocs(words: () => Words, put: (field: string) => void): Docs {
  const body = element('docs-body', HTMLDivElement)
  const sought = element('docs-find', HTMLInputElement)
  body.tabIndex = 0 // the arrow keys scroll it
  let schema: GraphQLSchema | undefined
  let trail: readonly string[] = []
  let marked: string | undefined
  sought.addEventListener('input', draw)

  function show(type: string, field?: string): void {
    if (!schema?.getType(type)) return
    if (trail.at(-1) !== type) trail = [...trail, type]
    marked = field
    sought.value = ''
    draw()
    const found = body.querySelector<HTMLElement>('[data-marked]')
    if (found) found.scrollIntoView({ block: 'nearest' })
    else body.scrollTop = 0
  }

  const typeLink = (type: { toString(): string }): Child => {
    const name = String(type).replaceAll(/[[\]!]/g, '')
    const [before = '', after = ''] = String(type).split(name)
    return isPlain(name)
      ? h('span', { class: 'type' }, String(type))
      : h(
          'span',
          { class: 'type' },
          before,
          h('button', { class: 'link', type: 'button', 'data-key': `type ${name}`, onclick: () => show(name) }, name),
          after,
        )
  }

  const about = (description: string | null | undefined): HTMLElement =>
    description ? h('p', { class: 'says' }, description) : h('p', { class: 'says none' }, words().noDescription)

  const fieldOf = (owner: GraphQLNamedType, field: GraphQLField<unknown, unknown>): HTMLElement =>
    h(
      'li',
      { class: 'field', 'data-field': `${owner.name}.${field.name}`, 'data-marked': marked === field.name },
      h(
        'p',
        { class: 'signature' },
        h(
          'button',
          {
            class: 'link name',
            type: 'button',
            title: words().put(field.name),
            'data-key': `put ${field.name}`,
            onclick: () => put(field.name),
          },
          field.name,
        ),
        ': ',
        typeLink(field.type),
      ),
      about(field.description),
      field.deprecationReason && h('p', { class: 'says old' }, words().deprecated(field.deprecationReason)),
      field.args.length > 0 &&
        h(
          'ul',
          { class: 'args', 'aria-label': words().takes },
          field.args.map(({ name, type, description }) =>
            h(
              'li',
              null,
              h('p', { class: 'signature' }, h('span', { class: 'name' }, name), ': ', typeLink(type)),
              description && h('p', { class: 'says' }, description),
            ),
          ),
        ),
    )

  function typePage(type: GraphQLNamedType): Child {
    const table = words()
    if (isObjectType(type))
      return [
        h('h4', null, table.fields),
        h(
          'ul',
          { class: 'fields' },
          Object.values(type.getFields()).map(field => fieldOf(type, field)),
        ),
      ]
    if (isEnumType(type))
      return [
        h('h4', null, table.values),
        h(
          'ul',
          { class: 'fields' },
          type
            .getValues()
            .map(({ name, description }) =>
              h('li', { class: 'field' }, h('p', { class: 'signature name' }, name), description && h('p', { class: 'says' }, description)),
            ),
        ),
      ]
    if (isInputObjectType(type))
      return [
        h('h4', null, table.fields),
        h(
          'ul',
          { class: 'fields' },
          Object.values(type.getFields()).map(field =>
            h(
              'li',
              { class: 'field' },
              h('p', { class: 'signature' }, h('span', { class: 'name' }, field.name), ': ', typeLink(field.type)),
              about(field.description),
            ),
          ),
        ),
      ]
    return undefined
  }

  function draw(): void {
    const table = words()
    if (!schema) return fill(body)
    if (sought.value.trim() !== '') {
      const found = find(schema, sought.value)
      return fill(
        body,
        found.length === 0 && h('p', { class: 'none', role: 'status' }, table.noneFound),
        h(
          'ul',
          { class: 'fields' },
          found.map(({ type, field, description }) => {
            const name = field === undefined ? type.name : `${type.name}.${field}`
            return h(
              'li',
              { class: 'field' },
              h('button', { class: 'link name', type: 'button', 'data-key': `found ${name}`, onclick: () => show(type.name, field) }, name),
              description !== '' && h('p', { class: 'says' }, description),
            )
          }),
        ),
      )
    }
    const type = schema.getType(trail.at(-1) ?? '')
    if (!type) {
      const roots = [schema.getQueryType(), schema.getMutationType()].filter(each => each !== null && each !== undefined)
      return fill(
        body,
        h('h3', null, table.begin),
        roots.map(root => [
          h('h4', null, root.name),
          h(
            'ul',
            { class: 'fields' },
            Object.values(root.getFields()).map(field => fieldOf(root, field)),
          ),
        ]),
        h('h4', null, table.types),
        h(
          'ul',
          { class: 'types' },
          typesOf(schema).map(each => h('li', null, typeLink(each))),
        ),
      )
    }
    fill(
      body,
      h(
        'button',
        {
          class: 'quiet',
          type: 'button',
          'data-key': 'docs back',
          onclick() {
            trail = trail.slice(0, -1)
            marked = undefined
            draw()
          },
        },
        `‹ ${table.back}`,
      ),
      h('h3', null, type.name),
      type.description && h('p', { class: 'says' }, type.description),
      typePage(getNamedType(type)),
    )
  }

  return {
    setSchema(next) {
      schema = next
      trail = []
      marked = undefined
      draw()
    },
    draw,
    show,
  }
}

const isPlain = (name: string): boolean => ['String', 'Int', 'Float', 'Boolean', 'ID', 'JSON'].includes(name)
