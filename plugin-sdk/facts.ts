// What a plugin looks up in the shop's systems: by GraphQL that its manifest declares, for the customer who writes. Types alone: the sandbox has the
// tool, and whatever is asked is asked by the engine.

/**
 * GraphQL by name, in a manifest's `queries`. It is checked when the plugin is loaded for a shop, against the schema of its systems: docs/mesh.graphql is
 * the demo shop's, and `parley mesh graph --schema` prints another's. Whoever writes is the customer; no document can name one.
 */
export type Queries = Readonly<Record<string, string>>

/** What a query came to. */
export interface Facts<Data> {
  /** As the query writes it. What a source did not give is null, so each field may be. */
  readonly data: Data
  /** Paths of what is null because its source gave no answer: `customer.orders`. Empty when all that was asked is there. */
  readonly missing: readonly string[]
  /** The systems that gave none of what is missing, or nothing that can be used. Absent where there are none. */
  readonly silent?: readonly string[]
  /** What is older than it should be, since its system gave no answer. Absent where nothing is. */
  readonly stale?: readonly { readonly path: string; readonly source: string; readonly ageMs: number }[]
}

/** The tool of the grant `facts`. */
export interface FactsTool<Name extends string = string> {
  /**
   * The answer to a query of the manifest, about the customer who writes and nobody else; `Data` is what the query's text gives. `onTurn` is begun
   * again when the answer is there: what stands before the call runs twice, and must ask the same again. Do not catch what it throws. At most four
   * different questions a turn, each of at most 4,096 characters with its variables; the turn waits for them, so ask only where the words are yours.
   */
  readonly query: <Data = unknown>(name: Name, variables?: Readonly<Record<string, unknown>>) => Facts<Data>
}
