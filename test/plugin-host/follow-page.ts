// A page of docs/, done by somebody who knows nothing else: its files are written, its commands run in order in one clean folder, and what they print is
// what the page shows, but for measured figures and hashes. `…` on the page stands for any text.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

interface Block {
  readonly language: string
  /** A file's name, or the exit status: `exit=1`. */
  readonly note: string
  readonly text: string
  readonly line: number
}

function blocksOf(page: string): readonly Block[] {
  return [...page.matchAll(/^```(\w+)(?: (\S+))?\n([\s\S]*?)^```$/gm)].map(({ 1: language = '', 2: note = '', 3: text = '', index }) => ({
    language,
    note,
    text,
    line: page.slice(0, index).split('\n').length,
  }))
}

const withoutFigures = (text: string): string =>
  text
    .replaceAll(/\d+\.\d+\.\d+-[0-9a-f]{12}(\+[0-9a-f]{8})?/g, '#')
    .replaceAll(/\d+(\.\d+)?(?=( of \d+)? (ms|MB|KB)\b)/g, '#')
    .trimEnd()

const asPattern = (shown: string): RegExp =>
  new RegExp(
    `^${withoutFigures(shown)
      .split('…')
      .map(part => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
      .join('[\\s\\S]*')}$`,
  )

/** Runs one block, and tells in which folder it ended. */
async function run(script: string, cwd: string): Promise<{ readonly status: number; readonly output: string; readonly folder: string }> {
  const env = { ...process.env, PATH: `${join(root, 'bin')}:${dirname(process.execPath)}:${process.env.PATH}` }
  const child = spawn('bash', ['-ec', `${script}\necho "folder: $PWD"`], { cwd, env })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += chunk))
  const status = await new Promise<number>(resolve => child.once('close', code => resolve(code ?? 1)))
  const [, folder = cwd] = /^folder: (.*)$/m.exec(output) ?? []
  return { status, output: output.replace(/^folder: .*\n/m, ''), folder }
}

/** Each block of the page is a test of its own. Gives how many there are. */
export async function followPage(t: TestContext, page: string, scratch: string): Promise<number> {
  const blocks = blocksOf(readFileSync(join(root, page), 'utf8'))
  let folder = scratch
  let output = ''
  for (const { language, note, text, line } of blocks) {
    await t.test(`line ${line}: ${language} ${note}`, async () => {
      if (language === 'sh') {
        const done = await run(text, folder)
        assert.equal(done.status, Number(/^exit=(\d+)$/.exec(note)?.[1] ?? 0), done.output)
        folder = done.folder
        output = done.output
      } else if (note !== '') writeFileSync(join(folder, note), text)
      else assert.match(withoutFigures(output), asPattern(text))
    })
  }
  return blocks.length
}
