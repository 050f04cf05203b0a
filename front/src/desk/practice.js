/** The practice told in words. Pure; shapes are those of /api/v1/desk/practice. */

import { yuan } from '../shared/money.js'
import { remedyName } from '../shared/words.js'

const EVIDENCE = { none: '没有', some: '有，看得不太清', strong: '有，看得清楚' }
const ENDS = { bot: '谈妥', person: '转给别人', dispute: '找平台了', churn: '顾客走了' }

/** What is known of the case: [name, value]. */
export function facts(known) {
  return [
    ['实付', yuan(known.value_fen)],
    ['损失', `约 ${Math.round(known.severity * 100)}%`],
    ['凭证', EVIDENCE[known.evidence]],
    ['签收', known.within_days ? '七天内' : '超过七天'],
    ['同款库存', known.in_stock ? '有' : '没有'],
    ['应付', known.owed.map(([remedy, fen]) => offered({ remedy, fen })).join(' 或 ') || '无'],
    ['底线 / 上限', `${yuan(known.floor_fen)} / ${yuan(known.cap_fen)}`],
  ]
}

const offered = ({ remedy, fen }) => remedyName(remedy) + (fen ? ` ${yuan(fen)}` : '')

/** A move of one's own, as it is said. */
export function moveSaid(move) {
  return { evidence: '麻烦发一下问题部位的照片。', end: '抱歉，只能这样了。' }[move.act] ?? `给您的方案：${offered(move)}。`
}

/** The conversation as [who, words]: the customer's opening, then each move with its answer. */
export function conversation(said, moves) {
  return said.flatMap((text, index) => [...(index ? [['我', moveSaid(moves[index - 1])]] : []), ['顾客', text]])
}

/** The score: { points, rows: [name, mine, the assistant's], faults: [text] }. */
export function told(score) {
  return {
    points: score.points,
    rows: [
      ['结果', ENDS[score.end], ENDS[score.product_end]],
      ['花了', yuan(score.direct_fen), yuan(score.product_direct_fen)],
      ['顾客满意', `${Math.round(score.content * 100)}%`, `${Math.round(score.product_content * 100)}%`],
    ],
    faults: [
      ...(score.lawful ? [] : ['顾客依法应得的没有给到，也没有告诉他：最多 40 分。']),
      ...(score.above_cap ? ['给的超过了上限，真的案件里要主管确认：最多 60 分。'] : []),
    ],
  }
}
