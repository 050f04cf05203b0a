/** What a changed policy would have meant for past cases, in words. Pure; the shape is POST /api/v1/policy/preview's. */

import { yuan } from '../shared/money.js'
import { remedyName } from '../shared/words.js'

/** The whole in a few sentences. */
export function inWords({ total, unreadable }) {
  if (!total.cases) return ['还没有可以重算的案件；检查通过，可以生效。']
  const lines = [`重算了过去 ${total.cases} 件案件：${total.changed ? `${total.changed} 件的结果会不同` : '结果都不变'}。`]
  if (total.more || total.less) lines.push(`最多能得的，${total.more} 件变多，${total.less} 件变少。`)
  if (total.offered_more || total.offered_less) lines.push(`一开口给的方案，${total.offered_more} 件更值，${total.offered_less} 件更少。`)
  for (const [name, before, after] of [
    ['应付合计', total.before_owed_fen, total.after_owed_fen],
    ['预计花费', total.before_spend_fen, total.after_spend_fen],
    ['助手最多能付', total.before_most_fen, total.after_most_fen],
  ]) if (before !== after) lines.push(`${name}：${yuan(before)} → ${yuan(after)}（${after > before ? '多' : '少'} ${yuan(Math.abs(after - before))}）。`)
  if (total.before_persons !== total.after_persons) lines.push(`转人工：${total.before_persons} 件 → ${total.after_persons} 件。`)
  if (unreadable) lines.push(`另有 ${unreadable} 件的事实已经不全，没有重算。`)
  return lines
}

/** One side of a changed case: "应付 20.00元：部分退款；最多 30.00元；转人工". */
export function sideInWords(side) {
  const named = side.remedies.map(remedyName).join('、') || '无'
  const parts = [side.owed_fen ? `应付 ${yuan(side.owed_fen)}：${named}` : `没有应付，可给：${named}`, `最多 ${yuan(side.most_fen)}`]
  return [...parts, ...(side.person ? ['转人工'] : [])].join('；')
}
