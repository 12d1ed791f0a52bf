// `parley plugin dev`, talked to through its terminal while the plugin's files change.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { temporaryFolder } from '../e2e/running-server.ts'
import { parley, start } from './command.ts'

const scratch = temporaryFolder()
after(() => scratch.remove())

const WITHIN_MS = 60_000

test('[SDK7] a saved plugin answers the next line, one that is broken leaves the version before, and costs are shown beside the limits', async () => {
  await parley(scratch.path, 'plugin', 'new', 'talks')
  const folder = join(scratch.path, 'talks')
  const file = join(folder, 'plugin.ts')
  const child = start(folder, ['plugin', 'dev'])
  let heard = ''
  let read = 0
  child.stdout.on('data', chunk => {
    heard += chunk
    child.emit('heard')
  })
  /** What was printed since the last time, up to the end of the first match. */
  const hears = async (pattern: RegExp): Promise<string> => {
    const signal = AbortSignal.timeout(WITHIN_MS)
    for (;;) {
      const found = pattern.exec(heard.slice(read))
      if (found) {
        const until = read + found.index + found[0].length
        const part = heard.slice(read, until)
        read = until
        return part
      }
      await once(child, 'heard', { signal }).catch(() => assert.match(heard.slice(read), pattern))
    }
  }
  const write = (line: string): void => void child.stdin.write(`${line}\n`)
  try {
    write('do you have click and collect?') // before anything is there: it waits
    await hears(/^talks 0\.1\.0-\w+\+\w+ loaded in \d+ ms; 50 ms a turn, 32 MB$/m)
    await hears(/^talks: \d+\.\d of 50 ms, cpu \d+\.\d\d ms, heap \d+\.\d of 32 MB\n {2}DELIVERY_INFO 0\.8 «click and collect»$/m)
    await hears(/^DELIVERY_INFO · answer · [\s\S]*? {2}plugin:talks +-?\d\.\d\d {2}DELIVERY_INFO 80% «click and collect»\n/m)

    // As editors do it: a new file takes the place of the old.
    writeFileSync(`${file}.new`, readFileSync(file, 'utf8').replace("'click and collect'", "'cheese counter'"))
    renameSync(`${file}.new`, file)
    await hears(/^talks 0\.1\.0-\S+ reloaded in \d+ ms/m)
    write('do you have a cheese counter?')
    await hears(/^ {2}DELIVERY_INFO 0\.8 «cheese counter»$/m)

    appendFileSync(file, '\nexport const broken = {\n')
    await hears(/^! plugin talks: plugin\.ts:\d+: .*\n {2}The version before goes on until it is mended\.$/m)
    write('is there a cheese counter')
    await hears(/^ {2}DELIVERY_INFO 0\.8 «cheese counter»$/m)

    mkdirSync(join(folder, 'words'))
    writeFileSync(file, readFileSync(file, 'utf8').replace('\nexport const broken = {\n', "import './words/more.ts'\n"))
    writeFileSync(join(folder, 'words', 'more.ts'), "throw new Error('on purpose')\n")
    await hears(/^! plugin talks: plugin\.ts: Error: on purpose \(at words\/more\.ts:1, plugin\.ts/m)
    writeFileSync(join(folder, 'words', 'more.ts'), 'export {}\n')
    await hears(/^talks 0\.1\.0-\S+ reloaded in \d+ ms/m)
    child.stdin.end()
    const [status] = await once(child, 'close')
    assert.equal(status, 0)
  } finally {
    child.kill('SIGKILL')
  }
})

test('[SDK7] a shop that there is not, and a folder that there is not, are told', async () => {
  for (const [args, words] of [
    [['talks', '--shop', 'nowhere'], /no shop "nowhere"/],
    [['nowhere'], /there is no such folder/],
  ] as const) {
    const { status, stderr } = await parley(scratch.path, 'plugin', 'dev', ...args)
    assert.equal(status, 1)
    assert.match(stderr, words)
  }
})
