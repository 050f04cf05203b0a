import assert from 'node:assert/strict'
import { test } from 'node:test'
import { csv, tiles } from '../src/insight/numbers.js'

const numbers = {
  cases: { total: 10, by_bot: 7, by_person: 2, open: 1 },
  money: { paid_fen: 20000, budget_fen: 10000, price_protection_fen: 5000, by_remedy: [{ remedy: 'price_difference', fen: 5000, count: 1 }] },
  refusals: { count: 3, decided: 10, warn_at: 0.2, reasons: [{ rule: 'PP-01', text: '没有价保', count: 3 }] },
  times: { first_answer_seconds: { p50: 2, p95: 9 }, end_seconds: { p50: 300, p95: null } },
  ratings: { average: 4.5, count: 2 },
  by_day: [{ day: '2026-11-25', cases: 10, paid_fen: 20000 }],
  by_issue: [{ name: 'price_drop', count: 4 }],
  by_hour: Array(24).fill(0),
  by_tier: [{ name: 'vip', count: 3 }],
  by_product: [{ sku_id: 's', title: '保温杯', count: 2, paid_fen: 990, issues: [] }],
  unanswered: [{ text: '=HYPERLINK("x")', at: '2026-11-25T10:00:00+08:00' }],
  advice: [],
}

test('money over budget and too many refusals are warned of', () => {
  const warned = tiles(numbers).filter((tile) => tile[3]).map(([name]) => name)
  assert.deepEqual(warned, ['付出', '拒绝率'])
})

test('a period without cases shows no numbers that are none', () => {
  const empty = { ...numbers, cases: { total: 0, by_bot: 0, by_person: 0, open: 0 }, refusals: { count: 0, decided: 0, warn_at: 0.2, reasons: [] }, ratings: { average: null, count: 0 } }
  const shown = Object.fromEntries(tiles(empty).map(([name, value]) => [name, value]))
  assert.equal(shown['拒绝率'], '—')
  assert.equal(shown['评分'], '—')
})

test('the CSV has the numbers, and no customer\'s words run as a formula', () => {
  const text = csv(numbers)
  assert.match(text, /"问题类型","降价","4"/)
  assert.match(text, /"付款方式（元）","补差价","50\.00"/)
  assert.match(text, /"'=HYPERLINK\(""x""\)"/)
})
