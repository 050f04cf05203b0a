/** How messages and cards are read for drawing. Pure. */

const ENDED = new Set(['settled', 'awaiting_return', 'refused', 'withdrawn', 'closed'])

/** Who speaks, always said. */
export function speaker(message) {
  if (message.from === 'bot') return '助手'
  if (message.from === 'agent') return message.by ? `客服${message.by}` : '人工客服'
  if (message.from === 'system') return '系统'
  return '我'
}

/**
 * The choices of a message by what they are: of an offer's options (same order as the card's),
 * of orders to pick from, and plain quick replies.
 */
export function sorted(message) {
  const choices = message.choices ?? []
  const options = message.card?.kind === 'offer' ? message.card.options.length : 0
  const rest = choices.slice(options)
  return {
    options: choices.slice(0, options),
    orders: rest.filter((choice) => isOrder(choice)),
    plain: rest.filter((choice) => !isOrder(choice)),
  }
}

// 「就是这件」 is a line's button, too, but has no order to show.
const isOrder = (choice) => /(^|\W)line:/.test(choice.id) && orderLabel(choice.label).paid !== ''

/** An order button's label 「商品 规格（11月2日，499.00元）」 in its parts; unparsed it is all title. */
export function orderLabel(label) {
  const found = /^(.*)（([^（）]*)，([^（），]*)）$/.exec(label)
  return found ? { title: found[1], day: found[2], paid: found[3] } : { title: label, day: '', paid: '' }
}

/**
 * { before, after }: what is said around a card that already shows the rest, so that nothing is read twice.
 * A text of an unforeseen shape is shown whole, before the card.
 */
export function around(message) {
  const { text, card } = message
  if (card?.kind === 'offer') {
    const shown = new Set(card.options.flatMap((option, index) => [option.text, `${index + 1}. ${option.text}`]))
    return { before: text.split('\n').filter((line) => !shown.has(line)).join('\n'), after: '' }
  }
  if (card?.kind === 'refused' && card.reasons.length && card.options.length) {
    const lastWay = card.options[card.options.length - 1]
    const start = text.indexOf(card.reasons[0].text)
    const end = text.lastIndexOf(lastWay)
    if (start >= 0 && end > start) return { before: text.slice(0, start).trim(), after: text.slice(end + lastWay.length).trim() }
  }
  return { before: text, after: '' }
}

/**
 * The computation of a price difference as rows [name, value-in-fen-or-text], from the facts of rule PP-24
 * (contracts.md section 4 reasons); [] where the card carries none.
 */
export function priceRows(card, yuan) {
  const paying = (card.reasons ?? []).find((reason) => reason.facts && 'base' in reason.facts && 'diff' in reason.facts)
  if (!paying) return []
  const { base, now, kept, ratio, diff } = paying.facts
  const before = (card.reasons ?? []).find((reason) => reason.rule === 'PP-19')?.facts?.paid ?? 0
  const rows = [['下单时每件实付', yuan(base)], ['现在每件', yuan(now)], ['每件降价', yuan(base - now)], ['件数', `× ${kept}`]]
  if (ratio !== undefined && ratio !== 1) rows.push(['约定比例', `× ${Math.round(ratio * 100)}%`])
  if (before) rows.push(['之前已补', `− ${yuan(before)}`])
  return [...rows, ['应补差价', yuan(diff)]]
}

/**
 * The seqs of the offers that can no longer be accepted: their case ended, or was settled or handed over after them
 * (what a person offers afterwards can be accepted again).
 */
export function closedOffers(messages, latest) {
  const closed = new Set()
  const after = new Set(latest && ENDED.has(latest.state) ? [latest.case_id] : [])
  for (const { seq, card } of [...messages].reverse()) {
    if (card?.kind === 'settled' || card?.kind === 'handed_over') after.add(card.case_id)
    if (card?.kind === 'offer' && after.has(card.case_id)) closed.add(seq)
  }
  return closed
}

const STEPS = ['已登记', '核对', '定方案', '办理', '完成']

/** { names, active, note }: where a case stands as steps. `active` is the step being done. */
export function steps(latest) {
  const names = [...STEPS]
  const paid = latest.ledger.length > 0 && latest.ledger.every((row) => row.state === 'paid' || row.state === 'cancelled')
  switch (latest.state) {
    case 'open':
      return { names, active: 1 }
    case 'awaiting_evidence':
      names[1] = '等您补凭证'
      return { names, active: 1 }
    case 'negotiating':
      names[2] = '等您选方案'
      return { names, active: 2 }
    case 'with_person':
      names[2] = '人工处理中'
      return { names, active: 2 }
    case 'awaiting_return':
      names[3] = '等您寄回'
      return { names, active: 3 }
    case 'settled':
      return { names, active: paid ? 4 : 3 }
    case 'refused':
      return { names: ['已登记', '核对', '未能支持'], active: 2 }
    case 'withdrawn':
      return { names: ['已登记', '已撤回'], active: 1 }
    default:
      return { names, active: 4 }
  }
}

/** The next deadline still ahead of `now` (ms), or undefined; ended cases have none. */
export function nextDeadline(latest, now) {
  if (ENDED.has(latest.state) && latest.state !== 'awaiting_return') return undefined
  return [...(latest.deadlines ?? [])].filter(({ at }) => Date.parse(at) > now).sort((a, b) => Date.parse(a.at) - Date.parse(b.at))[0]
}
