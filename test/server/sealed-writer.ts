// Writes as a server does, for ever: ten conversations that grow, a new customer every so often, and an old one erased. Says `conversation seq` of each
// append as it is acknowledged, and `erased conversation` of each erasure. backup.test.ts copies the folder meanwhile.
import { writeSync } from 'node:fs'
import { erasureOf } from '../erasure-of.ts'
import { keyOf, withStores, write } from './stored-data.ts'

const [folder = ''] = process.argv.slice(2)
await withStores(folder, async (conversations, vault) => {
  const grow = async (name: string): Promise<never> => {
    for (;;) {
      await write(conversations, name, 1)
      writeSync(1, `${name} ${(await conversations.read(keyOf(name), 0)).seq}\n`)
    }
  }
  const comeAndGo = async (): Promise<never> => {
    for (let i = 100; ; i++) {
      await write(conversations, `c${i}`, 2)
      writeSync(1, `c${i} 2\n`)
      if (i < 110) continue
      await vault.destroy(erasureOf(`e${i}`, [`c${i - 10}`]))
      writeSync(1, `erased c${i - 10}\n`)
    }
  }
  await Promise.all([...Array.from({ length: 10 }, (_, i) => grow(`c${i}`)), comeAndGo()])
})
