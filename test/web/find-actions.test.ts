import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findActions } from '@parley/web/desk/find-actions.ts'

const ACTIONS = [
  { action: 'REFUND_STATUS', label: { 'zh-CN': '退款进度', en: 'Refund status' } },
  { action: 'RETURN_REQUEST', label: { 'zh-CN': '退货', en: 'A return' } },
  { action: 'COUPON_QUERY', label: { 'zh-CN': '优惠券', en: 'Vouchers' } },
]
const found = (typed: string): string[] => findActions(ACTIONS, typed).map(({ action }) => action)

test('an action is found by part of its name in either language or of its id, whatever the case and width, what begins so first', () => {
  assert.deepEqual(found(''), ['REFUND_STATUS', 'RETURN_REQUEST', 'COUPON_QUERY'])
  assert.deepEqual(found('退'), ['REFUND_STATUS', 'RETURN_REQUEST'])
  assert.deepEqual(found('退货'), ['RETURN_REQUEST'])
  assert.deepEqual(found('STATUS ref'), ['REFUND_STATUS'])
  assert.deepEqual(found('coupon_q'), ['COUPON_QUERY'])
  assert.deepEqual(found('ＶＯＵＣＨ'), ['COUPON_QUERY'])
  assert.deepEqual(found('u'), ['REFUND_STATUS', 'RETURN_REQUEST', 'COUPON_QUERY'])
  assert.deepEqual(found('return'), ['RETURN_REQUEST'])
  assert.deepEqual(found('nothing'), [])
})
