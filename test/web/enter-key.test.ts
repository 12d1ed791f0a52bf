import assert from 'node:assert/strict'
import { test } from 'node:test'
import { doesSend, type KeyPress } from '@parley/web/widget/enter-key.ts'

const press = (changes: Partial<KeyPress> = {}): KeyPress => ({
  key: 'Enter',
  keyCode: 13,
  isComposing: false,
  shiftKey: false,
  ctrlKey: false,
  altKey: false,
  metaKey: false,
  ...changes,
})

test('Enter sends, Shift+Enter and other keys do not', () => {
  assert.equal(doesSend(press()), true)
  assert.equal(doesSend(press({ shiftKey: true })), false)
  assert.equal(doesSend(press({ key: 'a', keyCode: 65 })), false)
})

test('[WEB1] Enter while an input method is composing does not send, by either of the two signs that browsers give', () => {
  assert.equal(doesSend(press({ isComposing: true })), false)
  assert.equal(doesSend(press({ keyCode: 229 })), false, 'Safari tells only by the key code')
})
