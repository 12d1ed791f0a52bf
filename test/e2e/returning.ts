// What a test and a benchmark do with a process of returning clients (`returning-clients.ts`): gather them, have each miss a turn, let them come back.
import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import type { Order, Report, Returned } from './returning-clients.ts'
import { joinConversation, NODE_FLAGS, type Visitor } from './running-server.ts'

export interface Gathering {
  /** Connects all for the first time; gives the seq of each. */
  open(url: string): Promise<readonly number[]>
  cut(): Promise<void>
  comeBack(url: string, ends: readonly number[]): Promise<Returned>
  close(): void
}

export function gather(visitors: readonly Visitor[]): Gathering {
  const child = fork(join(import.meta.dirname, 'returning-clients.ts'), { execArgv: NODE_FLAGS })
  return {
    open: async url => (await ask(child, { type: 'open', url, visitors }, 'opened')).ends,
    cut: async () => void (await ask(child, { type: 'cut' }, 'cut')),
    comeBack: (url, ends) => ask(child, { type: 'return', url, ends }, 'returned'),
    close: () => void child.kill('SIGKILL'),
  }
}

const ask = <T extends Report['type']>(child: ChildProcess, order: Order, answer: T): Promise<Extract<Report, { type: T }>> =>
  new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`the clients' process ended with ${code}`))
    child.once('exit', ended)
    child.once('message', (report: Report) => {
      child.off('exit', ended)
      if (report.type === answer)
        resolve(report as Extract<Report, { type: T }>) // the type was compared
      else reject(new Error(`${report.type} was answered in place of ${answer}`))
    })
    child.send(order)
  })

/** Conversations at a time in which a turn is missed. */
const AT_ONCE = 32

/** In each conversation somebody else on another device says something and is answered. Gives the seq of each after it. */
export async function missATurn(url: string, visitors: readonly Visitor[], ends: readonly number[]): Promise<readonly number[]> {
  const after: number[] = []
  let next = 0
  const epoch = await epochOf(url, visitors)
  const work = async (): Promise<void> => {
    for (let i = next++; i < visitors.length; i = next++) {
      const line = await joinConversation(url, visitors[i]!, { epoch, seq: ends[i] ?? 0 }) // i is within
      await line.next('state')
      line.send({ type: 'say', ref: `missed-${ends[i]}`, text: 'hello' })
      const frame = await line.next('events', ({ events }) => events.some(event => event.type === 'reply'))
      after[i] = frame.upTo
      line.socket.terminate()
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return after
}

async function epochOf(url: string, visitors: readonly Visitor[]): Promise<string> {
  const line = await joinConversation(url, visitors[0]!) // there is one
  const { epoch } = await line.next('welcome')
  line.socket.terminate()
  return epoch
}

/** Conversations that the server has read from its log so far. */
export async function logReads(url: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text()
  return Number(/^parley_log_reads_total (\d+)$/m.exec(metrics)?.[1])
}
