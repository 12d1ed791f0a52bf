// Forges queries. The plugin has the grant and the two queries of test/plugin-host/facts.test.ts, which plays these; 2024-881 is an order of the
// turn's customer and 2024-882 one of somebody else.

export interface QueryCase {
  /** Words joined by hyphens: the text of the turn on which it does harm. */
  readonly id: string
  readonly tries: string
  /** The body of `onTurn`, with `facts`, and `say` for a vote that has something as evidence. */
  readonly body: string
  /** How it ends: what the operator is told, or the evidence of its vote. */
  readonly ends: RegExp | string
  /** The names of what it has looked up by then, each with the truth. */
  readonly lookedUp?: readonly string[]
}

const query = (id: string, tries: string, body: string, ends: QueryCase['ends'], lookedUp: readonly string[] = []): QueryCase => ({
  id,
  tries,
  body,
  ends,
  lookedUp,
})
const own = '"number":"2024-881"'

export const QUERIES: readonly QueryCase[] = [
  query(
    'query-of-prototypes',
    'asks for a query called __proto__',
    'return say(facts.query("__proto__"))',
    /there is no query "__proto__"/,
  ),
  query('query-by-constructor', 'asks for a query called constructor', 'return say(facts.query("constructor"))', /no query "constructor"/),
  query(
    'document-as-name',
    'gives a document where a name is wanted',
    'return say(facts.query("query { customer { cases { number } } }"))',
    /there is no query "query \{/,
  ),
  query(
    'mutation-as-name',
    'gives a mutation where a name is wanted',
    'return { asks: \'["mutation { openCase }",{}]\' }',
    /there is no query/,
  ),
  query(
    'document-among-variables',
    'hides a document among the variables',
    `return say(facts.query("one", { number: "2024-881", document: "{ customer { cases { number } } }", query: "orders" }))`,
    `{"data":{"customer":{"order":{${own}}}},"missing":[]}`,
    ['one'],
  ),
  query(
    'changed-document',
    'puts another document into its manifest',
    `try { definition.manifest.queries.one = "query ($number: String!) { customer { cases { number } } }" } catch {}
    return say(facts.query("one", { number: "2024-881" }))`,
    `{"data":{"customer":{"order":{${own}}}},"missing":[]}`,
    ['one'],
  ),
  query(
    'name-by-to-json',
    'has its name told by toJSON',
    'return say(facts.query({ toJSON: () => "cases" }))',
    /there is no query "cases" in its manifest/,
  ),
  query(
    'order-of-another',
    'asks for an order of another customer, in that one’s name',
    'return say(facts.query("one", { number: "2024-882", customer: "demo-wang", customerId: "demo-wang", asker: { customer: "demo-wang" } }))',
    '{"data":{"customer":{"order":null}},"missing":[]}',
    ['one'],
  ),
  query(
    'variables-of-prototypes',
    'gives its variables by __proto__',
    `return say(facts.query("one", JSON.parse('{"__proto__":{"number":"2024-882"},"number":"2024-881"}')))`,
    `{"data":{"customer":{"order":{${own}}}},"missing":[]}`,
    ['one'],
  ),
  query(
    'variables-of-prototypes-alone',
    'gives them by __proto__ alone',
    `return say(facts.query("one", JSON.parse('{"__proto__":{"number":"2024-881"}}')))`,
    /query one: .*\$number/,
  ),
  query('variables-in-a-list', 'gives a list in the place of variables', 'return say(facts.query("one", ["2024-881"]))', /failed/),
  query(
    'a-thousand-queries',
    'asks a thousand queries in one call',
    'const all: any[] = []; for (let at = 0; at < 1_000; at++) try { all.push(facts.query("one", { number: String(at) })) } catch {}\n    return say(all)',
    /more than 4 queries/,
    ['one', 'one', 'one', 'one'],
  ),
  query(
    'asks-the-same',
    'asks the same for ever, whatever it is told',
    'return { asks: \'["one",{"number":"2024-881"}]\' }',
    /more than 4 queries/,
    ['one', 'one', 'one', 'one'],
  ),
  query(
    'huge-variables',
    'has variables of sixty thousand characters',
    'return say(facts.query("one", { number: "2024-881", more: "x".repeat(60_000) }))',
    /query one: it has \d+ characters with its variables, more than 4096/,
  ),
  query(
    'deep-variables',
    'has variables twenty thousand deep',
    'let deep: any = 1; for (let at = 0; at < 20_000; at++) deep = [deep]\n    return say(facts.query("one", { number: "2024-881", deep }))',
    /failed/,
  ),
  query(
    'larger-than-an-answer',
    'has variables of a megabyte',
    'return say(facts.query("one", { number: "x".repeat(1e6) }))',
    /more than 65536 characters/,
  ),
  query(
    'answers-itself',
    'brings the answer to its query along',
    'return { asks: \'["one",{"number":"2024-882"}]\', answers: { x: 1 }, lookedUp: [] }',
    /failed/,
  ),
  query(
    'forges-a-record',
    'claims to have looked something up',
    'return { action: "COMPENSATE", confidence: 0.5, evidence: "forged", lookedUp: [{ query: "one", variables: {}, data: { customer: null }, missing: [] }] }',
    'forged',
  ),
  query(
    'changes-an-answer',
    'changes what it was answered before it asks on',
    `const found = facts.query("one", { number: "2024-881" }); try { found.data.customer.order.number = "2024-882" } catch {}
    facts.query("orders", { status: "SHIPPED" }); return say("done")`,
    '"done"',
    ['one', 'orders'],
  ),
]
