// A credential of a source. It stands in the environment or in a file and nowhere else, so that a mesh's file can be shown to anybody.
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { Means } from './kind.ts'

/** Read anew with `isAgain`, after it was not taken. Undefined: there is none. */
export type Credential = (isAgain: boolean) => string | undefined

export const CREDENTIAL_SETTINGS = {
  tokenEnv: z.string().optional().describe('Environment variable with its token.'),
  tokenFile: z.string().optional().describe('File with that token; read again when the source does not take it any more.'),
}

interface CredentialSettings {
  readonly tokenEnv?: string | undefined
  readonly tokenFile?: string | undefined
}

export function credentialRules({ tokenEnv, tokenFile }: CredentialSettings, context: z.RefinementCtx): void {
  if (tokenEnv !== undefined && tokenFile !== undefined)
    context.addIssue({ code: 'custom', path: ['tokenFile'], message: 'give either tokenEnv or tokenFile' })
}

/** Throws where the file cannot be read. */
export function credentialOf({ tokenEnv, tokenFile }: CredentialSettings, { environment, besides, instead }: Means): Credential {
  if (instead) return () => instead.token
  if (tokenEnv !== undefined) return () => environment[tokenEnv] || undefined
  if (tokenFile === undefined) return () => undefined
  const read = (): string => readFileSync(besides(tokenFile), 'utf8').trim()
  let token = read()
  return isAgain => {
    if (isAgain)
      try {
        token = read()
      } catch {
        // The file is being replaced, perhaps: the token that there was is not taken, which is what the caller is told.
      }
    return token
  }
}
