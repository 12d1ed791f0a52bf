// What is noted is not lost where it cannot be written, and nothing is written out of turn.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '@parley/server/drivers/clock.system.ts'
import { createWriteBehind } from '@parley/server/write-behind.ts'

function notes() {
  let noted: readonly number[] = []
  const written: number[][] = []
  const broke: string[] = []
  let isBroken = false
  const behind = createWriteBehind(
    systemClock,
    () => {
      const taken = noted
      noted = []
      if (taken.length === 0) return undefined
      return {
        async write() {
          if (isBroken) throw new Error('no room')
          written.push([...taken])
        },
        putBack() {
          noted = [...taken, ...noted]
        },
      }
    },
    error => broke.push(String(error)),
  )
  const add = (value: number): void => {
    noted = [...noted, value]
  }
  const breakIt = (is: boolean): void => {
    isBroken = is
  }
  return { behind, written, broke, add, breakIt }
}

test('[LIVE7] [SHD4] what cannot be written is written with what comes next, and told once until then', async () => {
  const { behind, written, broke, add, breakIt } = notes()
  breakIt(true)
  add(1)
  await behind.flush()
  add(2)
  await behind.flush()
  assert.deepEqual([written, broke], [[], ['Error: no room']])
  breakIt(false)
  add(3)
  await behind.flush()
  await behind.flush()
  assert.deepEqual([written, broke], [[[1, 2, 3]], ['Error: no room']])
  breakIt(true)
  add(4)
  await behind.flush()
  assert.equal(broke.length, 2)
})

test('[LIVE7] [SHD4] one thing after another, and what fails holds up nothing behind it', async () => {
  const { behind, written, add } = notes()
  const { promise: isLetGo, resolve: letGo } = Promise.withResolvers<void>()
  const first = behind.inTurn(() => isLetGo)
  const refused = assert.rejects(
    behind.inTurn(async () => {
      throw new Error('full')
    }),
    /full/,
  )
  add(1)
  const flushed = behind.flush()
  await Promise.resolve()
  assert.deepEqual(written, [])
  letGo()
  await Promise.all([first, refused, flushed])
  assert.deepEqual(written, [[1]])
})
