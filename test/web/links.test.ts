import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withLinks } from '@parley/web/widget/links.ts'

const links = (text: string): string[] => withLinks(text).flatMap(piece => (typeof piece === 'string' ? [] : [piece.href]))

test('http and https addresses become links, whatever writes on after them', () => {
  assert.deepEqual(links('见 https://shop.example/orders?id=1&x=2。谢谢'), ['https://shop.example/orders?id=1&x=2'])
  assert.deepEqual(links('https://a.example/x看这里,http://b.example/'), ['https://a.example/x', 'http://b.example/'])
  assert.deepEqual(links('(see https://a.example/wiki/A_(b)). Or https://c.example!'), [
    'https://a.example/wiki/A_(b)',
    'https://c.example',
  ])
})

test('nothing else does', () => {
  for (const text of [
    'javascript:alert(1)',
    'data:text/html,x',
    'ftp://a.example',
    'http://',
    'https://user:secret@a.example/',
    'xhttps://a.example',
    '<a href="x">',
  ]) {
    assert.deepEqual(links(text), [], text)
  }
})

test('the pieces joined together are the text', () => {
  for (const text of [
    '',
    'no link',
    'https://a.example',
    'a https://a.example, b\nhttp://b.example?q=(x) 完',
    'https://[::1]:x/ https://',
  ]) {
    assert.equal(
      withLinks(text)
        .map(piece => (typeof piece === 'string' ? piece : piece.text))
        .join(''),
      text,
    )
  }
})
