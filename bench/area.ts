// Area under the ROC curve, for scores that say how likely something is so.

/** How often a row that is so has the greater value than one that is not. `times`: how often each row counts. Half where none is so, or all are. */
export function areaUnder(values: ArrayLike<number>, isSo: readonly boolean[]): (times: ArrayLike<number>) => number {
  const order = Array.from({ length: values.length }, (_, i) => i).sort((a, b) => values[a]! - values[b]!) // places of the list, here and below
  return times => {
    let below = 0
    let pairs = 0
    let positive = 0
    for (let i = 0; i < order.length; ) {
      let [so, not] = [0, 0]
      const value = values[order[i]!]!
      for (; i < order.length && values[order[i]!] === value; i++) {
        const row = order[i]!
        if (isSo[row]) so += times[row]!
        else not += times[row]!
      }
      pairs += so * (below + not / 2)
      below += not
      positive += so
    }
    return positive === 0 || below === 0 ? 0.5 : pairs / positive / below
  }
}
