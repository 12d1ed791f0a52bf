// What an operator may set of a plugin, declared in its manifest. Plain data and types: the check of the values is the host's half
// (setting-values.ts), so that no library comes into the sandbox.

interface Described {
  /** What it does and what to mind, for the operator who sets it: at most 500 characters. */
  readonly about: string
}

/** One setting. Without a `default` every shop that uses the plugin must give it. */
export type SettingSchema =
  /** Text; with `options` one of these. */
  | (Described & { readonly type: 'string'; readonly default?: string; readonly options?: readonly string[] })
  /** A finite number, from `min` to `max` where they are given. */
  | (Described & { readonly type: 'number'; readonly default?: number; readonly min?: number; readonly max?: number })
  | (Described & { readonly type: 'boolean'; readonly default?: boolean })
  /** A list of texts, such as words to look for. */
  | (Described & { readonly type: 'strings'; readonly default?: readonly string[] })

/** Settings by name: a small letter, then letters, digits and `_`; at most 32. */
export type SettingsSchema = Readonly<Record<string, SettingSchema>>

/** What a value of one setting is, in the plugin's hands. */
export type SettingValue<S extends SettingSchema> = S extends { readonly type: 'string'; readonly options: readonly (infer O)[] }
  ? O
  : S extends { readonly type: 'string' }
    ? string
    : S extends { readonly type: 'number' }
      ? number
      : S extends { readonly type: 'boolean' }
        ? boolean
        : readonly string[]
