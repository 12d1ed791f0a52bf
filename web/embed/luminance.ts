// How bright a colour is, and which text can be read on it. Written without the methods of arrays: on a shop's page they may be somebody else's.

/** Of `#rrggbb`: 0 (black) to 1 (white), as WCAG 2.2 reckons. */
export const luminance = (color: string): number => 0.2126 * channel(color, 1) + 0.7152 * channel(color, 3) + 0.0722 * channel(color, 5)

/** Black or white, whichever stands out more: 4.5:1 at least. */
export const textOn = (color: string): '#000000' | '#ffffff' => (luminance(color) > 0.179 ? '#000000' : '#ffffff')

function channel(color: string, at: number): number {
  const part = Number.parseInt(color.slice(at, at + 2), 16) / 255
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
}
