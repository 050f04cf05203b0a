import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inWords, sideInWords } from '../src/insight/preview.js'

const same = {
  cases: 3, changed: 0, more: 0, less: 0, offered_more: 0, offered_less: 0, before_owed_fen: 900, after_owed_fen: 900,
  before_most_fen: 900, after_most_fen: 900, before_spend_fen: 900, after_spend_fen: 900, before_persons: 1, after_persons: 1,
}

test('a policy that changes nothing says so, and nothing else', () => {
  assert.deepEqual(inWords({ total: same, unreadable: 0 }), ['重算了过去 3 件案件：结果都不变。'])
})

test('who gets less and what it costs is said with amounts', () => {
  const text = inWords({ total: { ...same, changed: 2, less: 2, after_most_fen: 400, after_persons: 3 }, unreadable: 1 }).join('')
  assert.match(text, /2 件的结果会不同/)
  assert.match(text, /0 件变多，2 件变少/)
  assert.match(text, /助手最多能付：9\.00元 → 4\.00元（少 5\.00元）/)
  assert.match(text, /转人工：1 件 → 3 件/)
  assert.match(text, /另有 1 件/)
})

test('one side of a case names what is owed, the most, and the person', () => {
  assert.equal(sideInWords({ remedies: ['refund_part'], owed_fen: 2000, most_fen: 3000, person: 'over_limit' }), '应付 20.00元：部分退款；最多 30.00元；转人工')
})
