// The peer fastText, Debian's program: words, pairs of them and parts of words; Chinese, which it cannot cut, character by character.
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { answerAll, answerFrom, commandLine, readRows, writeTrained } from './contender.ts'
import { OOS } from './data-sets.ts'

const PREFIX = '__label__'
const { phase, folder, task } = commandLine()
const model = join(folder, 'model')
const labels = [...new Set(readRows(folder, 'train').map(({ label }) => label))].sort()

const line = (text: string): string => {
  const plain = text.toLowerCase().replace(/\s+/g, ' ').replaceAll(PREFIX, '')
  return (task.language === 'zh' ? plain.replace(/\p{Script=Han}/gu, ' $& ') : plain.replace(/[^\p{L}\p{N}' ]/gu, ' $& ')).trim()
}

if (phase === 'train') {
  mkdirSync(model, { recursive: true })
  const learned = join(folder, 'fasttext.txt')
  writeFileSync(
    learned,
    readRows(folder, 'train')
      .map(({ text, label }) => `${PREFIX}${labels.indexOf(label)} ${line(text)}\n`)
      .join(''),
  )
  const parts = task.language === 'zh' ? ['-wordNgrams', '3'] : ['-wordNgrams', '2', '-minn', '2', '-maxn', '5']
  const settings = [
    '-epoch',
    task.isFewShot ? '200' : '25',
    '-lr',
    '0.5',
    '-dim',
    '100',
    '-bucket',
    '200000',
    '-loss',
    'softmax',
    '-thread',
    '1',
  ]
  execFileSync('fasttext', ['supervised', '-input', learned, '-output', join(model, 'model'), ...parts, ...settings], { stdio: 'ignore' })
  rmSync(join(model, 'model.vec'))
  writeTrained(folder, { trainSeconds: childSeconds() })
} else {
  const started = performance.now()
  const program = spawn('fasttext', ['predict-prob', join(model, 'model.bin'), '-', String(labels.length)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: program.stdout })[Symbol.asyncIterator]()
  // Its time is its own process's, so what is read of /proc is that.
  const ask = async (texts: readonly string[]) => {
    program.stdin.write(texts.map(text => `${line(text) || '.'}\n`).join(''))
    const answers = []
    for (let i = 0; i < texts.length; i++) {
      const said = String((await lines.next()).value).split(' ')
      const probabilities = new Float64Array(labels.length)
      for (let at = 0; at + 1 < said.length; at += 2) probabilities[Number(said[at]!.slice(PREFIX.length))] = Number(said[at + 1])
      answers.push(answerFrom(labels, probabilities, OOS))
    }
    return answers
  }
  await ask(['.'])
  await answerAll(folder, performance.now() - started, ask)
  const answers = join(folder, 'answers.json')
  const status = readFileSync(`/proc/${program.pid}/status`, 'utf8')
  const peakMb = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1_024
  // Both processes would have to be counted; the rate of the pipe between them says nothing of fastText.
  writeFileSync(answers, JSON.stringify({ ...JSON.parse(readFileSync(answers, 'utf8')), peakMb, perSecond: null }))
  program.stdin.end()
}

/** Processor time of the programs that this one has waited for: the third and fourth of the times in /proc's line. */
function childSeconds(): number {
  const times = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]!.split(' ') // the name before it may hold blanks, not this
  return (Number(times[13]) + Number(times[14])) / 100
}
