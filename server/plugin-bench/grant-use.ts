// Which grants a plugin declares and shows no sign of using. Read off its code and not off a run: a run sees the branches that it takes.
import type { Grant } from '@parley/plugin-sdk/grants.ts'
import type { LoadedPlugin } from '../plugin-host/load-plugin.ts'

/** What must stand in the code of whoever uses it, in TypeScript or Python. Too much rather than too little: nobody is to be told to drop what they need. */
const SIGNS: Readonly<Record<Grant, RegExp>> = {
  clock: /\b(?:clock|Date|datetime|time)\b/,
  randomness: /\b(?:randomness|random|uuid|secrets)\b/,
  memory: /\b(?:memory|remember)\b/,
  facts: /\bfacts\b/,
  effects: /\b(?:onAction|on_action)\b/,
}

export function unusedGrants({ manifest, guest }: LoadedPlugin): readonly Grant[] {
  const code = guest.code.replaceAll(/grants:\s*\[[^\]]*\]/g, '') // a TypeScript plugin's manifest is a part of its code
  return manifest.grants.filter(grant => !SIGNS[grant].test(code))
}
