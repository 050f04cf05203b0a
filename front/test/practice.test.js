import assert from 'node:assert/strict'
import { test } from 'node:test'
import { conversation, facts, told } from '../src/desk/practice.js'

test('every answer of the customer follows the move it answers', () => {
  const lines = conversation(['坏了。', '好。', '行。'], [{ act: 'evidence' }, { act: 'offer', remedy: 'refund_part', fen: 500 }])
  assert.deepEqual(lines.map(([who]) => who), ['顾客', '我', '顾客', '我', '顾客'])
  assert.equal(lines[3][1], '给您的方案：部分退款 5.00元。')
})

test('what is owed is told with its amount', () => {
  const known = { value_fen: 8900, severity: 0.5, evidence: 'none', within_days: true, in_stock: false, owed: [['return_refund', 8900], ['exchange', 0]], floor_fen: 8900, cap_fen: 8900 }
  assert.deepEqual(Object.fromEntries(facts(known))['应付'], '退货退款 89.00元 或 换货')
})

test('a missed law and a broken cap are said', () => {
  const score = { points: 40, end: 'churn', lawful: false, above_cap: true, direct_fen: 0, content: 0.31, product_end: 'bot', product_direct_fen: 700, product_content: 0.9 }
  assert.equal(told(score).faults.length, 2)
  assert.deepEqual(told({ ...score, lawful: true, above_cap: false }).faults, [])
})
