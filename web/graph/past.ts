// What this tab has asked, the newest first: in the tab's own storage, since queries have ids of people in them, and gone with the tab.
import type { Question } from './server.ts'

export interface Past {
  readonly all: readonly Question[]
  keep(question: Question): void
  clear(): void
}

const KEY = 'parley.graph.past'
const MOST = 30

export function createPast(storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>): Past {
  let all: readonly Question[] = read()

  function read(): readonly Question[] {
    try {
      const kept: unknown = JSON.parse(storage.getItem(KEY) ?? '[]')
      return Array.isArray(kept) ? (kept as Question[]) : [] // what this page has written
    } catch {
      return []
    }
  }
  const write = (): void => {
    try {
      storage.setItem(KEY, JSON.stringify(all))
    } catch {
      // Full, or not allowed: it lasts as long as the page.
    }
  }

  return {
    get all() {
      return all
    },
    keep(question) {
      const text = JSON.stringify(question)
      all = [question, ...all.filter(each => JSON.stringify(each) !== text)].slice(0, MOST)
      write()
    },
    clear() {
      all = []
      storage.removeItem(KEY)
    },
  }
}
