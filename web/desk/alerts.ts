// How the console makes itself heard while the agent looks elsewhere: the number waiting in the tab's title, a short sound, a notification. The last
// two are off until the agent turns them on.
import type { Shelf } from '../client/world.ts'
import type { DeskView } from './desk-client.ts'
import { unreadOf } from './watched.ts'

export type News = 'waiting' | 'message'

/** What there is to be heard of. */
export interface Noted {
  readonly waiting: ReadonlySet<string>
  /** Unread messages of each conversation that is mine. */
  readonly unread: ReadonlyMap<string, number>
}

/** Of a conversation that is catching up, what was noted before: its history is no news, and what came meanwhile is when it is all there. */
export function note(view: DeskView, before: Noted | undefined): Noted {
  const unread = view.groups.mine.flatMap(({ conversation }): [string, number][] => {
    const watched = view.watched.get(conversation)
    const count = watched?.stage === 'synced' ? unreadOf(watched) : before?.unread.get(conversation)
    return count === undefined ? [] : [[conversation, count]]
  })
  return { waiting: new Set(view.groups.waiting.map(({ conversation }) => conversation)), unread: new Map(unread) }
}

/** A conversation that became mine is no news; a message in it that came after is. */
export function newsBetween(before: Noted, now: Noted): News | undefined {
  for (const [conversation, count] of now.unread) if (count > (before.unread.get(conversation) ?? count)) return 'message'
  return [...now.waiting].some(conversation => !before.waiting.has(conversation)) ? 'waiting' : undefined
}

export interface Alerts {
  tell(news: News, words: string): void
  readonly hasSound: boolean
  readonly hasNotifications: boolean
  toggleSound(): void
  /** False where the browser refuses. */
  toggleNotifications(): Promise<boolean>
}

const SOUND_KEY = 'parley.desk.sound'
const NOTIFICATIONS_KEY = 'parley.desk.notifications'

export function createAlerts(settings: Shelf): Alerts {
  let hasSound = settings.read(SOUND_KEY) === 'on'
  let hasNotifications = settings.read(NOTIFICATIONS_KEY) === 'on' && isAllowed()
  let audio: AudioContext | undefined

  function beep(pitch: number): void {
    audio ??= new AudioContext()
    void audio.resume() // one that was made before the first press after a reload is asleep
    const from = audio.currentTime
    const tone = audio.createOscillator()
    const loudness = audio.createGain()
    tone.frequency.value = pitch
    loudness.gain.setValueAtTime(0.0001, from)
    loudness.gain.exponentialRampToValueAtTime(0.08, from + 0.02)
    loudness.gain.exponentialRampToValueAtTime(0.0001, from + 0.25)
    tone.connect(loudness).connect(audio.destination)
    tone.start(from)
    tone.stop(from + 0.26)
  }

  return {
    tell(news, words) {
      if (hasSound) beep(news === 'waiting' ? 660 : 880)
      // Nothing that a customer wrote: a notification is read by whoever looks at the screen.
      if (hasNotifications && document.visibilityState !== 'visible') new Notification(words, { tag: 'parley-desk' })
    },
    get hasSound() {
      return hasSound
    },
    get hasNotifications() {
      return hasNotifications
    },
    toggleSound() {
      hasSound = !hasSound
      settings.write(SOUND_KEY, hasSound ? 'on' : 'off')
      if (hasSound) beep(880) // the press allows the browser to make sounds, and the agent hears what it is like
    },
    async toggleNotifications() {
      const wanted = !hasNotifications
      hasNotifications = wanted && (isAllowed() || (await mayAsk()))
      settings.write(NOTIFICATIONS_KEY, hasNotifications ? 'on' : 'off')
      return hasNotifications === wanted
    },
  }
}

const isAllowed = (): boolean => 'Notification' in globalThis && Notification.permission === 'granted'

const mayAsk = async (): Promise<boolean> => 'Notification' in globalThis && (await Notification.requestPermission()) === 'granted'
