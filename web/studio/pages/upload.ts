// Takes a file of turns: dropped or chosen, read here, checked by the server, with what is wrong told line by line.
import type { LineProblem, SetUploaded } from '@parley/core/protocol/studio.ts'
import { fill, h } from '../../look/dom.ts'
import { trouble } from '../parts.ts'
import type { Studio } from '../studio.ts'

const LISTED = 50

/** `kept`: the sets have changed. */
export function createUpload(studio: Studio, kept: () => void): { readonly element: HTMLElement; draw(): void } {
  const element = h('div')
  const said = h('div', { class: 'said-of-file', 'aria-live': 'polite' })
  let last: { readonly name: string; readonly uploaded: SetUploaded } | undefined
  const input = h('input', {
    type: 'file',
    id: 'upload-file',
    class: 'unseen',
    accept: '.jsonl,.ndjson,.json,.txt',
    onchange: () => {
      const [file] = input.files ?? []
      input.value = '' // the same file may be chosen again once it is mended
      if (file) void take(file)
    },
  })
  const zone = h('div', {
    class: 'drop-zone',
    ondragover: event => {
      event.preventDefault()
      zone.dataset.over = ''
    },
    ondragleave: () => delete zone.dataset.over,
    ondrop: event => {
      event.preventDefault()
      delete zone.dataset.over
      const [file] = (event as DragEvent).dataTransfer?.files ?? [] // what the event is
      if (file) void take(file)
    },
  })

  async function take(file: File): Promise<void> {
    const words = studio.words()
    last = undefined
    fill(said, h('p', { class: 'faint' }, words.reports.uploading(file.name)))
    try {
      const text = new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer())
      const uploaded = await studio.server.post<SetUploaded>('sets', { name: file.name.slice(0, 100), text })
      last = { name: file.name, uploaded }
      show()
      if (uploaded.set) kept()
    } catch (error) {
      if (error instanceof TypeError) fill(said, h('p', { class: 'trouble', role: 'alert' }, words.reports.notText))
      else
        fill(
          said,
          trouble(words, error, () => void take(file)),
        )
    }
  }

  function show(): void {
    if (last === undefined) return
    const { reports: words } = studio.words()
    const { name, uploaded } = last
    const { set, problems } = uploaded
    const text = set === null ? words.notKept(name) : set.bad > 0 ? words.partly(name, set.bad) : words.uploaded(name)
    fill(said, h('p', { class: set === null ? 'bad' : 'good' }, text), problemList(studio, problems))
  }

  function draw(): void {
    const { reports: words } = studio.words()
    fill(
      zone,
      h('p', null, words.drop),
      input,
      h('label', { class: 'secondary', for: 'upload-file' }, words.choose),
      h('p', { class: 'faint hint' }, words.dropHint),
    )
    fill(element, zone, said)
    show()
  }
  return { element, draw }
}

export function problemList(studio: Studio, problems: readonly LineProblem[]): HTMLElement | null {
  if (problems.length === 0) return null
  const { shell, reports: words } = studio.words()
  return h(
    'ul',
    { class: 'problems', tabindex: 0, 'aria-label': words.showProblems },
    problems
      .slice(0, LISTED)
      .map(({ line, severity, reason }) =>
        h(
          'li',
          { class: severity },
          h('span', { class: 'place' }, shell.line(line)),
          severity === 'warning' && h('span', { class: 'badge wait' }, words.warning),
          h('span', null, reason),
        ),
      ),
    problems.length > LISTED && h('li', { class: 'faint' }, words.moreProblems(problems.length - LISTED)),
  )
}
