import { isFault } from '@parley/core/faults.ts'

/** What is kept of a failure. Never the words of an error: they may quote what a customer wrote. */
export function reasonOf(error: unknown): string {
  if (isFault(error)) return error.code
  if (!(error instanceof Error)) return typeof error
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
