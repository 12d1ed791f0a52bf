// Gives the data folders of one installation's nodes the same secret: the one that some of them have, or a new one. For docker-compose.cluster.yml, where
// nobody has a hand on the folders; on machines of their own the file is copied.
//
//   node server/upkeep/share-secret.ts FOLDER…
//
// Exit status: 0 done, 1 two have different ones (nothing is changed), 2 wrong use.
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadOrMakeSecret } from '../secret.ts'

const folders = process.argv.slice(2)
const [first] = folders
if (first === undefined) {
  console.error('share-secret: name the data folders of the nodes')
  process.exit(2)
}
const fileIn = (folder: string): string => join(folder, 'secret')
const having = folders.filter(folder => existsSync(fileIn(folder)))
if (new Set(having.map(folder => readFileSync(fileIn(folder), 'utf8').trim())).size > 1) {
  console.error(`share-secret: ${having.join(' and ')} have different ones: these are nodes of different installations`)
  process.exit(1)
}
const source = having[0] ?? first
loadOrMakeSecret(source)
for (const folder of folders) {
  if (existsSync(fileIn(folder))) continue
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  copyFileSync(fileIn(source), fileIn(folder))
}
