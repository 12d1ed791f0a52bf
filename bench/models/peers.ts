// Who takes part: our model and its peers, each with the program that plays it and what that program needs of the machine.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { NODE_FLAGS } from '../../test/e2e/running-server.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

const NODE_NLP = 'node-nlp@4.27.0'
export const NODE_NLP_FOLDER = here('../../.cache/bench-models')
/** Debian's interpreter, which sees Debian's packages whatever other Python there is. */
const PYTHON = '/usr/bin/python3'

export interface Contender {
  readonly title: string
  /** The command, to which the phase and the folder are added. */
  readonly command: readonly string[]
  /** Brings what is needed where that can be done; what is missing where it cannot. */
  prepare(): string | undefined
}

const node = (file: string): readonly string[] => [process.execPath, ...NODE_FLAGS, here(file)]

export const CONTENDERS = {
  parley: { title: 'Parley', command: node('ours.ts'), prepare: () => undefined },
  'parley-encoder': { title: 'Parley on an encoder', command: node('on-encoder.ts'), prepare: encoderMissing },
  'parley-blend': { title: 'Parley on an encoder and sub-words', command: [...node('on-encoder.ts'), 'blend'], prepare: encoderMissing },
  'svm-char': {
    title: 'SVM on characters',
    command: [PYTHON, here('svm.py'), 'char'],
    prepare: () => debian('python3-sklearn', hasSklearn),
  },
  'svm-word-char': {
    title: 'SVM on words and characters',
    command: [PYTHON, here('svm.py'), 'word-char'],
    prepare: () => debian('python3-sklearn', hasSklearn),
  },
  fasttext: { title: 'fastText', command: node('fasttext.ts'), prepare: () => debian('fasttext', () => runs('fasttext', ['-h'], 1)) },
  'node-nlp': { title: NODE_NLP.replace('@', ' '), command: node('node-nlp.ts'), prepare: bringNodeNlp },
} as const satisfies Readonly<Record<string, Contender>>

export type ContenderName = keyof typeof CONTENDERS

const runs = (command: string, args: readonly string[], status = 0): boolean =>
  spawnSync(command, args, { stdio: 'ignore' }).status === status
const hasSklearn = (): boolean => runs(PYTHON, ['-c', 'import sklearn'])

/** `PARLEY_ENCODER` names the folder of one; `PARLEY_ENCODER_AS` what the folder does not say, as JSON. */
function encoderMissing(): string | undefined {
  return process.env.PARLEY_ENCODER ? undefined : 'PARLEY_ENCODER names no folder of a sentence encoder'
}

function debian(name: string, isThere: () => boolean): string | undefined {
  if (isThere()) return undefined
  if (process.getuid?.() === 0 && runs('apt-get', ['install', '-y', '-q', name]) && isThere()) return undefined
  return `it needs the Debian package ${name} (apt-get install ${name})`
}

function bringNodeNlp(): string | undefined {
  if (existsSync(join(NODE_NLP_FOLDER, 'node_modules/node-nlp'))) return undefined
  mkdirSync(NODE_NLP_FOLDER, { recursive: true })
  try {
    execFileSync('npm', ['install', '--prefix', NODE_NLP_FOLDER, '--ignore-scripts', '--no-audit', '--no-fund', NODE_NLP], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    return undefined
  } catch {
    return `npm could not install ${NODE_NLP}`
  }
}
