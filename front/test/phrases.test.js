import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canned, suggested } from '../src/desk/phrases.js'

test('canned replies are filled from the case, or not offered', () => {
  const texts = canned({ 客服: '小李', 商品: '保温杯' }).map(({ text }) => text)
  assert.ok(texts.some((text) => text.includes('人工客服小李')))
  assert.ok(texts.every((text) => !text.includes('undefined') && !text.includes('{')))
  assert.ok(!texts.some((text) => text.includes('核实订单')))
})

test('the suggested reply says what is owed with the amount of the assessment', () => {
  const text = suggested({
    decision: 'owed',
    reasons: [{ text: '少了两件。' }],
    remedies: [{ remedy: 'refund_part', fen: 1990, kind: 'owed' }, { remedy: 'coupon', fen: 500, kind: 'negotiable' }],
    options_for_customer: [],
  })
  assert.match(text, /部分退款 19\.90元/)
  assert.doesNotMatch(text, /5\.00元/)
})

test('a suggested refusal gives the reason and the ways left', () => {
  for (const decision of ['refused', 'negotiable']) {
    const text = suggested({ decision, reasons: [{ text: '已过期。' }], remedies: [{ remedy: 'coupon', fen: 500, kind: 'negotiable' }], options_for_customer: ['七天无理由退货'] })
    assert.match(text, /已过期。您还可以：七天无理由退货。/)
  }
})
