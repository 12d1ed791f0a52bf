// The line under the shop's name: whether the console is connected, and when the next attempt is. The words are a live region; the seconds that
// count down are not, or a screen reader would count aloud.
import type { ConnectionState } from '../client/connection.ts'
import { element, setText } from '../widget/elements.ts'
import type { Strings } from './strings.ts'

/** `monotonic`: the clock that `until` is on. */
export function createStatusLine(monotonic: () => number): (state: ConnectionState, strings: Strings) => void {
  const line = element('line', HTMLParagraphElement)
  const words = element('line-text', HTMLSpanElement)
  const countdown = element('line-countdown', HTMLSpanElement)
  let timer: ReturnType<typeof setInterval> | undefined

  return (state, strings) => {
    clearInterval(timer)
    line.dataset.state = state.name
    if (state.name !== 'waiting') {
      setText(countdown, '')
      const stopped = state.name === 'stopped' && state.reason === 'outdated' ? strings.outdated : strings.stopped
      return setText(words, state.name === 'stopped' ? stopped : strings[state.name])
    }
    const count = (): void => setText(countdown, `· ${strings.again(Math.max(1, Math.ceil((state.until - monotonic()) / 1_000)))}`)
    setText(words, strings.offline)
    count()
    timer = setInterval(count, 1_000)
  }
}
