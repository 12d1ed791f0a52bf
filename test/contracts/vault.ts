// What every driver of core/ports/vault.ts must do. A driver's test hands in how to open it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '@parley/core/faults.ts'
import { asConversationId, asCustomerId, asShopId } from '@parley/core/ids.ts'
import type { Vault } from '@parley/core/ports/vault.ts'

const shop = asShopId('demo')
const other = asShopId('other')
const anna = asCustomerId('anna')
const bert = asCustomerId('bert')
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (clear: Uint8Array): string => new TextDecoder().decode(clear)
const isDestroyed = (error: unknown): boolean => isFault(error, 'KEY_DESTROYED')

export function vaultContract(name: string, make: () => Promise<{ vault: Vault; remove: () => void }>): void {
  const on = (title: string, run: (vault: Vault) => Promise<void>): void => {
    test(`${name}: ${title}`, async () => {
      const { vault, remove } = await make()
      try {
        await run(vault)
      } finally {
        await vault.close()
        remove()
      }
    })
  }
  on('[KEY3] sealed text opens with the same key and context, and with no other', async vault => {
    const cipher = await vault.cipher(shop, anna)
    const sealed = cipher.seal(bytes('螃蟹死了'), 'here')
    assert.equal(text(cipher.open(sealed, 'here')), '螃蟹死了')
    assert.throws(() => cipher.open(sealed, 'there'))
    const tampered = Uint8Array.from(sealed)
    tampered[20]! ^= 1
    assert.throws(() => cipher.open(tampered, 'here'))
    assert.throws(() => cipher.open(sealed.slice(0, 10), 'here'))
    const others = await vault.cipher(shop, bert)
    assert.throws(() => others.open(sealed, 'here'))
    assert.notDeepEqual(cipher.seal(bytes('x'), 'c'), cipher.seal(bytes('x'), 'c'), 'a fresh nonce every time')
  })
  on('two calls that race get one key', async vault => {
    const ciphers = await Promise.all(Array.from({ length: 20 }, () => vault.cipher(shop, anna)))
    const sealed = ciphers[0]!.seal(bytes('one'), 'c') // twenty were made
    for (const cipher of ciphers) assert.equal(text(cipher.open(sealed, 'c')), 'one')
  })
  on('a conversation has one owner for ever', async vault => {
    const key = { shop, conversation: asConversationId('c1') }
    assert.equal(await vault.ownerOf(key), undefined)
    await vault.own(key, anna)
    await vault.own(key, anna)
    await assert.rejects(vault.own(key, bert), (error: unknown) => isFault(error, 'UNKNOWN_CONVERSATION'))
    assert.equal(await vault.ownerOf(key), anna)
    assert.equal(await vault.ownerOf({ ...key, shop: other }), undefined, "another shop's conversation of the same name is another")
    await vault.own({ ...key, shop: other }, bert)
    assert.equal(await vault.ownerOf(key), anna)
  })
  on('of many who claim a conversation at once exactly one owns it', async vault => {
    const key = { shop, conversation: asConversationId('race') }
    const customers = Array.from({ length: 20 }, (_, i) => asCustomerId(`c${i}`))
    const claims = await Promise.allSettled(customers.map(customer => vault.own(key, customer)))
    const winners = customers.filter((_, i) => claims[i]?.status === 'fulfilled')
    assert.deepEqual([await vault.ownerOf(key)], winners)
  })
  on('[KEY3] a customer of one shop and their namesake of another have two keys', async vault => {
    const sealed = (await vault.cipher(shop, anna)).seal(bytes('mine'), 'c')
    const namesake = await vault.cipher(other, anna)
    assert.throws(() => namesake.open(sealed, 'c'))
    await vault.destroy(other, anna)
    assert.equal(text((await vault.cipher(shop, anna)).open(sealed, 'c')), 'mine')
  })
  on('[KEY3] every single flipped bit of a sealed text is noticed; an empty text can be sealed', async vault => {
    const cipher = await vault.cipher(shop, anna)
    const sealed = cipher.seal(bytes('eggs'), 'c')
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const flipped = Uint8Array.from(sealed)
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      assert.throws(() => cipher.open(flipped, 'c'), `bit ${bit}`)
    }
    for (let length = 0; length < sealed.length; length++) assert.throws(() => cipher.open(sealed.slice(0, length), 'c'), `${length} bytes`)
    assert.equal(cipher.open(cipher.seal(new Uint8Array(), 'c'), 'c').length, 0)
  })
  on('[KEY2] a destroyed key is never made again; other keys stand', async vault => {
    const kept = (await vault.cipher(shop, bert)).seal(bytes('kept'), 'c')
    await vault.cipher(shop, anna)
    await Promise.all([vault.destroy(shop, anna), vault.destroy(shop, anna)])
    await assert.rejects(vault.cipher(shop, anna), isDestroyed)
    assert.equal(text((await vault.cipher(shop, bert)).open(kept, 'c')), 'kept')
    await vault.destroy(shop, anna)
    await vault.destroy(shop, asCustomerId('never-seen'))
    await assert.rejects(vault.cipher(shop, asCustomerId('never-seen')), isDestroyed)
  })
  on(
    '[KEY1] [KEY2] keys made and destroyed at once: what is made stands, what is destroyed is gone, whoever waits is served',
    async vault => {
      const gone = Array.from({ length: 4 }, (_, i) => asCustomerId(`gone${i}`))
      const kept = Array.from({ length: 20 }, (_, i) => asCustomerId(`kept${i}`))
      const made = Promise.all(kept.map(async customer => (await vault.cipher(shop, customer)).seal(bytes(customer), 'c')))
      const destroyed = gone.map(async customer => {
        await vault.cipher(shop, customer)
        await vault.destroy(shop, customer)
        await assert.rejects(vault.cipher(shop, customer), isDestroyed)
      })
      await Promise.all(destroyed)
      for (const [i, sealed] of (await made).entries()) assert.equal(text((await vault.cipher(shop, kept[i]!)).open(sealed, 'c')), kept[i])
    },
  )
}
