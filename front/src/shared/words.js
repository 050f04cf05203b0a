/** The Chinese name of every code the contract speaks in. An unknown code is shown as it is, never hidden. */

const named = (table) => (code) => table[code] ?? code

export const remedyName = named({
  refund: '退款', refund_part: '部分退款', return_refund: '退货退款', exchange: '换货', resend: '补发', repair: '维修',
  price_difference: '补差价', coupon: '优惠券', gift: '赠品', freight: '退货运费', medical: '医疗费', none: '说明',
})

export const wishName = named({
  refund: '退款', return_goods: '退货', exchange: '换货', repair: '维修', resend: '补发', cancel_order: '取消订单',
  price_protection: '价保', compensation: '补偿', complaint: '投诉',
})

export const issueName = named({
  quality_defect: '质量问题', not_as_described: '与描述不符', false_advertising: '虚假宣传', counterfeit: '疑似假货',
  safety: '安全问题', wrong_item: '发错货', missing_item: '少件', damaged_in_transit: '运输破损', not_received: '未收到货',
  late_delivery: '发货慢', return_obstructed: '退换受阻', promise_broken: '承诺未兑现', service_attitude: '服务态度',
  pricing_fraud: '价格欺诈', price_drop: '降价', billing_error: '扣款错误', privacy_leak: '信息泄露', change_of_mind: '不想要了',
})

/** What a message was understood to want. */
export const intentName = named({
  refund: '退款', return_goods: '退货', exchange: '换货', repair: '维修', resend: '补发', cancel_order: '取消订单',
  price_protection: '价保', compensation: '补偿', complaint: '投诉', human: '找人工', report_problem: '商品有问题',
  refund_status: '查处理进度', withdraw_request: '撤回申请', logistics: '查物流', invoice: '发票', modify_order: '改订单',
  promotion: '优惠活动', payment: '支付', product_info: '问商品', policy: '问售后规则', account: '账号',
  accept_offer: '接受方案', reject_offer: '不接受方案', counter_offer: '还价', provide_evidence: '给凭证', affirm: '说是',
  deny: '说不是', thank: '道谢', greet: '打招呼', bye: '道别', inform: '说明情况', ask_why: '问为什么', ask_bot: '问是不是机器人',
  insult: '骂人', chitchat: '闲聊', out_of_scope: '与售后无关',
})

export const evidenceName = named({
  photo: '问题部位照片', video: '问题小视频', parcel_photo: '外包装和面单照片', chat: '聊天截图', invoice: '购买凭证',
  medical_record: '就诊票据', price_screenshot: '现价截图', logistics_query: '查件结果', bank_record: '扣款记录',
})

export const stateName = named({
  open: '核对中', negotiating: '等您选方案', awaiting_evidence: '等您补凭证', awaiting_return: '等您寄回', settled: '已办好',
  refused: '未能支持', with_person: '人工处理中', withdrawn: '已撤回', closed: '已结束',
})

/** The same states, as the desk speaks of the customer. */
export const deskStateName = named({
  open: '核对中', negotiating: '协商中', awaiting_evidence: '等凭证', awaiting_return: '等退货', settled: '已办好',
  refused: '已拒绝', with_person: '待人工', withdrawn: '已撤回', closed: '已结束',
})

const moneyStateName = named({ due: '打款中', awaiting_return: '收到退货后退', paid: '已退回', cancelled: '已取消' })
const goodsStateName = named({ due: '已安排', awaiting_return: '等您寄回', paid: '已完成', cancelled: '已取消' })
const couponStateName = named({ due: '发放中', awaiting_return: '收到退货后发放', paid: '已发放', cancelled: '已取消' })

/** Where a ledger row stands, in words that fit its remedy. */
export const rowStateName = ({ remedy, state }) => (GOODS.has(remedy) ? goodsStateName : remedy === 'coupon' ? couponStateName : moneyStateName)(state)

export const humanReasonName = named({
  asked: '顾客要求', safety: '安全', counterfeit: '真伪', legal_claim: '法律主张', privacy: '隐私', complaint: '投诉',
  dispute: '争议', over_limit: '超额度', minor: '未成年人', unknown_rule: '规则未写明', repeated: '多次来访', platform: '平台介入',
})

export const moodName = named({ calm: '平静', upset: '不满', angry: '生气', threatening: '激烈', vulnerable: '需要关照' })

export const orderStatusName = named({
  paid: '待发货', shipped: '运输中', delivered: '已签收', completed: '已完成', closed: '已关闭',
})

export const priceKindName = named({
  direct: '直降', shop_coupon: '店铺券', shop_discount: '店铺满减', livestream: '直播价', flash_sale: '秒杀', member: '会员价',
  signin: '签到', platform_subsidy: '平台补贴', freight: '运费', red_packet: '红包',
})

export const tierName = named({ normal: '普通顾客', vip: '会员' })

/** Remedies that are goods, not money: their ledger rows carry fen 0. */
export const GOODS = new Set(['exchange', 'resend', 'repair', 'gift'])

/** Whether a message's text only stands for its file, as 「[图片]」 does in a transcript. */
export const isPlaceholder = (message) => message.card?.kind === 'file' && /^\[[^\]]+\]$/.test(message.text)
