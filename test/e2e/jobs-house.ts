// What tests of the queue of a real server have in common: its command, and a visitor's words.
import assert from 'node:assert/strict'
import type { Job } from '@parley/core/ports/jobs.ts'
import { type Outcome, parley } from './parley-command.ts'
import { type Line, type RunningServer, textOf } from './running-server.ts'

let refs = 0
export const say = async (line: Line, text: string, answer: RegExp): Promise<void> => {
  line.send({ type: 'say', ref: `m${refs++}`, text })
  await line.next('events', frame => frame.events.some(event => event.type !== 'message' && answer.test(textOf(event))))
}

export const commandFor =
  (server: RunningServer, data: string) =>
  (...args: string[]): Promise<Outcome> =>
    parley(['jobs', ...args, '--url', server.url], { env: { PARLEY_DATA: data } })
export type Command = ReturnType<typeof commandFor>
export const listed = async (jobs: Command, ...args: string[]): Promise<Job[]> => {
  const { status, stdout, stderr } = await jobs('list', '--json', ...args)
  assert.equal(status, 0, stderr)
  return JSON.parse(stdout) as Job[] // our own command's output
}
