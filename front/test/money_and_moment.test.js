import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fenOf, yuan } from '../src/shared/money.js'
import { clock, dayName, left, moment } from '../src/shared/moment.js'

test('fen become yuan with two decimals', () => {
  assert.equal(yuan(0), '0.00元')
  assert.equal(yuan(5), '0.05元')
  assert.equal(yuan(50000), '500.00元')
  assert.equal(yuan(-1230), '-12.30元')
})

test('what an agent types becomes fen, or nothing', () => {
  for (const [text, fen] of [['12', 1200], ['12.3', 1230], [' 0.05 ', 5], ['19.99', 1999]]) assert.equal(fenOf(text), fen)
  for (const text of ['', '1.234', '-3', '十元', '1e3', '99999999']) assert.equal(fenOf(text), null)
})

test('times are shown in the shop\'s zone', () => {
  assert.equal(clock('2026-11-25T06:05:00+00:00'), '14:05')
  assert.equal(moment('2026-11-25T23:30:00+00:00'), '11月26日 07:30')
  assert.equal(dayName('2026-11-25T15:59:00Z', '2026-11-25T16:01:00Z'), '昨天')
})

test('a deadline counts down and says when it is past', () => {
  const now = Date.parse('2026-11-25T00:00:00Z')
  assert.equal(left('2026-11-27T03:00:00Z', now), '2天3小时')
  assert.equal(left('2026-11-25T00:05:12Z', now), '5分12秒')
  assert.equal(left('2026-11-24T23:00:00Z', now), '已超时 1小时0分')
})
