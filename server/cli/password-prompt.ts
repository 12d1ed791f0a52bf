// Asking a person for a password without showing it, and a script for one on its standard input.
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'

/** The first line of what is piped in, whole: a password may have spaces at its ends. */
export async function passwordFromInput(): Promise<string> {
  return (await text(process.stdin)).split(/\r?\n/, 1)[0] ?? ''
}

/** Asks twice, on the terminal. Undefined when the person leaves (Ctrl-C, Ctrl-D) or the two are not alike; the person has been told. */
export async function askForPassword(who: string): Promise<string | undefined> {
  const [first, second] = await askUnseen([`Password for ${who}: `, 'Once more: '])
  if (first === undefined || second === undefined) return undefined
  if (first === second) return first
  process.stderr.write('The two are not alike.\n')
  return undefined
}

/** The answers to the questions, in order; fewer where the person left. */
export function askUnseen(questions: readonly string[]): Promise<readonly string[]> {
  // Line editing needs an output; one that swallows everything shows nothing of what is typed.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  return ask(questions, nowhere, '\n')
}

/** As `askUnseen`, seen. */
export const askSeen = (question: string): Promise<readonly string[]> => ask([question], process.stderr, '')

function ask(questions: readonly string[], output: NodeJS.WritableStream, afterAnswer: string): Promise<readonly string[]> {
  const terminal = createInterface({ input: process.stdin, output, terminal: true, historySize: 0 })
  const answers: string[] = []
  return new Promise(resolve => {
    const next = (): void => void process.stderr.write(questions[answers.length] ?? '')
    terminal.on('line', line => {
      answers.push(line)
      process.stderr.write(afterAnswer)
      if (answers.length < questions.length) next()
      else terminal.close()
    })
    terminal.on('SIGINT', () => terminal.close())
    terminal.on('close', () => {
      if (answers.length < questions.length) process.stderr.write('\n')
      resolve(answers)
    })
    next()
  })
}
