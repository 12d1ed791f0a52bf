// Where a match may begin and end. A phrase of letters is found as whole words: `port` does not stand in `report`. Scripts without blanks have
// no such edges: a phrase of Han characters is found anywhere.

/** True when a word of a script with spaces goes on across `at`, in text that `normaliseText` gave. */
export const cutsWord = (text: string, at: number): boolean =>
  at > 0 && at < text.length && isWordUnit(text.charCodeAt(at - 1)) && isWordUnit(text.charCodeAt(at))

const isWordUnit = (unit: number): boolean =>
  (unit >= 0x61 && unit <= 0x7a) || (unit >= 0x30 && unit <= 0x39) || (unit >= 0xdf && unit <= 0x52f && unit !== 0xf7)
