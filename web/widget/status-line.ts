// The line under the shop's name: with whom one talks, or that we are not connected and when the next attempt is. The words are a live region; the seconds that count down
// are not, or a screen reader would count aloud.
import type { ConnectionState } from '../client/connection.ts'
import type { Timeline } from '../client/timeline.ts'
import { element, setText } from './elements.ts'
import type { Strings } from './strings.ts'

/** With whom the customer talks, in words. Before the shop has said, it is the bot: a person's coming would have been told. */
export function withWhom(state: Timeline['state'], strings: Strings): string {
  switch (state?.with) {
    case 'queue':
      return strings.withQueue(state.position)
    case 'agent':
      return strings.withPerson(state.agent)
    default:
      return strings.withBot
  }
}

type ShowLine = (connection: ConnectionState, state: Timeline['state'], strings: Strings) => void

/** `monotonic`: the clock that `until` is on. */
export function createStatusLine(monotonic: () => number): ShowLine {
  const line = element('line', HTMLParagraphElement)
  const words = element('line-text', HTMLSpanElement)
  const countdown = element('line-countdown', HTMLSpanElement)
  let timer: ReturnType<typeof setInterval> | undefined

  return (connection, state, strings) => {
    clearInterval(timer)
    line.dataset.state = connection.name
    line.dataset.with = state?.with ?? 'bot'
    setText(countdown, '')
    switch (connection.name) {
      case 'connecting':
        return setText(words, strings.connecting)
      case 'connected':
        return setText(words, withWhom(state, strings))
      case 'stopped':
        return setText(words, strings.stopped[connection.reason])
      case 'waiting': {
        const count = (): void => setText(countdown, `· ${strings.again(Math.max(1, Math.ceil((connection.until - monotonic()) / 1_000)))}`)
        setText(words, strings.offline)
        count()
        timer = setInterval(count, 1_000)
      }
    }
  }
}
