// What is under the pointer in a query: its type, and what the source's document says of it.
import { hoverTooltip } from '@codemirror/view'
import { getSchema, offsetToPos } from 'cm6-graphql'
import { getTokenAtPosition, getTypeInfo } from 'graphql-language-service'

export const hoverDescriptions = hoverTooltip((view, pos) => {
  const schema = getSchema(view.state as never) // a cast: see editor.ts
  const word = view.state.wordAt(pos)
  if (!schema || !word) return null
  const token = getTokenAtPosition(view.state.doc.toString(), offsetToPos(view.state.doc, word.from + 1), 0)
  const { fieldDef, argDef, parentType } = getTypeInfo(schema, token.state)
  const name = view.state.sliceDoc(word.from, word.to)
  const about =
    argDef?.name === name
      ? { of: `${name}: ${argDef.type}`, says: argDef.description }
      : fieldDef?.name === name
        ? { of: `${parentType}.${name}: ${fieldDef.type}`, says: fieldDef.description }
        : undefined
  if (!about) return null
  return {
    pos: word.from,
    end: word.to,
    create() {
      const dom = document.createElement('div')
      dom.className = 'cm-about'
      const code = document.createElement('code')
      code.textContent = about.of
      dom.append(code, about.says ?? '')
      return { dom }
    },
  }
})
