// Names as the template of a vote what is no template of its shop: the reply has the action's own. Played by test/plugin-host/facts.test.ts.

export interface TemplateCase {
  /** Words joined by hyphens: the text of the turn. */
  readonly id: string
  readonly tries: string
  readonly template: string
}

export const TEMPLATES: readonly TemplateCase[] = [
  { id: 'of-no-shop', tries: 'names a template that there is nowhere', template: 'nowhere' },
  { id: 'of-another-shop', tries: 'names one of another shop, by that shop’s name', template: 'second/hello' },
  { id: 'of-another-folder', tries: 'names the file of another shop by a path', template: '../../second/templates/en/hello' },
  { id: 'by-its-file', tries: 'names a file of its own shop', template: 'templates/en/hello.liquid' },
  { id: 'in-its-locale', tries: 'names one as they are kept inside', template: 'en/hello' },
  { id: 'of-prototypes', tries: 'names __proto__', template: '__proto__' },
  { id: 'by-constructor', tries: 'names constructor', template: 'constructor' },
  { id: 'of-every-object', tries: 'names toString', template: 'toString' },
  { id: 'written-out', tries: 'writes a template in the place of a name', template: '{{ facts.orders }}{% include "hello" %}' },
  { id: 'with-more-behind', tries: 'names one with a zero and more behind', template: 'hello\u0000.again' },
]
