// How far a piece of work of several stages has come, as one number: each stage is given its share of the time beforehand.
import type { Progress } from '../doctor.ts'

/** What a bar is told of: this many parts are the whole. So few that no time is told from the first moments alone. */
const WHOLE = 200

export interface Stages<S extends string> {
  /** The progress of a stage; those before it have ended. */
  in(stage: S): Progress
}

export function createStages<S extends string>(shares: Readonly<Record<S, number>>, progress: Progress = () => {}): Stages<S> {
  const names = Object.keys(shares) as S[] // in the order in which they are written
  const sum = names.reduce((all, name) => all + shares[name], 0)
  return {
    in(stage) {
      const before = names.slice(0, names.indexOf(stage)).reduce((all, name) => all + shares[name], 0)
      return (done, total) => {
        const share = total === 0 ? 1 : Math.min(1, done / total)
        progress(Math.floor(((before + share * shares[stage]) / sum) * WHOLE), WHOLE)
      }
    },
  }
}
