// Forges effects. The plugin does `open-compensation` with the mutations of test/plugin-host/effects.test.ts, which plays these: nothing is done in the
// shop, and the effect is left to be tried again.

export interface EffectCase {
  /** Words joined by hyphens: the order that the effect is asked for. */
  readonly id: string
  readonly tries: string
  /** What `onAction` returns. */
  readonly returns: string
}

const effect = (id: string, tries: string, returns: string): EffectCase => ({ id, tries, returns })

export const EFFECTS: readonly EffectCase[] = [
  effect('mutation-not-listed', 'has a mutation done that its manifest does not list', '({ mutation: "close", variables: {} })'),
  effect(
    'mutation-of-another',
    'has another plugin’s mutation done',
    '({ mutation: "other/open", variables: { order: "2024-881", count: 1 } })',
  ),
  effect('mutation-of-prototypes', 'has a mutation called __proto__ done', '({ mutation: "__proto__", variables: {} })'),
  effect('mutation-by-constructor', 'has one called constructor done', '({ mutation: "constructor", variables: {} })'),
  effect(
    'document-of-its-own',
    'brings a document along',
    '({ mutation: "open", document: "mutation { x }", variables: { order: "2024-881", count: 1 } })',
  ),
  effect('both-at-once', 'refuses and has it done', '({ mutation: "open", variables: { order: "2024-881", count: 1 }, refusal: "no" })'),
  effect('done-by-itself', 'says that it has done it', '({ state: "done", result: { case: "CP-1" } })'),
  effect('key-of-its-own', 'chooses the key', '({ mutation: "open", key: "other/do", variables: { order: "2024-881", count: 1 } })'),
  effect(
    'customer-of-its-own',
    'chooses the customer',
    '({ mutation: "open", customer: "demo-wang", variables: { order: "2024-881", count: 1 } })',
  ),
  effect('vote-as-an-outcome', 'votes in the place of an outcome', '({ action: "COMPENSATE", confidence: 1 })'),
  effect('asks-instead', 'asks a query where nothing may be asked', '({ asks: \'["open",{}]\' })'),
  effect('reason-of-a-sentence', 'refuses with a text for the customer', '({ refusal: "Call <a href=//evil>us</a>" })'),
  effect('reason-without-end', 'refuses with a reason of ten thousand letters', '({ refusal: "a".repeat(10_000) })'),
  effect('variables-as-a-list', 'gives a list of variables', '({ mutation: "open", variables: ["2024-881", 1] })'),
  effect('count-in-words', 'gives a count that is none', '({ mutation: "open", variables: { order: "2024-881", count: "all" } })'),
  effect('outcome-by-promise', 'promises an outcome', 'Promise.resolve({ mutation: "open", variables: { order: "2024-881", count: 1 } })'),
]
