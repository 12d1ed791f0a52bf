// Finds the temperature at which a model is as sure as it is right: the one under which the true classes are likeliest.
export interface Labelled {
  readonly logits: Float64Array
  /** Index of the true class. */
  readonly label: number
}

const LOWEST = Math.log(0.2)
const HIGHEST = Math.log(5)
const GOLDEN = (Math.sqrt(5) - 1) / 2

/** Golden-section search over the logarithm of the temperature, in which the loss has one valley. 1 where there are no rows. */
export function fitTemperature(rows: readonly Labelled[]): number {
  if (rows.length === 0) return 1
  const loss = (ln: number): number => logLoss(rows, Math.exp(ln))
  let low = LOWEST
  let high = HIGHEST
  let a = high - GOLDEN * (high - low)
  let b = low + GOLDEN * (high - low)
  let lossA = loss(a)
  let lossB = loss(b)
  while (high - low > 1e-4) {
    if (lossA < lossB) {
      high = b
      b = a
      lossB = lossA
      a = high - GOLDEN * (high - low)
      lossA = loss(a)
    } else {
      low = a
      a = b
      lossA = lossB
      b = low + GOLDEN * (high - low)
      lossB = loss(b)
    }
  }
  return Math.round(Math.exp((low + high) / 2) * 1_000) / 1_000
}

/** Mean of −ln P(true class), in nats. */
export function logLoss(rows: readonly Labelled[], temperature: number): number {
  let sum = 0
  for (const row of rows) sum -= Math.log(Math.max(1e-12, truthIn(row, temperature)))
  return sum / rows.length
}

/** P(true class), as `probabilitiesOf` has it, without the others: a temperature is tried on every row some twenty times. */
function truthIn({ logits, label }: Labelled, temperature: number): number {
  let top = Number.NEGATIVE_INFINITY
  for (let c = 0; c < logits.length; c++) if (logits[c]! > top) top = logits[c]! // in range, here and below
  let total = 0
  for (let c = 0; c < logits.length; c++) total += Math.exp((logits[c]! - top) / temperature)
  return Math.exp((logits[label]! - top) / temperature) / total // a class of the model
}
