// Runs the CRM service, has it do one thing under a key and says what it answered, but kills itself with -9 at the point that it is told. `crash.test.ts`
// starts it. The points lie around SQLite's own statements, so the code under test is as it ships.
import { writeSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openCrm } from '@parley/demo-shop/crm-service.ts'
import { startService } from '@parley/demo-shop/service.ts'
import { shopData } from '@parley/demo-shop/shop-data.ts'
import { TOKENS } from './demo-services.ts'
import { TODAY } from './questions.ts'

const [folder = '', point = '', undoes] = process.argv.slice(2)
let stage = 'seed'

function reach(name: string): void {
  if (`${stage}: ${name}` === point) process.kill(process.pid, 'SIGKILL')
}

const { exec } = DatabaseSync.prototype
DatabaseSync.prototype.exec = function (this: DatabaseSync, sql: string): void {
  if (sql === 'COMMIT') reach('all is written, nothing committed')
  exec.call(this, sql)
  if (sql === 'BEGIN IMMEDIATE') reach('begun')
  if (sql === 'COMMIT') reach('committed, not answered')
}

const crm = await startService({
  open: () => openCrm(join(folder, 'crm.db'), () => shopData(TODAY)),
  token: TOKENS.crm,
  today: () => TODAY,
})
crm.fill()
stage = 'effect'
const [path, key, body] = undoes
  ? [`/cases/${undoes}/withdrawal`, 'k/undo', { customer: 'demo-lin' }]
  : ['/cases', 'k/do', { customer: 'demo-lin', order: '2024-881', count: 3 }]
const response = await fetch(crm.url + path, {
  method: 'POST',
  headers: { authorization: `Bearer ${TOKENS.crm}`, 'content-type': 'application/json', 'idempotency-key': key },
  body: JSON.stringify(body),
})
writeSync(1, await response.text())
reach('answered')
