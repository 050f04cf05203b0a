/** How the numbers of GET /api/v1/insight are told and drawn. Pure. The shape is written down in ../../README.md. */

import { span } from '../shared/moment.js'
import { yuan } from '../shared/money.js'
import { intentName, issueName, remedyName, tierName } from '../shared/words.js'

const BRAND = '#a8392a'
const GREEN = '#1f6b4a'
const share = (part, whole) => (whole ? `${((100 * part) / whole).toFixed(1)}%` : '—')
const seconds = (value) => (value === null || value === undefined ? '—' : span(value))

/** The tiles on top: [name, value, note, isWarning]. */
export function tiles({ cases, money, refusals, times, ratings }) {
  return [
    ['售后', `${cases.total} 件`, `未了结 ${cases.open} 件`, false],
    ['助手办结', share(cases.by_bot, cases.total), `人工 ${share(cases.by_person, cases.total)}`, false],
    ['拒绝率', share(refusals.count, refusals.decided), `警戒线 ${(refusals.warn_at * 100).toFixed(0)}%`, refusals.decided > 0 && refusals.count / refusals.decided >= refusals.warn_at],
    ['首次答复', seconds(times.first_answer_seconds.p50), `95% 在 ${seconds(times.first_answer_seconds.p95)} 内`, false],
    ['办结用时', seconds(times.end_seconds.p50), `95% 在 ${seconds(times.end_seconds.p95)} 内`, false],
    ['评分', ratings.average === null ? '—' : ratings.average.toFixed(1), `${ratings.count} 人评价`, ratings.average !== null && ratings.average < 3.5],
    ['付出', yuan(money.paid_fen), `其中价保 ${yuan(money.price_protection_fen)}`, false],
    ['应得', yuan(money.owed_fen), '法律和承诺该给的，不受预算限制', false],
    ['善意补偿', yuan(money.goodwill_fen), '付在应得之外的', false],
    budgetTile(money.budget),
  ]
}

/** Goodwill alone is held against the budget, by the month: what is owed is never stopped. */
function budgetTile(budget) {
  if (!budget) return ['善意预算', '没有设', '善意补偿不设上限', false]
  const { month, month_fen, goodwill_fen, spent } = budget
  return [`${Number(month.slice(5))} 月善意预算`, yuan(month_fen), `已给 ${yuan(goodwill_fen)}（${share(goodwill_fen, month_fen)}）${spent ? '，不再给善意补偿' : ''}`, spent]
}

function bars(rows, valueName, format) {
  const axis = { type: 'value', axisLabel: format ? { formatter: format } : {}, minInterval: format ? undefined : 1 }
  return {
    grid: { left: 8, right: 40, top: 8, bottom: 8, containLabel: true },
    tooltip: { trigger: 'axis', renderMode: 'richText' },
    xAxis: axis,
    yAxis: { type: 'category', inverse: true, data: rows.map(([name]) => name), axisTick: { show: false } },
    series: [{ type: 'bar', name: valueName, data: rows.map(([, value]) => value), itemStyle: { color: BRAND }, barMaxWidth: 22, label: { show: true, position: 'right' } }],
  }
}

const said = (rows, unit) => rows.map(([name, value]) => `${name} ${value}${unit}`).join('，') || '没有'

/** The pictures: { title, option, label, empty }; `label` says the same in words. */
export function pictures({ by_day, by_issue, by_hour, by_tier, money }) {
  const issues = by_issue.map(({ name, count }) => [issueName(name), count])
  const remedies = money.by_remedy.map(({ remedy, fen }) => [remedyName(remedy), fen / 100])
  const tiers = by_tier.map(({ name, count }) => [tierName(name), count])
  const hours = by_hour.map((count, hour) => [`${hour}时`, count])
  return [
    { title: '每天的售后与付款', option: days(by_day), label: said(by_day.map((each) => [each.day, each.cases]), '件'), empty: !by_day.length, wide: true },
    { title: '问题类型', option: bars(issues, '件'), label: said(issues, '件'), empty: !issues.length },
    { title: '付款方式（元）', option: bars(remedies, '元', '{value}'), label: said(remedies, '元'), empty: !remedies.length },
    { title: '几点来找客服', option: columns(hours, '件'), label: said(hours, '件'), empty: by_hour.every((count) => !count) },
    { title: '顾客分组', option: bars(tiers, '件'), label: said(tiers, '件'), empty: !tiers.length },
  ]
}

function columns(rows, name) {
  return {
    grid: { left: 8, right: 8, top: 16, bottom: 8, containLabel: true },
    tooltip: { trigger: 'axis', renderMode: 'richText' },
    xAxis: { type: 'category', data: rows.map(([key]) => key) },
    yAxis: { type: 'value', minInterval: 1 },
    series: [{ type: 'bar', name, data: rows.map(([, value]) => value), itemStyle: { color: BRAND } }],
  }
}

function days(rows) {
  return {
    grid: { left: 8, right: 8, top: 36, bottom: 8, containLabel: true },
    legend: { top: 0 },
    tooltip: { trigger: 'axis', renderMode: 'richText' },
    xAxis: { type: 'category', data: rows.map(({ day }) => day.slice(5)) },
    yAxis: [{ type: 'value', minInterval: 1 }, { type: 'value', splitLine: { show: false } }],
    series: [
      { type: 'bar', name: '件', data: rows.map(({ cases }) => cases), itemStyle: { color: BRAND }, barMaxWidth: 22 },
      { type: 'line', name: '付款（元）', yAxisIndex: 1, data: rows.map(({ paid_fen }) => paid_fen / 100), itemStyle: { color: GREEN } },
    ],
  }
}

/** How much of what customers said was understood: { text, rows: [[intent, count]] } of what was least sure. */
export function understanding({ heard, unsure, ask_below, unsure_intents, listening }) {
  const off = '现在没有连上 RabbitMQ'
  if (!heard) return { text: listening ? '这段时间没有。' : `${off}，所以没有记下听懂了多少：设好 HEQI_RABBITMQ_URL 之后说的话才算得到。`, rows: [] }
  const text = `听了 ${heard} 句话，拿不准（把握不到 ${(ask_below * 100).toFixed(0)}%）的有 ${unsure} 句，占 ${share(unsure, heard)}；拿不准的不直接照办，会再问。`
  return { text: listening ? text : `${text}${off}，新说的话不在内。`, rows: unsure_intents.map(({ name, count }) => [intentName(name), count]) }
}

/** Everything as one CSV that a spreadsheet opens: section, name, value. */
export function csv(numbers) {
  const rows = [['栏目', '名称', '数值']]
  for (const [name, value, note] of tiles(numbers)) rows.push(['总览', name, note ? `${value}（${note}）` : value])
  for (const { day, cases, paid_fen } of numbers.by_day) rows.push(['每天', day, cases], ['每天付款（元）', day, (paid_fen / 100).toFixed(2)])
  for (const { name, count } of numbers.by_issue) rows.push(['问题类型', issueName(name), count])
  for (const { remedy, fen } of numbers.money.by_remedy) rows.push(['付款方式（元）', remedyName(remedy), (fen / 100).toFixed(2)])
  numbers.by_hour.forEach((count, hour) => rows.push(['时段', `${hour}时`, count]))
  for (const { name, count } of numbers.by_tier) rows.push(['顾客分组', tierName(name), count])
  for (const { title, count, paid_fen } of numbers.by_product) rows.push(['商品（件）', title, count], ['商品付款（元）', title, (paid_fen / 100).toFixed(2)])
  for (const { text, count } of numbers.refusals.reasons) rows.push(['拒绝理由', text, count])
  rows.push(['听懂了多少', understanding(numbers.understood).text, numbers.understood.heard])
  for (const [name, count] of understanding(numbers.understood).rows) rows.push(['最常拿不准', name, count])
  for (const { text, at } of numbers.unanswered) rows.push(['没听懂的话', text, at])
  return rows.map((row) => row.map(cell).join(',')).join('\r\n')
}

// A cell that begins like a formula would be run by the spreadsheet: customers' words are in here.
function cell(value) {
  const text = String(value)
  return `"${(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text).replace(/"/g, '""')}"`
}
