/** Names only the desk needs: facts, decisions, answers, acts. An unknown code is shown as it is. */

import { yuan } from '../shared/money.js'

const named = (table) => (code) => table[code] ?? code

export const decisionName = named({ owed: '应付', negotiable: '可协商', needs_evidence: '需要凭证', refused: '不能支持', human: '由人决定' })
export const freightName = named({ merchant: '商家承担', customer: '顾客承担', insurance: '运费险', none: '无' })

export const labelName = named({
  return7: '七天无理由', no_return7_opened: '拆封不退', no_return7_activated: '激活不退', no_return7_customised: '定制不退',
  no_return7_fresh: '生鲜不退', instant_refund: '极速退款', freight_insurance: '运费险', broken_refund: '坏了包退', price_protection: '价保',
})

export const factName = named({
  affected_share: '坏的比例', affected_count: '坏的件数', pieces: '总件数', used_share: '用掉的比例', sealed: '未拆封', intact: '完好', activated: '已激活', address_confirmed: '地址无误',
  placed_without_consent: '未经同意放置', proof_of_delivery: '有签收证明', merchant_refusals: '商家拒绝次数', repairs_done: '已修次数',
  visits_24h: '24小时来访', paid_twice_fen: '重复扣款', medical_fen: '医疗费', return_freight_fen: '退货运费', gift_fen: '赠品价值',
  gift_changed: '赠品变了', minor_defect: '轻微瑕疵', gross_mismatch: '严重不符', minor: '未成年人', asked_human: '要求人工',
  customer_disagrees: '不同意结论', wish_assumed: '诉求是推断的', safety_kind: '安全问题', fresh_problem: '生鲜问题', promised: '商家承诺', promised_other: '说的是时间以外的承诺',
  claims_90d: '近90天申请', rejected_claims_90d: '近90天被拒', orders_90d: '近90天订单', empty_returns_90d: '近90天空包退回', shared_pictures: '图片在别的订单用过',
  month_fen: '本月善意补偿预算', goodwill_fen: '本月已付善意补偿',
})

/** A claimed fact's value in words. */
export function factValue(name, value) {
  if (typeof value === 'boolean') return value ? '是' : '否'
  if (name.endsWith('_share')) return `${Math.round(value * 100)}%`
  if (name.endsWith('_fen')) return yuan(value)
  return Array.isArray(value) ? value.join('、') : String(value)
}

/** What the customer did with an offer. */
export function answerName(answer) {
  if (!answer) return '等答复'
  return { accept: '接受', reject: '没接受', counter: '还价', ask_why: '问原因', human: '要人工', leave: '离开' }[answer.act] ?? answer.act
}

export const actName = named({
  accept_offer: '接受方案', evidence: '提交凭证', settle: '办理', withdraw: '撤回', urge_shipping: '催发货', hand_over: '转人工',
  refuse: '拒绝', raise_cap: '提高上限', offer: '给方案', refuse_offer: '方案被账本挡下', claim: '接手', approve: '批准应付',
  put_order: '对上订单', ask_evidence: '要凭证', request_evidence: '要凭证', return_to_bot: '交回助手', resolve: '办结', transfer: '转给同事', release: '放回队列', note: '记备注', reply: '回复',
})
