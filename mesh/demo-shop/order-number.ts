// Order numbers as customers write them. What is found is only ever looked up among the customer's own orders, so reading loosely gives nothing away.

/** Hyphens, dashes and minus signs that keyboards and input methods put between the year and the number. */
const DASH = '[-\\u2010-\\u2015\\u2212\\u30fc]'
const NUMBER = new RegExp(`(?<!\\d)(20\\d\\d)\\s*(?:${DASH}\\s*)?(\\d{1,5})(?!\\d)`, 'u')

/** `2024-881` for `２０２４－８８１`, `2024881`, `#2024 - 881` and `order 2024-881`; undefined where there is no such number. */
export function readOrderNumber(text: string): string | undefined {
  const [, year, number] = NUMBER.exec(text.normalize('NFKC')) ?? []
  return year && number && `${year}-${Number(number)}`
}

/** `CP-1007` for the case of that id. */
export const caseNumber = (id: number): string => `CP-${id}`
