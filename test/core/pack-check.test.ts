import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { appendFileSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { checkPack } from '@parley/server/pack-check/check-pack.ts'
import { PROJECT } from '@parley/server/project.ts'
import { NODE_FLAGS, temporaryFolder } from '../e2e/running-server.ts'

const retail = join(PROJECT.packs, 'retail')
const main = fileURLToPath(new URL('../../server/main.ts', import.meta.url))
const parley = (...args: string[]) => spawnSync(process.execPath, [...NODE_FLAGS, main, ...args], { encoding: 'utf8' })

test('[PACK1] the retail pack has no error, and enough of everything in both languages', () => {
  const report = checkPack(retail)
  assert.deepEqual(
    report.problems.filter(({ severity }) => severity === 'error'),
    [],
  )
  for (const locale of ['zh-CN', 'en']) {
    const { examples = 0, phrases = 0, templates = 0 } = report.counts[locale] ?? {}
    assert.ok(examples >= 80 * report.actions && phrases > 1_000 && templates > 100, locale)
  }
})

test('[PACK2] everything that is wrong is said at once, each with file and line', () => {
  const copy = temporaryFolder()
  try {
    cpSync(retail, copy.path, { recursive: true })
    const at = (name: string): string => join(copy.path, name)
    /** Replaces and gives the line, from 1, on which that was. */
    const edit = (name: string, from: string, to: string): number => {
      const text = readFileSync(at(name), 'utf8')
      assert.ok(text.includes(from), from)
      writeFileSync(at(name), text.replace(from, to))
      return text.slice(0, text.indexOf(from)).split('\n').length
    }
    /** Adds a line at the end and gives its number. */
    const add = (name: string, line: string): number => {
      appendFileSync(at(name), `${line}\n`)
      return readFileSync(at(name), 'utf8').split('\n').length - 1
    }
    const first = (name: string): string =>
      readFileSync(at(name), 'utf8')
        .split('\n')
        .find(line => line !== '' && !line.startsWith('#')) ?? ''

    const expected: (readonly [file: string, line: number, reason: RegExp])[] = [
      ['catalogue.yaml', edit('catalogue.yaml', 'severity: 8', 'severity: grave'), /FOOD_SAFETY\.severity: /],
      ['catalogue.yaml', edit('catalogue.yaml', 'template: track-order', 'template: nowhere'), /there is no template "nowhere"/],
      ['catalogue.yaml', edit('catalogue.yaml', 'slots: [order, count]', 'slots: [order, colour]'), /there is no slot "colour"/],
      ['catalogue.yaml', edit('catalogue.yaml', 'undo: withdraw-compensation', 'undo: open-compensation'), /cannot undo itself/],
      ['catalogue.yaml', edit('catalogue.yaml', '生鲜赔付模板: compensate.fresh', '生鲜赔付模板: compensate.frish'), /"compensate\.frish"/],
      ['phrases/en.yaml', edit('phrases/en.yaml', 'template: compensate.fragile', 'template: compensate.fragil'), /"compensate\.fragil"/],
      ['phrases/zh-CN.yaml', add('phrases/zh-CN.yaml', '  - { phrase: 怎麼賠, weight: 2 }'), /DENY\.\d+\.weight: /],
      ['phrases/en.yaml', add('phrases/en.yaml', '  - { phrase: MANY THANKS, weight: 0.9 }'), /THANKS .* and DENY .*more than 1/],
      ['phrases/en.yaml', add('phrases/en.yaml', '  - { phrase: nope, weight: 0.9 }'), /stands under DENY already/],
      ['phrases/en.yaml', add('phrases/en.yaml', 'DENIED:'), /DENIED/],
      ['risks.yaml', edit('risks.yaml', '      - want to die\n', '      - return label\n'), /is a phrase of RETURN_REQUEST too/],
      ['risks.yaml', edit('risks.yaml', 'template: risk.self-harm', 'template: risk.self-hurt'), /"risk\.self-hurt"/],
      [
        'examples/en/THANKS.txt',
        add('examples/en/THANKS.txt', first('examples/en/THANKS.txt').toUpperCase()),
        /is there already, examples\/en\/THANKS\.txt:/,
      ],
      ['examples/en/THANKS.txt', add('examples/en/THANKS.txt', 'goodbye'), /is an example of GOODBYE too/],
      ['templates/en/greeting.liquid', 1, /the file is not there/],
      ['templates/zh-CN/thanks.again.liquid', 1, /there is no second wording of thanks, which THANKS can choose/],
      [
        'templates/en/goodbye.liquid',
        add('templates/en/goodbye.liquid', '{{ shop.fone }} {{ facts.order.nummer }}'),
        /the view has no "shop\.fone"/,
      ],
      ['templates/en/goodbye.liquid', 2, /the view has no "facts\.order\.nummer"/],
      ['templates/en/praise.liquid', add('templates/en/praise.liquid', '{% if shop.name %}'), /not closed/],
      ['examples/zh-CN/STORE_INFO.txt', 1, /^2 different examples, fewer than 80$/],
      ['examples/en/LOST_SOCKS.txt', 1, /no such action/],
    ]
    rmSync(at('templates/en/greeting.liquid'))
    for (const locale of ['zh-CN', 'en']) rmSync(at(`templates/${locale}/thanks.again.liquid`))
    writeFileSync(at('examples/zh-CN/STORE_INFO.txt'), '你们几点开门\n几点关门\n')
    writeFileSync(at('examples/en/LOST_SOCKS.txt'), 'where are my socks\n')
    const nearTwin = add('examples/en/GREETING.txt', 'anybody there for me right now, please, please!!')
    add('examples/en/GREETING.txt', 'anybody there for me, right now please please')

    const report = checkPack(copy.path)
    const { problems } = report
    const errors = problems.filter(({ severity }) => severity === 'error')
    for (const [file, line, reason] of expected)
      assert.ok(
        errors.some(problem => problem.file === file && problem.line === line && reason.test(problem.reason)),
        `${file}:${line} ${reason} is not among\n${errors.map(p => `${p.file}:${p.line} ${p.reason}`).join('\n')}`,
      )
    assert.ok(problems.some(p => p.severity === 'warning' && p.file === 'examples/en/GREETING.txt' && p.line === nearTwin + 1))

    const printed = parley('pack', 'check', copy.path)
    assert.equal(printed.status, 1)
    assert.equal(printed.stderr, '')
    for (const { file, line, reason } of errors) assert.ok(printed.stdout.includes(`${at(file)}:${line}: error: ${reason}`), reason)
    assert.match(printed.stdout.trimEnd().split('\n').at(-1) ?? '', new RegExp(`; ${errors.length} errors, \\d+ warnings$`))
    const json = parley('pack', 'check', copy.path, '--json')
    assert.equal(json.status, 1)
    assert.deepEqual(JSON.parse(json.stdout), report)
  } finally {
    copy.remove()
  }
})

test('[PACK3] a good pack exits 0 with its counts; a folder that is not there is a fault', () => {
  const good = parley('pack', 'check')
  assert.equal(good.status, 0)
  assert.match(
    good.stdout,
    /\d+ actions, \d+ risks; zh-CN \d+ examples, \d+ phrases, \d+ templates; en \d+ examples.*; 0 errors, \d+ warnings\n$/,
  )
  const missing = parley('pack', 'check', '/nowhere')
  assert.equal(missing.status, 1)
  assert.match(missing.stderr, /^parley: \/nowhere: .*PACK_INVALID/)
})
