// The manifest of a plugin, checked when it is loaded. The schema is the manual: each field says what it does, its default and its danger.
import { z } from 'zod'
import { GRANTS, type Grant } from './grants.ts'
import { SettingDeclaration } from './setting-values.ts'

/** Version of this SDK; a manifest's `sdk` must admit it. */
export const SDK_VERSION = '0.1.0'

/** Dispositions, not actions: whether to ask back or to call a person is the decision's, never a vote's. */
const UNVOTABLE = ['CLARIFY', 'HANDOFF']

export const Action = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]{0,63}$/, 'an action is upper case, digits and underscores: COMPENSATE')
  .refine(action => !UNVOTABLE.includes(action), 'CLARIFY and HANDOFF cannot be voted for')

const Semver = z.string().regex(/^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$/, 'a version is three numbers: 1.4.0')

export const PluginId = z
  .string()
  .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'an id is lower-case words joined by hyphens: fresh-goods')
  .max(64)

const EffectName = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'an effect is named in lower case, as in the catalogue: open-compensation')

const shared = {
  id: PluginId.describe('Names the plugin in votes, metrics and settings. Unique in the installation; never change it.'),
  version: Semver.describe(
    'Version of the plugin. What voted is named by it and by the hash of the code, so a forgotten increase cannot mislead.',
  ),
  sdk: z
    .string()
    .regex(/^[\^~]?\d+\.\d+\.\d+$/, 'a range is a version, with ^ or ~ before it or not: ^0.1.0')
    .refine(range => admits(range, SDK_VERSION), `this server has SDK ${SDK_VERSION}, outside of the range`)
    .describe('Versions of the SDK that the plugin was written for: ^0.1.0 takes every 0.1.x.'),
  languages: z
    .array(z.enum(['zh', 'en']))
    .min(1)
    .describe('Languages it understands; a turn in another one is not put to it.'),
  actions: z
    .union([z.literal('*'), z.array(Action).min(1).max(64)])
    .describe("The actions it may vote for, or '*' for all. A vote for another is dropped and counted: list what you mean."),
  asks: z
    .array(z.string().regex(/^[a-z][a-z0-9_]{0,63}$/, 'a slot is called as in the catalogue: order'))
    .max(64)
    .default([])
    .describe("Slots it may ask for with a vote. A slot of the winning action that is still empty is asked for, in the shop's own words."),
  grants: z
    .array(z.enum(Object.keys(GRANTS) as Grant[], 'there is no such grant')) // its own keys
    .refine(grants => new Set(grants).size === grants.length, 'a grant is listed twice')
    .default([])
    .describe('What the plugin may reach beyond the turn it is asked about, each listed below. No network and no file can be granted.'),
  queries: z
    .record(
      z.string().regex(/^[a-z][A-Za-z0-9_]{0,63}$/, 'a query is called by a small letter, then letters, digits and _: openOrders'),
      z.string(),
    )
    .refine(queries => Object.keys(queries).length <= 8, 'there are more than 8 queries')
    .default({})
    .describe(
      "What it may look up, by name: GraphQL, checked when the plugin is loaded against the schema of the shop's systems (docs/mesh.graphql is the demo shop's). Needs the grant `facts`.",
    ),
  sources: z
    .array(z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'a source is called as in the mesh of the shop: orders'))
    .max(32)
    .refine(sources => new Set(sources).size === sources.length, 'a source is listed twice')
    .default([])
    .describe(
      "The shop's systems that its queries and mutations ask, as its mesh calls them. Of those that are not listed it learns nothing and has nothing done in them.",
    ),
  effects: z
    .record(EffectName, z.strictObject({ undo: EffectName }))
    .refine(effects => Object.keys(effects).length <= 8, 'there are more than 8 effects')
    .refine(effects => {
      const names = [...Object.keys(effects), ...Object.values(effects).map(({ undo }) => undo)]
      return new Set(names).size === names.length
    }, 'a name stands for one effect, or for one undo')
    .default({})
    .describe(
      "What it does when an action was decided, by the effect's name in the shop's catalogue, with the name of what takes it back. Where the shop's source does the same, the plugin goes before it. Needs the grant `effects`.",
    ),
  mutations: z
    .record(
      z.string().regex(/^[a-z][A-Za-z0-9_]{0,63}$/, 'a mutation is called by a small letter, then letters, digits and _: openCase'),
      z.string(),
    )
    .refine(mutations => Object.keys(mutations).length <= 8, 'there are more than 8 mutations')
    .default({})
    .describe('What it may have done, by name: GraphQL of one field that gives plain values, checked when the plugin is loaded.'),
  defaultConfidence: z.number().gt(0).max(1).default(0.9).describe('Confidence of a vote that gives none.'),
  settings: z
    .record(
      z.string().regex(/^[a-z][A-Za-z0-9_]{0,63}$/, 'a setting is called by a small letter, then letters, digits and _: minConfidence'),
      SettingDeclaration,
    )
    .refine(settings => Object.keys(settings).length <= 32, 'there are more than 32 settings')
    .default({})
    .describe("What a shop may set, each with type, about and default. The values stand in parley.yaml, under the shop's pluginSettings."),
}

const limits = (memoryMb: number) =>
  z
    .strictObject({
      timeoutMs: z
        .int()
        .min(1)
        .max(1_000)
        .default(50)
        .describe("Milliseconds for one turn. A turn's decision does not wait longer than the server's own deadline for voters."),
      memoryMb: z
        .int()
        .min(8)
        .max(512)
        .default(memoryMb)
        .describe(
          'Megabytes. A plugin that takes more is stopped together with its process, and off for ten minutes after three times within an hour.',
        ),
      startMs: z
        .int()
        .min(1)
        .max(5_000)
        .default(500)
        .describe('Milliseconds for `onStart`, before the first turn of each sandbox. A plugin that takes longer cannot be loaded.'),
    })
    .prefault({})

const TypescriptManifest = z.strictObject({ ...shared, runtime: z.literal('typescript'), limits: limits(32) })

const PythonManifest = z.strictObject({
  ...shared,
  runtime: z.literal('python'),
  limits: limits(256),
  module: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a module is a file beside plugin.yaml, without .py')
    .describe('The Python file, without its ending.'),
  class: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
    .describe('The class in it: made once, without arguments; it has `process(self, text)` or `on_turn(self, turn, settings)`.'),
})

export const Manifest = z
  .discriminatedUnion('runtime', [TypescriptManifest, PythonManifest])
  .superRefine(({ grants, queries, effects, mutations }, context) => {
    if (Object.keys(queries).length > 0 && !grants.includes('facts'))
      context.addIssue({ code: 'custom', path: ['queries'], message: 'looking something up needs the grant "facts": list it under grants' })
    if (Object.keys(effects).length > 0 && !grants.includes('effects'))
      context.addIssue({
        code: 'custom',
        path: ['effects'],
        message: 'having something done needs the grant "effects": list it under grants',
      })
    if (Object.keys(mutations).length > 0 && Object.keys(effects).length === 0)
      context.addIssue({ code: 'custom', path: ['mutations'], message: 'what is done is done for an effect: list it under effects' })
  })
/** A manifest that was checked, with its defaults filled in. */
export type Manifest = z.infer<typeof Manifest>
export type Runtime = Manifest['runtime']

/** `^` keeps everything up to the first number that is not zero, `~` the first two, neither all three. */
function admits(range: string, version: string): boolean {
  const wanted = range
    .replace(/^[\^~]/, '')
    .split('.')
    .map(Number)
  const given = version.split('.').map(Number)
  const firstNonZero = wanted.findIndex(part => part > 0)
  const kept = range.startsWith('~') ? 2 : range.startsWith('^') && firstNonZero >= 0 ? firstNonZero + 1 : 3
  const differs = wanted.findIndex((part, at) => part !== given[at])
  return differs < 0 || (differs >= kept && given[differs]! > wanted[differs]!)
}
