// What is wrong with a pack, and where. `readPack` stops at the first fault, since a shop cannot start with it; here all are gathered.

export interface Problem {
  /** An error must be mended; a warning is for a person to judge. */
  readonly severity: 'error' | 'warning'
  /** Inside the pack's folder: `phrases/en.yaml`. */
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly reason: string
}

export type Report = (problem: Problem) => void
