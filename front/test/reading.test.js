import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mediaType, problemOf } from '../src/chat/attachment.js'
import { around, closedOffers, orderLabel, priceRows, sorted, speaker, steps } from '../src/chat/reading.js'
import { rowStateName } from '../src/shared/words.js'
import { yuan } from '../src/shared/money.js'

test('who speaks is always said', () => {
  assert.equal(speaker({ from: 'bot' }), '助手')
  assert.equal(speaker({ from: 'agent', by: '小李' }), '客服小李')
  assert.equal(speaker({ from: 'agent' }), '人工客服')
  assert.equal(speaker({ from: 'system' }), '系统')
})

test('an order button falls into title, day and price', () => {
  assert.deepEqual(orderLabel('云岭X9（国行） 256G（11月2日，5999.00元）'), { title: '云岭X9（国行） 256G', day: '11月2日', paid: '5999.00元' })
  assert.equal(orderLabel('别的').title, '别的')
})

test('orders to pick from are told from plain buttons', () => {
  const found = sorted({ choices: [{ id: '3.line:1:1-1', label: '保温杯 500ml（11月2日，79.00元）' }, { id: '1.line:1:1-1', label: '就是这件' }, { id: '3.human', label: '转人工' }] })
  assert.deepEqual(found.orders.map((choice) => choice.id), ['3.line:1:1-1'])
  assert.deepEqual(found.plain.map((choice) => choice.label), ['就是这件', '转人工'])
})

test('choices of an offer belong to its options, the rest are buttons', () => {
  const found = sorted({
    card: { kind: 'offer', options: [{ id: 'o1' }, { id: 'o2' }] },
    choices: [{ id: 'x1' }, { id: 'x2' }, { id: 'x3', label: '换个方案' }],
  })
  assert.deepEqual(found.options.map((choice) => choice.id), ['x1', 'x2'])
  assert.deepEqual(found.plain.map((choice) => choice.label), ['换个方案'])
})

test('a refusal is not said twice, and an unforeseen text is shown whole', () => {
  const card = { kind: 'refused', reasons: [{ text: '原因甲。' }], options: ['办法乙'] }
  const said = around({ text: '查过了：原因甲。（依据：某条）\n您还可以：\n· 办法乙\n不同意请说。', card })
  assert.deepEqual(said, { before: '查过了：', after: '不同意请说。' })
  assert.deepEqual(around({ text: '全新的话', card }), { before: '全新的话', after: '' })
})

test('the price difference is shown as it was worked out', () => {
  const reasons = [
    { rule: 'PP-19', facts: { paid: 1000 } },
    { rule: 'PP-24', facts: { base: 59900, now: 54900, kept: 2, ratio: 0.5, diff: 4000 } },
  ]
  assert.deepEqual(priceRows({ reasons }, yuan).map((row) => row[1]), ['599.00元', '549.00元', '50.00元', '× 2', '× 50%', '− 10.00元', '40.00元'])
  assert.deepEqual(priceRows({ reasons: [{ rule: 'PP-24', text: '…' }] }, yuan), [])
})

test('a hand-over closes the offers before it, not those a person makes afterwards', () => {
  const card = (kind, case_id) => ({ kind, case_id })
  const messages = [
    { seq: 1, card: card('offer', 'a') },
    { seq: 2, card: card('handed_over', 'a') },
    { seq: 3, card: null },
    { seq: 4, card: card('offer', 'a') },
    { seq: 5, card: card('offer', 'b') },
  ]
  assert.deepEqual([...closedOffers(messages, { case_id: 'a', state: 'with_person' })], [1])
  assert.deepEqual([...closedOffers(messages, { case_id: 'a', state: 'closed' })].sort(), [1, 4])
})

test('a case is done only when its money is out', () => {
  assert.equal(steps({ state: 'settled', ledger: [{ state: 'due' }] }).active, 3)
  assert.equal(steps({ state: 'settled', ledger: [{ state: 'paid' }] }).active, 4)
  assert.equal(steps({ state: 'awaiting_evidence', ledger: [] }).names[1], '等您补凭证')
})

test('a file is judged by its bytes, not by its name', () => {
  const bytes = (text) => Uint8Array.from(text, (sign) => sign.charCodeAt(0))
  assert.equal(mediaType(bytes('\xff\xd8\xff\xe0\0\0\0\0\0\0\0\0')), 'image/jpeg')
  assert.equal(mediaType(bytes('RIFF\0\0\0\0WEBP')), 'image/webp')
  assert.equal(mediaType(bytes('\0\0\0\x18ftypmp42')), 'video/mp4')
  assert.equal(mediaType(bytes('\0\0\0\x14ftypqt  ')), null)
  assert.equal(mediaType(bytes('<script>alert(1)')), null)
  assert.match(problemOf(null, 10), /JPG/)
  assert.match(problemOf('image/png', 11 * 1024 * 1024), /10MB/)
  assert.equal(problemOf('video/mp4', 11 * 1024 * 1024), '')
})

test('a coupon is given, not paid back; goods are neither', () => {
  assert.equal(rowStateName({ remedy: 'coupon', state: 'paid' }), '已发放')
  assert.equal(rowStateName({ remedy: 'refund_part', state: 'paid' }), '已退回')
  assert.equal(rowStateName({ remedy: 'exchange', state: 'awaiting_return' }), '等您寄回')
})
