// Reaches, by what it remembers, for what others remember. test/plugin-host/memory.test.ts plays these through the engine: the plugin keeps something
// on one turn; on the next it is asked what it finds, and so are the same plugin in another conversation and another plugin, which both find nothing.

export interface RememberedCase {
  /** Words joined by hyphens: the text of the turn on which it does harm. */
  readonly id: string
  readonly tries: string
  /** What `onTurn` returns. */
  readonly returns: string
  /** What is remembered then, as JSON; or what the operator is told, and nothing is. */
  readonly ends: string | RegExp
}

const remembered = (id: string, tries: string, returns: string, ends: RememberedCase['ends']): RememberedCase => ({
  id,
  tries,
  returns,
  ends,
})

export const REMEMBERED: readonly RememberedCase[] = [
  remembered(
    'keys-of-others',
    'remembers under the names of other plugins and conversations',
    'remember({ "plugin:nosy": "{}", nosy: 1, c2: 1, "demo/c2": { "plugin:forger": "{}" } } as any)',
    '{"plugin:nosy":"{}","nosy":1,"c2":1,"demo/c2":{"plugin:forger":"{}"}}',
  ),
  remembered(
    'proto-key',
    'remembers a key __proto__',
    '({ votes: null, memory: \'{"__proto__":{"asked":99}}\' })',
    '{"__proto__":{"asked":99}}',
  ),
  remembered(
    'constructor-key',
    'remembers a key constructor with a prototype in it',
    'remember({ constructor: { prototype: { asked: 99 } } } as any)',
    '{"constructor":{"prototype":{"asked":99}}}',
  ),
  remembered('key-twice', 'remembers a key twice', '({ votes: null, memory: \'{"a":1,"a":2}\' })', '{"a":2}'),
  remembered(
    'by-to-json',
    'remembers what toJSON makes a list',
    'remember({ toJSON: () => [1] } as any)',
    /memory: it must be a plain object/,
  ),
  remembered(
    'memory-of-a-list',
    'gives a list of memories',
    '({ votes: null, memory: ["{}", "{}"] })',
    /memory: it is made by remember\(\)/,
  ),
  remembered(
    'memory-by-voter',
    'gives a memory for each voter',
    '({ votes: null, memory: { "plugin:forger": "{}", "plugin:nosy": "{\\"asked\\":1}" } })',
    /memory: it is made by remember\(\)/,
  ),
  remembered(
    'beside-its-vote',
    'has a memory beside its vote, for another',
    '({ action: "COMPENSATE", confidence: 0.2, memory: "{}", voter: "plugin:nosy" })',
    '{}',
  ),
  remembered(
    'deep-memory',
    'remembers two thousand brackets',
    '({ votes: null, memory: \'{"a":\' + "[".repeat(2_000) + "]".repeat(2_000) + "}" })',
    `{"a":${'['.repeat(2_000)}${']'.repeat(2_000)}}`,
  ),
  remembered('half-a-character', 'remembers half of a character', 'remember({ half: "\\ud800" })', '{"half":"\\ud800"}'),
]
