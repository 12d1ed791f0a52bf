// What the desk shows of a conversation's customer, as JSON over HTTP: GET /v1/desk/conversations/ID/customer gives a CustomerPanel. What is asked is the
// shop's own (`panel` of its mesh.yaml), so the answer says how it is to be read: its fields with their titles, kinds and descriptions go along.
// Faults: MESH_MISSING, UNKNOWN_CONVERSATION, CONVERSATION_ERASED, RATE_LIMITED, TOKEN_INVALID, TOKEN_EXPIRED, CONFIG_INVALID.

/**
 * What a field is to who reads it. `identifier` is what people copy (a number, a code), `name` what a thing is called, `state` and `progress` a word of
 * several (of `progress` in their order), `money` an amount in the `currency` beside it or above it.
 */
export type PanelKind =
  | 'object'
  | 'identifier'
  | 'name'
  | 'state'
  | 'progress'
  | 'money'
  | 'currency'
  | 'count'
  | 'number'
  | 'flag'
  | 'text'

export interface PanelField {
  /** Its name in the data. */
  readonly key: string
  readonly title: string
  /** As the source's document has it. */
  readonly description?: string
  readonly kind: PanelKind
  readonly isList: boolean
  /** Of `state` and `progress`: what its values are called, in the document's order. */
  readonly words?: Readonly<Record<string, string>>
  /** Of an object. */
  readonly fields?: readonly PanelField[]
}

export type PanelPath = readonly (string | number)[]

/** Something that did not come. */
export interface PanelGap {
  readonly path: PanelPath
  /** What people call the system that did not give it; none where it is no system's doing. */
  readonly source?: string
  /** Asked again it may come. */
  readonly isPassing: boolean
}

/** Something that is older than it should be, since its system did not answer. */
export interface PanelStale {
  readonly path: PanelPath
  readonly source: string
  readonly ageMs: number
}

export interface CustomerPanel {
  readonly fields: readonly PanelField[]
  readonly data: Readonly<Record<string, unknown>>
  readonly gaps: readonly PanelGap[]
  readonly stale: readonly PanelStale[]
}
