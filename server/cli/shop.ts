// `parley shop`: the shops of parley.yaml. The file is the operator's: what is added leaves every comment and the order as they are.
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import { type Document, isMap, isSeq, parseDocument } from 'yaml'
import { configFile, configFrom, readConfig, type ShopConfig } from '../config.ts'
import { flushFolder } from '../drivers/flush-folder.ts'
import { openSecret } from '../open-secret.ts'
import { readPack } from '../pack-folder.ts'
import { PROJECT } from '../project.ts'
import { identityKeyOf } from '../secret.ts'

export type NewShop = Pick<ShopConfig, 'name'> & Partial<Pick<ShopConfig, 'locale' | 'phone' | 'hours' | 'emergencyPhone' | 'pack'>>

/** Faults: CONFIG_INVALID, PACK_INVALID; then the file is as it was. */
export function addShop(id: string, shop: NewShop): void {
  const file = configFile(process.env)
  const before = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const present = configFrom(before, process.env).shops
  if (present.some(shop => shop.id === id))
    throw new Fault('CONFIG_INVALID', { file, path: 'shops', reason: `there is a shop ${JSON.stringify(id)} already` })
  const after = withShop(file, before, present, { id, ...shop })
  const added = configFrom(after, process.env).shops.at(-1)
  if (added) readPack(join(PROJECT.packs, added.pack))
  replaceFile(file, after)
  process.stdout.write(
    `Shop ${id} is in ${file}. A server that is running knows it after a restart.\nIts first agent: parley agent add NAME --shop ${id}\n`,
  )
}

export function listShops(options: { readonly json?: true }): void {
  const shops = readConfig(process.env).shops.map(({ id, name, locale, pack }) => ({ id, name, locale, pack }))
  if (options.json) return void process.stdout.write(`${JSON.stringify(shops)}\n`)
  const width = Math.max(...shops.map(shop => shop.id.length))
  for (const { id, name, locale, pack } of shops) process.stdout.write(`${id.padEnd(width)}  ${locale.padEnd(5)}  ${pack}  ${name}\n`)
}

/** The file's text with one shop more. Where it names none, those that are in force by default are written down first: a list replaces them. */
function withShop(file: string, text: string, present: readonly ShopConfig[], shop: { readonly id: string } & NewShop): string {
  const document: Document = parseDocument(text)
  if (text.trim() === '') document.commentBefore = ' Settings of Parley; what is not here has its default. All of them: parley config doc'
  const isBlank = document.contents === null || (isMap(document.contents) && document.contents.items.length === 0)
  if (isBlank) document.contents = document.createNode({}) as typeof document.contents // a map; the library's type is that of any node
  if (!document.has('shops')) document.set('shops', document.createNode(present.map(spoken)))
  const shops = document.get('shops')
  if (!isSeq(shops))
    throw new Fault('CONFIG_INVALID', { file, path: 'shops', reason: 'it stands elsewhere (an alias): add the shop by hand' })
  shops.add(document.createNode(shop))
  return document.toString({ lineWidth: 0, indentSeq: !/^shops:[^\n]*\n(?:\s*#[^\n]*\n)*- /m.test(text) })
}

/** What of a shop is not there by default anyway. */
const spoken = ({ id, name, phone, hours, emergencyPhone }: ShopConfig) => ({ id, name, phone, hours, emergencyPhone })

/** Whole or not at all, with the rights of the file before; a link goes on to be one. */
function replaceFile(file: string, text: string): void {
  const target = existsSync(file) ? realpathSync(file) : file
  const next = `${target}.${process.pid}.next`
  try {
    writeFileSync(next, text, { flag: 'wx', ...(existsSync(target) && { mode: statSync(target).mode }) })
    const descriptor = openSync(next, 'r')
    fsyncSync(descriptor)
    closeSync(descriptor)
    renameSync(next, target)
  } catch (cause) {
    rmSync(next, { force: true })
    throw new Fault('CONFIG_INVALID', { file, path: '', reason: 'the file cannot be written' }, { cause })
  }
  flushFolder(dirname(target))
}

/** Makes the installation's secret where there is none yet: the key may be wanted before the first start. Faults: UNKNOWN_SHOP, CONFIG_INVALID. */
export async function printIdentityKey(shop: string): Promise<void> {
  const config = readConfig(process.env)
  if (!config.shops.some(({ id }) => id === shop)) throw new Fault('UNKNOWN_SHOP', { shop })
  process.stdout.write(`${identityKeyOf(await openSecret(config), shop)}\n`)
}
