import assert from 'node:assert/strict'
import { test } from 'node:test'
import { csv, tiles, understanding } from '../src/insight/numbers.js'

const numbers = {
  cases: { total: 10, by_bot: 7, by_person: 2, open: 1 },
  money: { paid_fen: 20000, owed_fen: 17000, goodwill_fen: 3000, budget: { month: '2026-11', month_fen: 10000, goodwill_fen: 3000, spent: false }, price_protection_fen: 5000, by_remedy: [{ remedy: 'price_difference', fen: 5000, count: 1 }] },
  refusals: { count: 3, decided: 10, warn_at: 0.2, reasons: [{ rule: 'PP-01', text: '没有价保', count: 3 }] },
  times: { first_answer_seconds: { p50: 2, p95: 9 }, end_seconds: { p50: 300, p95: null } },
  ratings: { average: 4.5, count: 2 },
  by_day: [{ day: '2026-11-25', cases: 10, paid_fen: 20000 }],
  by_issue: [{ name: 'price_drop', count: 4 }],
  by_hour: Array(24).fill(0),
  by_tier: [{ name: 'vip', count: 3 }],
  by_product: [{ sku_id: 's', title: '保温杯', count: 2, paid_fen: 990, issues: [] }],
  understood: { heard: 40, unsure: 3, ask_below: 0.45, unsure_intents: [{ name: 'policy', count: 2 }, { name: 'refund', count: 1 }], listening: true },
  unanswered: [{ text: '=HYPERLINK("x")', at: '2026-11-25T10:00:00+08:00' }],
  advice: [],
}

const warned = (told) => tiles(told).filter((tile) => tile[3]).map(([name]) => name)

test('too many refusals are warned of, and a budget only when goodwill has spent it, however much was owed', () => {
  assert.deepEqual(warned(numbers), ['拒绝率'])
  const spent = { ...numbers, money: { ...numbers.money, budget: { month: '2026-11', month_fen: 3000, goodwill_fen: 3000, spent: true } } }
  assert.deepEqual(warned(spent), ['拒绝率', '11 月善意预算'])
})

test('what is owed, what was given beyond it and the budget are told apart', () => {
  const shown = Object.fromEntries(tiles(numbers).map(([name, value, note]) => [name, [value, note]]))
  assert.equal(shown['应得'][0], '170.00元')
  assert.equal(shown['善意补偿'][0], '30.00元')
  assert.deepEqual(shown['11 月善意预算'], ['100.00元', '已给 30.00元（30.0%）'])
  const none = tiles({ ...numbers, money: { ...numbers.money, budget: null } })
  assert.deepEqual(none.at(-1).slice(0, 2), ['善意预算', '没有设'])
})

test('a period without cases shows no numbers that are none', () => {
  const empty = { ...numbers, cases: { total: 0, by_bot: 0, by_person: 0, open: 0 }, refusals: { count: 0, decided: 0, warn_at: 0.2, reasons: [] }, ratings: { average: null, count: 0 } }
  const shown = Object.fromEntries(tiles(empty).map(([name, value]) => [name, value]))
  assert.equal(shown['拒绝率'], '—')
  assert.equal(shown['评分'], '—')
})

test('how much was understood is told, and why nothing was where no RabbitMQ is connected', () => {
  const { text, rows } = understanding(numbers.understood)
  assert.match(text, /听了 40 句话，拿不准（把握不到 45%）的有 3 句，占 7\.5%/)
  assert.deepEqual(rows, [['问售后规则', 2], ['退款', 1]])
  assert.doesNotMatch(text, /RabbitMQ/)
  const nothing = { heard: 0, unsure: 0, ask_below: 0.45, unsure_intents: [] }
  assert.match(understanding({ ...nothing, listening: false }).text, /没有连上 RabbitMQ/)
  assert.equal(understanding({ ...nothing, listening: true }).text, '这段时间没有。')
  assert.match(understanding({ ...numbers.understood, listening: false }).text, /新说的话不在内/)
})

test('the CSV has the numbers, and no customer\'s words run as a formula', () => {
  const text = csv(numbers)
  assert.match(text, /"问题类型","降价","4"/)
  assert.match(text, /"最常拿不准","问售后规则","2"/)
  assert.match(text, /"付款方式（元）","补差价","50\.00"/)
  assert.match(text, /"'=HYPERLINK\(""x""\)"/)
})
