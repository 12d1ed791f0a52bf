// A shop's own colour, made readable: moved towards black on a light ground and towards white on a dark one until text in it can be read.
import { luminance } from '../embed/luminance.ts'

/** The grounds that accented text stands on, of widget.css. */
const GROUNDS = { light: '#dcebe5', dark: '#222b28' } as const
/** A little more than the 4.5 of WCAG 2.2 AA. */
const LEAST_CONTRAST = 4.6
const STEP = 0.06

/** `color` is `#rrggbb`. */
export function readableAccent(color: string, scheme: 'light' | 'dark'): string {
  const end = scheme === 'light' ? 0 : 255
  let accent = color
  // Ends: each step moves every channel that is not at the end yet, and at the end the contrast is far above the least.
  while (contrastOf(accent, GROUNDS[scheme]) < LEAST_CONTRAST) accent = towards(accent, end)
  return accent
}

/** 1 (the same) to 21 (black on white). */
export function contrastOf(a: string, b: string): number {
  const [x, y] = [luminance(a), luminance(b)]
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05)
}

function towards(color: string, end: 0 | 255): string {
  const channels = [1, 3, 5].map(at => {
    const channel = Number.parseInt(color.slice(at, at + 2), 16)
    // Rounded the way of the step, so that the last one is not too small to be made.
    return end === 0 ? Math.floor(channel * (1 - STEP)) : Math.ceil(channel + (255 - channel) * STEP)
  })
  return `#${channels.map(channel => channel.toString(16).padStart(2, '0')).join('')}`
}
