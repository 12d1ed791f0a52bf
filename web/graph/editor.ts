// CodeMirror in a shadow root of its own: there it brings its styles as a sheet of the root, which the page's policy allows; in the page itself it would add a
// style element, which it does not. The page's colours come in as custom properties.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { json } from '@codemirror/lang-json'
import { bracketMatching, foldGutter, foldKeymap, HighlightStyle, indentOnInput, syntaxHighlighting } from '@codemirror/language'
import { lintKeymap } from '@codemirror/lint'
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search'
import { EditorState, type Extension } from '@codemirror/state'
import { drawSelection, EditorView, type KeyBinding, keymap, lineNumbers } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { graphql, updateSchema } from 'cm6-graphql'
import type { GraphQLSchema } from 'graphql'
import { hoverDescriptions } from './hover.ts'

export interface Editor {
  text: string
  focus(): void
  /** What a screen reader calls it. */
  label(words: string): void
}

export interface QueryEditor extends Editor {
  setSchema(schema: GraphQLSchema | undefined): void
  insert(text: string): void
}

const LOOK = EditorView.theme({
  '&': { height: '100%', backgroundColor: 'var(--raised)', color: 'var(--text)', fontSize: '13px' },
  '&.cm-focused': { outline: '2px solid var(--focus)', outlineOffset: '-2px' },
  '.cm-scroller': { fontFamily: 'ui-monospace, SFMono-Regular, Menlo, Consolas, monospace', lineHeight: '1.5' },
  '.cm-content': { caretColor: 'var(--text)' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'var(--accent-soft)',
  },
  '.cm-gutters': { backgroundColor: 'var(--raised)', color: 'var(--faint)', border: 'none' },
  '.cm-matchingBracket': { backgroundColor: 'var(--accent-soft)', outline: '1px solid var(--accent)' },
  '.cm-selectionMatch': { backgroundColor: 'var(--wait-soft)' },
  '.cm-tooltip': {
    border: '1px solid var(--line)',
    borderRadius: '9px',
    backgroundColor: 'var(--panel)',
    color: 'var(--text)',
    boxShadow: 'var(--shadow)',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]': { backgroundColor: 'var(--accent)', color: 'var(--accent-text)' },
  '.cm-completionDetail': { color: 'inherit', opacity: 0.8 },
  '.cm-completionInfo': { padding: '8px 10px', maxWidth: '22rem' },
  '.cm-diagnostic': { padding: '6px 10px', borderLeftColor: 'var(--bad)' },
  '.cm-panels': { backgroundColor: 'var(--panel)', color: 'var(--text)' },
  '.cm-about': { padding: '7px 10px', maxWidth: '24rem', fontFamily: 'system-ui, "Noto Sans CJK SC", sans-serif', whiteSpace: 'pre-line' },
  '.cm-about code': { display: 'block', marginBottom: '4px', color: 'var(--accent)' },
})

const COLOURS = syntaxHighlighting(
  HighlightStyle.define([
    { tag: [tags.keyword, tags.definitionKeyword], color: 'var(--bad)' },
    { tag: [tags.string, tags.special(tags.string)], color: 'var(--good)' },
    { tag: [tags.number, tags.bool, tags.null], color: 'var(--wait)' },
    { tag: [tags.propertyName, tags.attributeName], color: 'var(--accent)' },
    { tag: [tags.variableName, tags.special(tags.variableName)], color: 'var(--focus)' },
    { tag: tags.comment, color: 'var(--faint)', fontStyle: 'italic' },
  ]),
)

/** Without it a checker, and a browser's own way through the page, see nothing to stop at in what scrolls. */
const STOP = EditorView.contentAttributes.of({ tabindex: '0' })

const COMMON: readonly Extension[] = [
  STOP,
  LOOK,
  COLOURS,
  lineNumbers(),
  foldGutter(),
  drawSelection(),
  bracketMatching(),
  highlightSelectionMatches(),
]
const WRITING: readonly Extension[] = [EditorView.lineWrapping, history(), closeBrackets(), indentOnInput(), EditorState.tabSize.of(2)]
const KEYS = [
  ...closeBracketsKeymap,
  ...defaultKeymap,
  ...searchKeymap,
  ...historyKeymap,
  ...foldKeymap,
  ...completionKeymap,
  ...lintKeymap,
]

const runKey = (run: () => void): KeyBinding => ({
  key: 'Mod-Enter',
  run() {
    run()
    return true
  },
})

function place(host: HTMLElement, extensions: readonly Extension[], text: string): EditorView {
  const root = host.attachShadow({ mode: 'open' })
  return new EditorView({ parent: root, root, state: EditorState.create({ doc: text, extensions: [...extensions] }) })
}

const asEditor = (view: EditorView): Editor => ({
  get text() {
    return view.state.doc.toString()
  },
  set text(text) {
    view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } })
  },
  focus: () => view.focus(),
  label: words => view.contentDOM.setAttribute('aria-label', words),
})

export interface QueryEditorParts {
  readonly host: HTMLElement
  readonly text: string
  readonly run: () => void
  readonly changed: () => void
  /** Mod-click on a field, or Mod-Alt-d at one. */
  readonly showInDocs: (field: string | undefined, type: string | undefined, parent: string | undefined) => void
}

export function createQueryEditor({ host, text, run, changed, showInDocs }: QueryEditorParts): QueryEditor {
  const view = place(
    host,
    [
      keymap.of([runKey(run), ...KEYS]),
      ...COMMON,
      ...WRITING,
      autocompletion(),
      graphql(undefined, { onShowInDocs: showInDocs }),
      hoverDescriptions,
      EditorView.updateListener.of(update => update.docChanged && changed()),
    ],
    text,
  )
  const editor = asEditor(view)
  // Casts: cm6-graphql's types name CodeMirror's for CommonJS, which TypeScript takes for others; in the bundle there is one CodeMirror.
  return Object.assign(Object.create(editor), {
    setSchema: (schema: GraphQLSchema | undefined) => updateSchema(view as never, schema),
    insert: (piece: string) => {
      view.dispatch(view.state.replaceSelection(piece))
      view.focus()
    },
  })
}

export const createJsonEditor = (host: HTMLElement, text: string, run: () => void, changed: () => void): Editor =>
  asEditor(
    place(
      host,
      [
        keymap.of([runKey(run), ...KEYS]),
        ...COMMON,
        ...WRITING,
        json(),
        EditorView.updateListener.of(update => update.docChanged && changed()),
      ],
      text,
    ),
  )

/** Read, searched and folded, not written. */
export const createJsonView = (host: HTMLElement): Editor =>
  asEditor(place(host, [keymap.of(KEYS), ...COMMON, json(), EditorState.readOnly.of(true), EditorView.lineWrapping], ''))
