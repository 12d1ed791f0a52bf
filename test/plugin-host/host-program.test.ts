// The script that hosts are started with, made once for all.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { test } from 'node:test'
import { makeHostProgram } from '@parley/server/plugin-host/host-program.ts'
import { LINE } from '@parley/server/plugin-host/protocol.ts'
import { PROJECT } from '@parley/server/project.ts'

test('the program of a host is made whole, for everybody to read, and starts without its sources', async () => {
  // Within the project, where the native module is found; a run that was broken off leaves nothing that is taken for the program.
  const folder = join(PROJECT.hostCache, `test-${process.pid}`, 'key')
  try {
    await makeHostProgram(folder)
    assert.deepEqual(readdirSync(folder).sort(), ['host-process.mjs', 'watch-lane.mjs'])
    for (const name of readdirSync(folder)) assert.equal(statSync(join(folder, name)).mode & 0o444, 0o444)
    await assert.rejects(makeHostProgram(folder), 'the second to come leaves the first one’s in place')
    assert.deepEqual(readdirSync(join(folder, '..')), ['key'])
    const host = spawn(process.execPath, ['--no-node-snapshot', join(folder, 'host-process.mjs')], {
      env: {},
      stdio: ['ignore', 'ignore', 'inherit', 'pipe', 'pipe'],
    })
    const line = host.stdio[LINE] as Duplex // both ways, as 'pipe' asks for
    await once(line, 'data') // it is up
    line.destroy()
    const [, signal] = await once(host, 'exit')
    assert.equal(signal, 'SIGKILL', 'without an engine it has no purpose')
  } finally {
    rmSync(join(folder, '..'), { recursive: true, force: true })
  }
})

test('programs of other sources go when they have not been made for a month', async () => {
  const parent = join(PROJECT.hostCache, `test-${process.pid}`)
  for (const [name, days] of Object.entries({ old: 31, newer: 29 })) {
    mkdirSync(join(parent, name), { recursive: true })
    const at = new Date(Date.now() - days * 86_400_000)
    utimesSync(join(parent, name), at, at)
  }
  try {
    await makeHostProgram(join(parent, 'key'))
    assert.deepEqual(readdirSync(parent).sort(), ['key', 'newer'])
  } finally {
    rmSync(parent, { recursive: true, force: true })
  }
})

test('where it cannot be made nothing is left behind', async () => {
  const parent = join(PROJECT.hostCache, `test-${process.pid}`)
  mkdirSync(join(parent, 'key', 'taken'), { recursive: true })
  try {
    await assert.rejects(makeHostProgram(join(parent, 'key')))
    assert.deepEqual(readdirSync(parent), ['key'])
  } finally {
    rmSync(parent, { recursive: true, force: true })
  }
})
