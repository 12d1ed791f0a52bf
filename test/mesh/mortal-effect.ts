// Opens the demo shop's database, runs one effect on it and says its outcome, but kills itself with -9 at the point that it is told. `crash.test.ts`
// starts it. The points lie around SQLite's own statements, so the code under test is as it ships.
import { writeSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { createRunEffect } from '@parley/mesh/demo-shop/cases.ts'
import { openDatabase } from '@parley/mesh/demo-shop/database.ts'
import { createFindShopper } from '@parley/mesh/demo-shop/shoppers.ts'
import { opening, TODAY, withdrawing } from './questions.ts'

const [file = '', point = '', undoes] = process.argv.slice(2)
let stage = 'seed'

function reach(name: string): void {
  if (`${stage}: ${name}` === point) process.kill(process.pid, 'SIGKILL')
}

class Mortal extends DatabaseSync {
  override exec(sql: string): void {
    if (sql === 'COMMIT') reach('all is written, nothing committed')
    super.exec(sql)
    if (sql === 'BEGIN IMMEDIATE') reach('begun')
    if (sql === 'COMMIT') reach('committed, not answered')
  }
}

const database = openDatabase(file, TODAY, Mortal)
const run = createRunEffect(database, createFindShopper(database, false))
stage = 'effect'
const outcome = run(
  undoes ? withdrawing('k/undo', 'demo-lin', { case: undoes }) : opening('k/do', 'demo-lin', { order: '2024-881', count: '3' }),
)
writeSync(1, JSON.stringify(outcome))
reach('answered')
