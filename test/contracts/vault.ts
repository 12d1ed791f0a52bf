// What every driver of core/ports/vault.ts must do. A driver's test hands in how to open it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '@parley/core/faults.ts'
import { asConversationId, asCustomerId, asShopId, type ConversationKey } from '@parley/core/ids.ts'
import type { Vault } from '@parley/core/ports/vault.ts'
import { erasureOf } from '../erasure-of.ts'

const shop = asShopId('demo')
const other = asShopId('other')
const anna = asCustomerId('anna')
const bert = asCustomerId('bert')
const keyOf = (conversation: string, of = shop): ConversationKey => ({ shop: of, conversation: asConversationId(conversation) })
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (clear: Uint8Array): string => new TextDecoder().decode(clear)
const isErased = (error: unknown): boolean => isFault(error, 'CONVERSATION_ERASED')
const isAnothers = (error: unknown): boolean => isFault(error, 'UNKNOWN_CONVERSATION')

export function vaultContract(name: string, make: () => Promise<{ vault: Vault; remove: () => void | Promise<void> }>): void {
  const on = (title: string, run: (vault: Vault) => Promise<void>): void => {
    test(`${name}: ${title}`, async () => {
      const { vault, remove } = await make()
      try {
        await run(vault)
      } finally {
        await vault.close()
        await remove()
      }
    })
  }
  on('[KEY3] sealed text opens with the same key and context, and with no other', async vault => {
    const cipher = await vault.cipher(keyOf('c1'), anna)
    const sealed = cipher.seal(bytes('螃蟹死了'), 'here')
    assert.equal(text(cipher.open(sealed, 'here')), '螃蟹死了')
    assert.throws(() => cipher.open(sealed, 'there'))
    const tampered = Uint8Array.from(sealed)
    tampered[20]! ^= 1
    assert.throws(() => cipher.open(tampered, 'here'))
    assert.throws(() => cipher.open(sealed.slice(0, 10), 'here'))
    const others = await vault.cipher(keyOf('c2'), bert)
    assert.throws(() => others.open(sealed, 'here'))
    assert.notDeepEqual(cipher.seal(bytes('x'), 'c'), cipher.seal(bytes('x'), 'c'), 'a fresh nonce every time')
  })
  on('[ERA1] two conversations of one customer have two keys', async vault => {
    const sealed = (await vault.cipher(keyOf('c1'), anna)).seal(bytes('first'), 'c')
    const second = await vault.cipher(keyOf('c2'), anna)
    assert.throws(() => second.open(sealed, 'c'))
  })
  on('two calls that race get one key', async vault => {
    const ciphers = await Promise.all(Array.from({ length: 20 }, () => vault.cipher(keyOf('c1'), anna)))
    const sealed = ciphers[0]!.seal(bytes('one'), 'c') // twenty were made
    for (const cipher of ciphers) assert.equal(text(cipher.open(sealed, 'c')), 'one')
    assert.equal(text((await vault.opened(keyOf('c1')))!.cipher.open(sealed, 'c')), 'one') // it was made above
  })
  on('a conversation has one owner', async vault => {
    const key = keyOf('c1')
    assert.equal(await vault.opened(key), undefined)
    await vault.cipher(key, anna)
    await vault.cipher(key, anna)
    await assert.rejects(vault.cipher(key, bert), isAnothers)
    assert.equal((await vault.opened(key))?.customer, anna)
    assert.equal(await vault.opened(keyOf('c1', other)), undefined, "another shop's conversation of the same name is another")
    await vault.cipher(keyOf('c1', other), bert)
    assert.equal((await vault.opened(key))?.customer, anna)
    await vault.cipher(keyOf('c2'), anna)
    assert.deepEqual([...(await vault.conversationsOf(shop, anna))].sort(), ['c1', 'c2'])
    assert.deepEqual(await vault.conversationsOf(other, anna), [])
  })
  on('of many who claim a conversation at once exactly one owns it', async vault => {
    const key = keyOf('race')
    const customers = Array.from({ length: 20 }, (_, i) => asCustomerId(`c${i}`))
    const claims = await Promise.allSettled(customers.map(customer => vault.cipher(key, customer)))
    const winners = customers.filter((_, i) => claims[i]?.status === 'fulfilled')
    assert.deepEqual([(await vault.opened(key))?.customer], winners)
  })
  on('[KEY3] a conversation of one shop and its namesake of another have two keys', async vault => {
    const sealed = (await vault.cipher(keyOf('c1'), anna)).seal(bytes('mine'), 'c')
    const namesake = await vault.cipher(keyOf('c1', other), anna)
    assert.throws(() => namesake.open(sealed, 'c'))
    await vault.destroy(erasureOf('e1', ['c1'], other))
    assert.equal(text((await vault.cipher(keyOf('c1'), anna)).open(sealed, 'c')), 'mine')
  })
  on('[KEY3] every single flipped bit of a sealed text is noticed; an empty text can be sealed', async vault => {
    const cipher = await vault.cipher(keyOf('c1'), anna)
    const sealed = cipher.seal(bytes('eggs'), 'c')
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const flipped = Uint8Array.from(sealed)
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      assert.throws(() => cipher.open(flipped, 'c'), `bit ${bit}`)
    }
    for (let length = 0; length < sealed.length; length++) assert.throws(() => cipher.open(sealed.slice(0, length), 'c'), `${length} bytes`)
    assert.equal(cipher.open(cipher.seal(new Uint8Array(), 'c'), 'c').length, 0)
  })
  on('[KEY2] [ERA1] a destroyed key is never made again; other keys stand, also of the same customer', async vault => {
    const kept = (await vault.cipher(keyOf('c2'), anna)).seal(bytes('kept'), 'c')
    await vault.cipher(keyOf('c1'), anna)
    assert.equal(await vault.isErased(keyOf('c1')), false)
    assert.deepEqual(await vault.sealedWith(keyOf('c1')), ['c1'])
    await Promise.all([vault.destroy(erasureOf('e1', ['c1'])), vault.destroy(erasureOf('e2', ['c1']))])
    for (const customer of [anna, bert]) await assert.rejects(vault.cipher(keyOf('c1'), customer), isErased)
    await assert.rejects(vault.opened(keyOf('c1')), isErased)
    assert.equal(await vault.isErased(keyOf('c1')), true)
    assert.deepEqual(await vault.sealedWith(keyOf('c1')), [])
    assert.deepEqual(await vault.conversationsOf(shop, anna), ['c2'], 'nobody knows any more whose it was')
    assert.equal(text((await vault.cipher(keyOf('c2'), anna)).open(kept, 'c')), 'kept')
    await vault.destroy(erasureOf('e3', ['c1', 'never-seen']))
    await assert.rejects(vault.cipher(keyOf('never-seen'), anna), isErased)
  })
  on('[ERA5] an erasure is noted, in the same step in which the keys go, and in place of the note before it', async vault => {
    await vault.cipher(keyOf('c1'), anna)
    const ended = erasureOf('e1', ['c1'])
    const asked = { id: 'e1', shop, by: ended.by, at: 1, state: 'asked', target: { kind: 'customer', customer: anna } } as const
    await vault.note(asked)
    await vault.note({ ...asked, id: 'e2', at: 0 })
    assert.deepEqual(await vault.notes(), [{ ...asked, id: 'e2', at: 0 }, asked])
    await vault.destroy(ended)
    await vault.dropNote({ shop, id: 'e2' })
    assert.deepEqual(await vault.notes(), [ended])
    await vault.note({ ...ended, state: 'done' })
    assert.deepEqual(await vault.notes(), [{ ...ended, state: 'done' }])
  })
  on(
    '[KEY1] [KEY2] keys made and destroyed at once: what is made stands, what is destroyed is gone, whoever waits is served',
    async vault => {
      const gone = Array.from({ length: 4 }, (_, i) => `gone${i}`)
      const kept = Array.from({ length: 20 }, (_, i) => `kept${i}`)
      const made = Promise.all(
        kept.map(async conversation => (await vault.cipher(keyOf(conversation), anna)).seal(bytes(conversation), 'c')),
      )
      const destroyed = gone.map(async conversation => {
        await vault.cipher(keyOf(conversation), anna)
        await vault.destroy(erasureOf(conversation, [conversation]))
        await assert.rejects(vault.cipher(keyOf(conversation), anna), isErased)
      })
      await Promise.all(destroyed)
      for (const [i, sealed] of (await made).entries())
        assert.equal(text((await vault.cipher(keyOf(kept[i]!), anna)).open(sealed, 'c')), kept[i])
      assert.deepEqual((await vault.notes()).map(({ id }) => id).sort(), gone)
    },
  )
}
