// What the tests need to read of a Dockerfile: the instructions of its last stage. Only the forms that ours uses are known; any other is an Error,
// so that a new instruction is not passed over in silence.
import { readFileSync } from 'node:fs'

export interface LastStage {
  readonly from: string
  readonly env: Readonly<Record<string, string>>
  readonly user: string
  readonly volumes: readonly string[]
  readonly port: string
  readonly stopSignal: string
  readonly labels: string
  readonly healthcheck: { readonly options: string; readonly command: readonly string[] }
  readonly entrypoint: readonly string[]
  readonly cmd: readonly string[]
}

/** Instruction and its arguments, comments gone and continued lines joined. */
export function readInstructions(file: string): readonly (readonly [name: string, rest: string])[] {
  return readFileSync(file, 'utf8')
    .replace(/^\s*#.*\n/gm, '')
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .filter(line => line.trim() !== '')
    .map(line => {
      const [, name, rest] = /^([A-Z]+) (.+)$/.exec(line) ?? []
      if (name === undefined || rest === undefined) throw new Error(`${file}: not an instruction: ${line}`)
      return [name, rest.trim()] as const
    })
}

export function readLastStage(file: string): LastStage {
  const all = readInstructions(file)
  const last = all.slice(all.findLastIndex(([name]) => name === 'FROM'))
  const known = 'FROM LABEL WORKDIR COPY ENV USER VOLUME EXPOSE STOPSIGNAL HEALTHCHECK ENTRYPOINT CMD'.split(' ')
  const strange = last.find(([name]) => !known.includes(name))
  if (strange) throw new Error(`${file}: ${strange[0]} is not known here`)
  const every = (wanted: string): readonly string[] => last.filter(([name]) => name === wanted).map(([, rest]) => rest)
  const one = (wanted: string): string => {
    const [found, ...more] = every(wanted)
    if (found === undefined || more.length > 0) throw new Error(`${file}: ${wanted} must stand there once`)
    return found
  }
  const [options = '', command = ''] = one('HEALTHCHECK').split(/ ?CMD /)
  return {
    from: one('FROM'),
    env: Object.fromEntries(every('ENV').map(text => text.split('=', 2) as [string, string])), // `NAME=value`, one a line
    user: one('USER'),
    volumes: words(one('VOLUME')),
    port: one('EXPOSE'),
    stopSignal: one('STOPSIGNAL'),
    labels: one('LABEL'),
    healthcheck: { options, command: words(command) },
    entrypoint: words(one('ENTRYPOINT')),
    cmd: words(one('CMD')),
  }
}

/** The exec form. A shell form is no JSON and throws: signals would reach a shell. */
function words(json: string): readonly string[] {
  const value: unknown = JSON.parse(json)
  if (!Array.isArray(value) || !value.every(word => typeof word === 'string')) throw new Error(`not a list of words: ${json}`)
  return value
}
