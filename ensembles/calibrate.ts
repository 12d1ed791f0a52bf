// What a voter's confidence is worth: a line through points that only rises, read off where votes and their outcomes were looked at.

/** A confidence and the share of votes with it that are right. */
export type Knot = readonly [confidence: number, right: number]

/** Between two knots on the line that joins them, outside as at the nearest. Without knots: as the voter says. */
export function calibrated(knots: readonly Knot[], confidence: number): number {
  const first = knots[0]
  if (!first) return confidence
  if (confidence <= first[0]) return first[1]
  for (let i = 1; i < knots.length; i++) {
    const [to, above] = knots[i]! // i is below the length
    if (confidence > to) continue
    const [from, below] = knots[i - 1]!
    return below + ((above - below) * (confidence - from)) / (to - from)
  }
  return knots.at(-1)![1] // there is a first
}
