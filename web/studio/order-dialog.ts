// Asks before something is done that others meet: says what will happen, takes the reason, and stays open with what went wrong until it is done.
import { fill, h } from '../look/dom.ts'
import { field, troubleText } from './parts.ts'
import type { Studio } from './studio.ts'

export interface Asked {
  readonly why: string
  /** 0 to 1. */
  readonly share: number
  readonly name: string
}

export interface Question {
  readonly title: string
  readonly text: string
  readonly yes: string
  /** A canary's share as it is proposed, 0 to 1. */
  readonly share?: { readonly label: string; readonly value: number }
  readonly name?: { readonly label: string; readonly value: string }
  /** Resolves when it is done: the dialog then closes. */
  act(asked: Asked): Promise<void>
}

export function askOrder(studio: Studio, question: Question): void {
  const { shell } = studio.words()
  const why = h('textarea', { rows: 3, maxlength: 1_000, required: true, id: 'order-why', 'aria-describedby': 'order-hint order-trouble' })
  const share =
    question.share &&
    h('input', {
      type: 'number',
      min: 1,
      max: 100,
      step: 1,
      value: Math.round(question.share.value * 100),
      id: 'order-share',
      inputmode: 'numeric',
    })
  const name =
    question.name &&
    h('input', { value: question.name.value, id: 'order-name', maxlength: 40, autocapitalize: 'none', spellcheck: 'false' })
  const notice = h('p', { id: 'order-trouble', role: 'alert', class: 'bad' })
  const yes = h('button', { class: 'primary', type: 'submit', id: 'order-yes' }, question.yes)

  const missing = (): readonly [HTMLElement, string] | undefined => {
    if (name && !/^[a-z0-9-]{1,40}$/.test(name.value.trim())) return [name, shell.nameMissing]
    const percent = Number(share?.value ?? 1)
    if (share && !(percent >= 1 && percent <= 100)) return [share, shell.shareMissing]
    return why.value.trim() === '' ? [why, shell.whyMissing] : undefined
  }
  async function submit(): Promise<void> {
    const wrong = missing()
    if (wrong) {
      fill(notice, wrong[1])
      return wrong[0].focus()
    }
    yes.disabled = true
    fill(notice)
    try {
      await question.act({ why: why.value.trim(), share: Number(share?.value ?? 0) / 100, name: name?.value.trim() ?? '' })
      dialog.close()
    } catch (error) {
      fill(notice, troubleText(studio.words().shell, error))
      yes.disabled = false
      yes.focus()
    }
  }

  const dialog = h(
    'dialog',
    { class: 'order', 'aria-labelledby': 'order-title', 'aria-describedby': 'order-text', onclose: () => dialog.remove() },
    h(
      'form',
      {
        novalidate: true,
        onsubmit: event => {
          event.preventDefault()
          void submit()
        },
      },
      h('h2', { id: 'order-title', class: 'dialog-title' }, question.title),
      h('p', { id: 'order-text', class: 'faint' }, question.text),
      name && field(question.name?.label ?? '', name),
      share && field(question.share?.label ?? '', share),
      field(shell.why, why, h('p', { id: 'order-hint', class: 'faint hint' }, shell.whyHint)),
      notice,
      h('div', { class: 'choices' }, h('button', { class: 'quiet', type: 'button', onclick: () => dialog.close() }, shell.cancel), yes),
    ),
  )
  document.body.append(dialog)
  dialog.showModal()
  ;(name ?? share ?? why).focus()
}

/** A text to read: a version's file. */
export function showText(studio: Studio, title: string, text: string): void {
  const { shell } = studio.words()
  const dialog = h(
    'dialog',
    { class: 'text', 'aria-labelledby': 'text-title', onclose: () => dialog.remove() },
    h('h2', { id: 'text-title', class: 'dialog-title' }, title),
    h('pre', { tabindex: 0, 'aria-labelledby': 'text-title', role: 'region' }, text),
    h('div', { class: 'choices' }, h('button', { class: 'primary', type: 'button', onclick: () => dialog.close() }, shell.close)),
  )
  document.body.append(dialog)
  dialog.showModal()
}
