/** Canned replies and the suggested one: words an agent may send or change. Every amount comes from the case. Pure. */

import { yuan } from '../shared/money.js'
import { remedyName } from '../shared/words.js'

/** {顾客} {商品} {订单} are filled from the case; a text whose variable is not known is not offered. */
export const CANNED = [
  { name: '问候', text: '您好，我是人工客服{客服}，您的情况我已经看过了，不用再说一遍，我来处理。' },
  { name: '致歉', text: '{商品}给您添麻烦了，抱歉。我先核对一下，很快答复您。' },
  { name: '稍等', text: '我正在核实订单 {订单}，请稍等几分钟，有结果马上告诉您。' },
  { name: '请补照片', text: '方便的话请发一下问题部位的照片，我看到就往下办；没有也没关系，告诉我一声。' },
  { name: '平台权利', text: '如果您不同意我们的处理，可以申请平台介入，这是您的权利，我们会配合。' },
  { name: '还有别的吗', text: '这件事已经为您登记好了。还有其他要我处理的吗？' },
]

/** The canned texts with the case's values filled in. */
export function canned(values) {
  return CANNED.map(({ name, text }) => ({ name, text: fill(text, values) })).filter(({ text }) => text !== null)
}

function fill(text, values) {
  let whole = true
  const filled = text.replace(/\{([^{}]+)\}/g, (_, name) => {
    if (!values[name]) whole = false
    return values[name]
  })
  return whole ? filled : null
}

/** A reply out of the assessment: what is owed and why, or why not and what is left; "" where the rules say nothing. */
export function suggested(assessment) {
  if (!assessment) return ''
  const reasons = assessment.reasons.map((reason) => reason.text).join('')
  const owed = assessment.remedies.filter(({ kind, remedy }) => kind === 'owed' && remedy !== 'none').map(({ remedy, fen }) => remedyName(remedy) + (fen ? ` ${yuan(fen)}` : ''))
  if (owed.length) return `${reasons}按规则应为您办理：${owed.join('、')}。您看可以吗？`
  if (['refused', 'negotiable'].includes(assessment.decision)) {
    const ways = assessment.options_for_customer.length ? `您还可以：${assessment.options_for_customer.join('；')}。` : ''
    return `${reasons}${ways}您不同意的话可以申请平台介入。`
  }
  return reasons
}
