// Steps of a projected Newton descent: what is at a bound and would leave it stays there, the others move together.

/** The step for the free ones of `count` numbers: the solution of hessian · step = slope. Null for those that are held. */
export function newtonStep(hessian: Float64Array, slope: Float64Array, isHeld: (i: number) => boolean): Float64Array {
  const count = slope.length
  const free = Array.from({ length: count }, (_, i) => i).filter(i => !isHeld(i))
  const size = free.length
  // Cholesky: lower · lowerᵀ. A ridge keeps it whole where two voters say the same.
  const lower = new Float64Array(size * size)
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++) {
      let sum = hessian[free[i]! * count + free[j]!]! + (i === j ? 1e-9 : 0) // both are below the count
      for (let k = 0; k < j; k++) sum -= lower[i * size + k]! * lower[j * size + k]!
      lower[i * size + j] = i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / lower[j * size + j]!
    }
  const solved = new Float64Array(size)
  for (let i = 0; i < size; i++) {
    let sum = slope[free[i]!]!
    for (let k = 0; k < i; k++) sum -= lower[i * size + k]! * solved[k]!
    solved[i] = sum / lower[i * size + i]!
  }
  for (let i = size - 1; i >= 0; i--) {
    let sum = solved[i]!
    for (let k = i + 1; k < size; k++) sum -= lower[k * size + i]! * solved[k]!
    solved[i] = sum / lower[i * size + i]!
  }
  const step = new Float64Array(count)
  for (let i = 0; i < size; i++) step[free[i]!] = solved[i]!
  return step
}

export interface Bounds {
  readonly least: number
  readonly most: number
}

/** Goes down `loss` from `from` along `step`, within the bounds, as far as it helps; undefined where it helps nowhere. */
export function goDown(
  from: Float64Array,
  step: Float64Array,
  boundsOf: (i: number) => Bounds,
  loss: (at: Float64Array) => number,
  before: number,
): { readonly at: Float64Array; readonly loss: number } | undefined {
  for (let share = 1; share > 1e-3; share /= 2) {
    const at = from.map((value, i) => {
      const { least, most } = boundsOf(i)
      return Math.min(most, Math.max(least, value - share * step[i]!)) // a step each
    })
    const now = loss(at)
    if (now < before) return { at, loss: now }
  }
  return undefined
}
