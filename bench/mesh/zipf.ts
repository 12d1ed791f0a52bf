// Zipf's law: the r-th is asked for 1/r as often as the first.

/** So many draws of the ids, the first of which is the most frequent. */
export function zipfIds(ids: readonly string[], count: number, random: () => number): readonly string[] {
  const up: number[] = []
  let sum = 0
  for (const [i] of ids.entries()) {
    sum += 1 / (i + 1)
    up.push(sum)
  }
  return Array.from({ length: count }, () => {
    const at = random() * sum
    let [low, high] = [0, up.length - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if (up[middle]! > at)
        high = middle // within
      else low = middle + 1
    }
    return ids[low]! // within
  })
}
