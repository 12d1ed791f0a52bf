// Checks what a shop has set of a plugin against the schema in the plugin's manifest, and fills the defaults in. The host's half: it uses zod.
import { z } from 'zod'

/** What reaches the plugin: every setting of the schema, and no other. */
export type SettingValues = Readonly<Record<string, string | number | boolean | readonly string[]>>

const Text = z.string().max(2_000)
const Texts = z.array(Text).max(1_000)
const about = z.string().min(1).max(500)

const Declaration = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('string'), about, default: Text.optional(), options: z.array(Text).min(1).max(64).optional() }),
  z.strictObject({
    type: z.literal('number'),
    about,
    default: z.number().optional(),
    min: z.number().optional(),
    max: z.number().optional(),
  }),
  z.strictObject({ type: z.literal('boolean'), about, default: z.boolean().optional() }),
  z.strictObject({ type: z.literal('strings'), about, default: Texts.optional() }),
])
type Declaration = z.infer<typeof Declaration>

/** One setting as a manifest declares it (settings.ts has the types for authors); its default must be a value that it would take. */
export const SettingDeclaration = Declaration.superRefine((declared, context) => {
  if (declared.default === undefined) return
  const checked = schemaOf(declared).safeParse(declared.default)
  if (!checked.success) context.addIssue({ code: 'custom', path: ['default'], message: checked.error.issues[0]!.message }) // it has failed
})

function schemaOf(schema: Declaration): z.ZodType<SettingValues[string]> {
  switch (schema.type) {
    case 'string':
      return schema.options ? z.enum(schema.options) : Text
    case 'number':
      return z
        .number()
        .min(schema.min ?? Number.NEGATIVE_INFINITY)
        .max(schema.max ?? Number.POSITIVE_INFINITY)
    case 'boolean':
      return z.boolean()
    case 'strings':
      return Texts
  }
}

export type CheckedSettings =
  | { readonly isGood: true; readonly values: SettingValues }
  /** `name`: the setting that is wrong; `reason` says what it must be. */
  | { readonly isGood: false; readonly name: string; readonly reason: string }

export function checkSettings(schema: Readonly<Record<string, Declaration>>, given: Readonly<Record<string, unknown>>): CheckedSettings {
  const stranger = Object.keys(given).find(name => !Object.hasOwn(schema, name))
  if (stranger !== undefined) {
    const names = Object.keys(schema)
    const known = names.length > 0 ? `it has ${names.join(', ')}` : 'it has no settings'
    return { isGood: false, name: stranger, reason: `the plugin has no such setting; ${known}` }
  }
  const values: Record<string, SettingValues[string]> = {}
  for (const [name, declared] of Object.entries(schema)) {
    const value = (Object.hasOwn(given, name) ? given[name] : undefined) ?? declared.default // a setting may be called toString
    if (value === undefined) return { isGood: false, name, reason: `it has no default, so the shop must set it: ${declared.about}` }
    const checked = schemaOf(declared).safeParse(value)
    if (!checked.success) return { isGood: false, name, reason: `${checked.error.issues[0]?.message}; it is ${JSON.stringify(value)}` }
    values[name] = checked.data
  }
  return { isGood: true, values }
}
