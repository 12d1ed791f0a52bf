// The shop's templates, by name and locale. Driver: server/drivers/templates.liquid.ts.
import type { Locale } from '@parley/plugin-sdk/vocabulary.ts'

export interface Templates {
  /** The template's own name, for a name or an alias of it; undefined when the shop has none such. */
  resolve(name: string): string | undefined
  /** The text for a template that `resolve` gave. `view` is all a template sees. A missing value is the template's to handle: it renders as nothing. */
  render(template: string, locale: Locale, view: TemplateView): string
}

export interface TemplateView {
  readonly shop: Readonly<Record<string, unknown>>
  readonly facts: Readonly<Record<string, unknown>>
  /** Sources that did not answer, by fact. */
  readonly missing: readonly string[]
  /** What people call the systems that did not give what the words of the reply asked for, or gave it so many minutes ago. Absent in all but two templates. */
  readonly sources?: readonly { readonly title: string; readonly minutes?: number }[]
  /** Values that the dialogue has, by slot. */
  readonly slots: Readonly<Record<string, unknown>>
  /** What is offered to choose from, or the one other request that the words name. */
  readonly options: readonly { readonly action: string; readonly label: string }[]
  /** Where the conversation waits for a person: its place in line, from 1. Absent where it does not wait or the place is not known. */
  readonly queue?: { readonly position: number }
  /** The passage that answers, and the article that it is of. Absent where no article answers. */
  readonly source?: { readonly title: string; readonly heading?: string; readonly text: string; readonly link?: string }
  /** An effect's result (`case`, `amount`), or `reason` where it was refused. */
  readonly effect?: Readonly<Record<string, string>>
  /** The person that a notice is about, by the name that customers may know. */
  readonly agent?: { readonly name: string }
}
