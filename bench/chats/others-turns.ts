// Turns that customers of other shops wrote, with what they are about in the words of our catalogue. Each public set has labels of its own; those whose
// meaning one or a few of our actions cover are here, by their names alone, made before any answer was seen; two of CIC's were mended afterwards to what
// our catalogue says (gifts are promotions, warranty is with faults), and docs/accuracy.md has the figures both ways. A label that our catalogue has
// nothing for is left out, but for what a set itself calls out of scope. None of the sets' text is part of the project.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { DATA_FOLDER, OOS } from '../models/data-sets.ts'

export interface OthersSet {
  readonly title: string
  readonly language: 'zh' | 'en'
  readonly file: string
  /** Undefined: every row. */
  readonly split?: string
  /** The split that whoever writes examples may look at; undefined where a set has none. */
  readonly training?: string
  /** Only rows that have this: they were written by customers. */
  readonly having?: string
  /** The field that says what a turn is about, where it is not `label`. */
  readonly labelled?: string
  /** Which of our actions are right, by the set's label. */
  readonly actions: Readonly<Record<string, readonly string[]>>
}

export interface OthersTurn {
  readonly text: string
  readonly label: string
  readonly right: readonly string[]
}

const OUT = ['OUT_OF_SCOPE'] as const
const out = (labels: string): OthersSet['actions'] =>
  Object.fromEntries(
    labels
      .trim()
      .split(/\s+/)
      .map(label => [label, OUT]),
  )

/**
 * All labels of Banking, Auto & Commute, Travel, Utility and Work. Of the other domains a shop answers some: Kitchen & Dining (how to prepare what it
 * sells), Home (order_status, shopping_list), Credit Cards (card_declined, rewards), Small Talk (greeting, thank_you), Meta (yes, no, cancel).
 */
const FOREIGN_DOMAINS_OF_CLINC150 = `
  account_blocked balance bill_balance bill_due freeze_account interest_rate min_payment order_checks pay_bill pin_change report_fraud routing
  spending_history transactions transfer
  current_location directions distance gas gas_type jump_start last_maintenance mpg oil_change_how oil_change_when schedule_maintenance tire_change
  tire_pressure traffic uber
  book_flight book_hotel car_rental carry_on exchange_rate flight_status international_visa lost_luggage plug_type timezone translate travel_alert
  travel_notification travel_suggestion vaccines
  alarm calculator date definition find_phone flip_coin make_call measurement_conversion roll_dice share_location spelling text time timer weather
  direct_deposit income insurance insurance_change meeting_schedule next_holiday payday pto_balance pto_request pto_request_status pto_used
  rollover_401k schedule_meeting taxes w2`

/** All labels but `chat`, whose greetings and thanks are actions of ours, and `cookbook`: how to prepare what a shop sells is PRODUCT_INFO. */
const FOREIGN_DOMAINS_OF_SMP = `
  app bus calc cinemas contacts datetime email epg flight health lottery map match message music news novel poetry radio riddle schedule stock
  telephone train translation tvchannel video weather website`

const Row = z.looseObject({ text: z.string(), label: z.string(), split: z.string() })

export const SETS: readonly OthersSet[] = [
  {
    title: 'CIC, buyers in shop chats (test split)',
    language: 'zh',
    file: 'cic_ecommerce_zh/uniform.jsonl',
    split: 'test',
    training: 'train',
    actions: {
      买家咨询活动规则: ['COUPON_HELP', 'PRICE_INFO'],
      买家咨询商品区别: ['PRODUCT_INFO'],
      买家咨询是否可以指定快递: ['DELIVERY_INFO'],
      买家要求修改收件信息: ['CHANGE_ORDER'],
      '买家表达不满/生气': ['COMPLAINT', 'HUMAN_AGENT'],
      买家咨询商品是否有赠品: ['PRICE_INFO', 'COUPON_HELP', 'PRODUCT_INFO'],
      买家咨询商品重量: ['PRODUCT_INFO'],
      买家咨询能否开发票及发票类型和寄送时间: ['INVOICE_REQUEST'],
      买家咨询是否有活动: ['COUPON_HELP', 'PRICE_INFO'],
      买家催促发货: ['DELIVERY_DELAY', 'TRACK_ORDER', 'DELIVERY_INFO'],
      买家咨询退换货运费由谁承担: ['RETURN_POLICY'],
      买家表示需要退货退款: ['RETURN_REQUEST'],
      买家咨询能否定制: ['PRODUCT_INFO'],
      买家咨询发货时间: ['DELIVERY_INFO', 'TRACK_ORDER'],
      买家咨询商品规格数量: ['PRODUCT_INFO'],
      '买家表示麻烦卖家，表达感谢': ['THANKS'],
      买家咨询退换货规则: ['RETURN_POLICY'],
      买家咨询如何领取优惠券: ['COUPON_HELP'],
      买家咨询物流信息: ['TRACK_ORDER'],
      买家咨询退款时间: ['REFUND_STATUS'],
      '买家咨询商品的材质/面料': ['PRODUCT_INFO'],
      买家表示不想要了: ['CANCEL_ORDER', 'RETURN_REQUEST'],
      买家打招呼: ['GREETING'],
      买家咨询商家是否收到寄回的商品: ['REFUND_STATUS', 'RETURN_REQUEST'],
      买家讨价还价: ['PRICE_INFO', 'COUPON_HELP'],
      买家咨询发什么快递: ['DELIVERY_INFO'],
      '买家咨询补货/上货时间': ['STOCK_CHECK'],
      买家咨询商家发货地: ['DELIVERY_INFO', 'STORE_INFO'],
      买家咨询商品的色差问题: ['PRODUCT_INFO'],
      买家反馈收到的商品有问题: ['PRODUCT_DEFECT', 'COMPENSATE', 'FOOD_SAFETY'],
      买家咨询是否有味道: ['PRODUCT_INFO'],
      买家表示好的: ['AFFIRM'],
      买家咨询运费险赔付规则: ['RETURN_POLICY'],
      买家咨询是否可以打折: ['PRICE_INFO', 'COUPON_HELP'],
      买家咨询到货时间: ['DELIVERY_INFO', 'TRACK_ORDER'],
      买家咨询商品包装: ['PRODUCT_INFO'],
      买家表示商家发错货了: ['WRONG_ITEM'],
      '买家咨询能否分开/一起发货': ['DELIVERY_INFO', 'CHANGE_ORDER'],
      买家抱怨商品涨价了: ['PRICE_PROTECTION', 'PRICE_INFO', 'COMPLAINT'],
      买家咨询商品质量是否有保障: ['PRODUCT_INFO'],
      买家要求改商品信息: ['CHANGE_ORDER'],
      买家要求延迟发货: ['CHANGE_ORDER', 'DELIVERY_INFO'],
      买家咨询商品是什么颜色: ['PRODUCT_INFO'],
      买家表示拍错了: ['CHANGE_ORDER', 'CANCEL_ORDER'],
      买家咨询买多件能否优惠: ['PRICE_INFO', 'COUPON_HELP'],
      买家咨询是否可以发顺丰: ['DELIVERY_INFO'],
      买家表示物流太慢了: ['DELIVERY_DELAY'],
      买家咨询商品价格: ['PRICE_INFO'],
      买家需要商品推荐: ['PRODUCT_INFO'],
      买家咨询退款去向: ['REFUND_STATUS'],
      买家咨询退款金额: ['REFUND_STATUS'],
      '买家表达赞美/满意': ['PRAISE'],
      买家催促回复: ['HUMAN_AGENT', 'GREETING', 'COMPLAINT'],
      买家咨询如何下单: ['PLACE_ORDER'],
      买家咨询快递单号: ['TRACK_ORDER'],
      买家咨询偏远地区是否发货: ['DELIVERY_INFO'],
      买家咨询退换货地址: ['RETURN_POLICY', 'RETURN_REQUEST'],
      买家咨询优惠券使用规则: ['COUPON_HELP'],
      买家咨询运费金额: ['DELIVERY_INFO'],
      买家咨询商品具体尺码尺寸: ['PRODUCT_INFO'],
      买家表示无法下单: ['PLACE_ORDER', 'PAYMENT_ISSUE'],
      买家咨询商品上新时间: ['STOCK_CHECK', 'PRODUCT_INFO'],
      买家咨询能否到付: ['PAYMENT_METHODS', 'DELIVERY_INFO'],
      买家表示优惠券无法使用: ['COUPON_HELP'],
      买家要求补偿: ['COMPENSATE'],
      买家咨询商品产地: ['PRODUCT_INFO'],
      买家发送结束语: ['GOODBYE'],
      买家咨询是否可以微信支付: ['PAYMENT_METHODS'],
      '买家咨询商品是否有质保，质保多久': ['PRODUCT_DEFECT', 'PRODUCT_INFO', 'RETURN_POLICY'],
      买家咨询是否可以拒收: ['RETURN_POLICY', 'RETURN_REQUEST', 'CANCEL_ORDER'],
      买家咨询哪款更好: ['PRODUCT_INFO'],
      买家表示无法申请退款: ['RETURN_REQUEST', 'REFUND_STATUS'],
      买家发送开票信息: ['INVOICE_REQUEST'],
      买家咨询如何加入会员: ['MEMBERSHIP'],
      买家咨询是否有实体店: ['STORE_INFO'],
    },
  },
  {
    title: 'JDDC, customers of an electronics and general shop, amid their chats',
    language: 'zh',
    file: 'jddc_satisfaction_zh/uniform.jsonl',
    labelled: 'action',
    actions: {
      保修返修及退换货政策: ['RETURN_POLICY', 'RETURN_REQUEST', 'EXCHANGE_REQUEST', 'PRODUCT_DEFECT'],
      配送周期: ['DELIVERY_INFO', 'TRACK_ORDER', 'DELIVERY_DELAY'],
      订单状态解释: ['TRACK_ORDER'],
      修改订单: ['CHANGE_ORDER'],
      正常退款周期: ['REFUND_STATUS'],
      发票退换修改: ['INVOICE_REQUEST'],
      价保申请流程: ['PRICE_PROTECTION'],
      联系客服: ['HUMAN_AGENT', 'STORE_INFO'],
      如何取消订单: ['CANCEL_ORDER'],
      服务单查询: ['REFUND_STATUS', 'PRODUCT_DEFECT'],
      使用咨询: ['PRODUCT_INFO'],
      售后维修点查询: ['PRODUCT_DEFECT', 'STORE_INFO'],
      增票相关: ['INVOICE_REQUEST'],
      返回方式: ['RETURN_REQUEST', 'RETURN_POLICY'],
      属性咨询: ['PRODUCT_INFO'],
      是否提供发票: ['INVOICE_REQUEST'],
      查看发票: ['INVOICE_REQUEST'],
      填写发票信息: ['INVOICE_REQUEST'],
      配送方式: ['DELIVERY_INFO'],
      物流全程跟踪: ['TRACK_ORDER'],
      库存状态: ['STOCK_CHECK'],
      联系配送: ['TRACK_ORDER', 'DELIVERY_DELAY'],
      申请退款: ['RETURN_REQUEST'],
      售后运费: ['RETURN_POLICY'],
      近期活动咨询: ['PRICE_INFO', 'COUPON_HELP'],
      拒收: ['RETURN_POLICY', 'RETURN_REQUEST', 'CANCEL_ORDER'],
      查询取消是否成功: ['CANCEL_ORDER'],
      返修退换货处理周期: ['REFUND_STATUS', 'RETURN_POLICY', 'PRODUCT_DEFECT'],
      价保记录查询: ['PRICE_PROTECTION'],
      电子发票: ['INVOICE_REQUEST'],
      商品价格咨询: ['PRICE_INFO'],
      订单签收异常: ['LOST_PARCEL'],
      返回地址: ['RETURN_REQUEST', 'RETURN_POLICY'],
      价保条件: ['PRICE_PROTECTION'],
      商品检索: ['PRODUCT_INFO', 'STOCK_CHECK'],
      什么时间出库: ['TRACK_ORDER', 'DELIVERY_INFO', 'DELIVERY_DELAY'],
      联系商家: ['HUMAN_AGENT', 'STORE_INFO'],
      家电安装: ['INSTALLATION'],
      少商品与少配件: ['MISSING_ITEM'],
      补货时间: ['STOCK_CHECK'],
      购物流程: ['PLACE_ORDER'],
      退款到哪儿: ['REFUND_STATUS'],
      支付方式: ['PAYMENT_METHODS'],
      售前运费多少: ['DELIVERY_INFO'],
      保修期保质期: ['PRODUCT_DEFECT', 'PRODUCT_INFO'],
      正品保障: ['PRODUCT_INFO'],
      包装清单: ['PRODUCT_INFO'],
      能否自提: ['DELIVERY_INFO'],
      无法购买提交: ['PLACE_ORDER'],
      返修退换货拆包装: ['RETURN_POLICY'],
      在线支付: ['PAYMENT_METHODS', 'PAYMENT_ISSUE'],
      发错货: ['WRONG_ITEM'],
      补发票: ['INVOICE_REQUEST'],
      预约配送时间: ['CHANGE_ORDER', 'DELIVERY_INFO'],
      货到付款: ['PAYMENT_METHODS'],
    },
  },
  {
    title: 'ABCD, customers of a clothes shop',
    language: 'en',
    file: 'abcd_partial/uniform_utterances.jsonl',
    having: 'abcd_id',
    actions: {
      'login_issues/forgot_password': ['ACCOUNT_HELP'],
      'login_issues/two_factor_problem': ['ACCOUNT_HELP'],
      'login_issues/forgot_username': ['ACCOUNT_HELP'],
      'login_issues/cant_login': ['ACCOUNT_HELP'],
      'feedback/upset': ['COMPLAINT', 'HUMAN_AGENT'],
      'membership_enquiries/membership_level_benefits': ['MEMBERSHIP'],
      'returns/wrong_size': ['RETURN_REQUEST', 'EXCHANGE_REQUEST', 'WRONG_ITEM'],
      'shipping_issues/confirm_shipping_address': ['CHANGE_ORDER', 'DELIVERY_INFO', 'TRACK_ORDER'],
      'shipping_issues/manage_shipping_details': ['CHANGE_ORDER', 'DELIVERY_INFO'],
      'item_query/material': ['PRODUCT_INFO'],
      'change_details/change_phone_number': ['ACCOUNT_HELP', 'CHANGE_ORDER'],
      'returns/general': ['RETURN_REQUEST', 'RETURN_POLICY'],
      'technical_issues/rejected_credit_card': ['PAYMENT_ISSUE'],
      'conversational/i_dont_need_anything_else': ['GOODBYE', 'DENY', 'THANKS'],
      'shipping_issues/shipping_cost_issue': ['DELIVERY_INFO', 'COMPLAINT', 'PAYMENT_ISSUE'],
      'conversational/ok': ['AFFIRM'],
      'shipping_issues/order_status': ['TRACK_ORDER'],
      'technical_issues/promo_code_issue': ['COUPON_HELP'],
      'membership_enquiries/subscription_status': ['MEMBERSHIP'],
      'shopping_issues/always_out_of_stock': ['STOCK_CHECK'],
      'item_query/color_question': ['PRODUCT_INFO', 'STOCK_CHECK'],
      'membership_enquiries/pay_subscription_fee': ['MEMBERSHIP', 'PAYMENT_METHODS'],
      'feedback/that_was_very_helpful': ['THANKS', 'PRAISE'],
      'shipping_issues/upgrade_shipping_to_overnight': ['DELIVERY_INFO', 'CHANGE_ORDER'],
      'item_query/detachable_hood': ['PRODUCT_INFO'],
      'shipping_issues/do_i_qualify_for_free_shipping': ['DELIVERY_INFO', 'MEMBERSHIP'],
      'conversational/greeting': ['GREETING'],
      'membership_enquiries/when_is_annual_fee_due': ['MEMBERSHIP'],
      'returns/changed_mind': ['RETURN_REQUEST', 'CANCEL_ORDER'],
      'returns/stained_or_damaged': ['PRODUCT_DEFECT', 'COMPENSATE', 'RETURN_REQUEST'],
      'returns/wrong_color': ['WRONG_ITEM', 'RETURN_REQUEST', 'EXCHANGE_REQUEST'],
      'item_query/more_info': ['PRODUCT_INFO'],
      'shipping_issues/query_return_policy': ['RETURN_POLICY'],
      'item_query/waterproofing': ['PRODUCT_INFO'],
      'membership_enquiries/how_long_premium_lasts': ['MEMBERSHIP'],
      'shopping_issues/price_match': ['PRICE_PROTECTION', 'PRICE_INFO'],
      'shopping_issues/negotiate_price': ['PRICE_INFO', 'COUPON_HELP'],
      'membership_enquiries/upgrade_account': ['MEMBERSHIP'],
      'conversational/end_chat': ['GOODBYE'],
      'item_query/longevity': ['PRODUCT_INFO'],
    },
  },
  {
    title: 'HINT3 Curekart, questions to a health shop (test split)',
    language: 'en',
    file: 'hint3/uniform.jsonl',
    split: 'curekart_test',
    training: 'curekart_train',
    actions: {
      REFUNDS_RETURNS_REPLACEMENTS: ['RETURN_REQUEST', 'RETURN_POLICY', 'REFUND_STATUS', 'EXCHANGE_REQUEST'],
      ORIGINAL_PRODUCT: ['PRODUCT_INFO'],
      ORDER_STATUS: ['TRACK_ORDER'],
      ORDER_TAKING: ['PLACE_ORDER'],
      CHAT_WITH_AGENT: ['HUMAN_AGENT'],
      CALL_CENTER: ['STORE_INFO', 'HUMAN_AGENT'],
      CANCEL_ORDER: ['CANCEL_ORDER'],
      CHECK_PINCODE: ['DELIVERY_INFO'],
      DELAY_IN_PARCEL: ['DELIVERY_DELAY'],
      PAYMENT_AND_BILL: ['PAYMENT_ISSUE', 'INVOICE_REQUEST', 'PAYMENT_METHODS'],
      STORE_INFORMATION: ['STORE_INFO'],
      EXPIRY_DATE: ['PRODUCT_INFO'],
      MODIFY_ADDRESS: ['CHANGE_ORDER'],
      SIGN_UP: ['ACCOUNT_HELP', 'MEMBERSHIP'],
      MODES_OF_PAYMENTS: ['PAYMENT_METHODS'],
      RECOMMEND_PRODUCT: ['PRODUCT_INFO'],
      INTERNATIONAL_SHIPPING: ['DELIVERY_INFO'],
      [OOS]: OUT,
    },
  },
  {
    title: 'CLINC150, what its makers call out of scope (test split)',
    language: 'en',
    file: 'clinc150/uniform.jsonl',
    split: 'test',
    training: 'val',
    actions: { [OOS]: OUT },
  },
  {
    title: 'CLINC150, five domains that no shop answers (test split)',
    language: 'en',
    file: 'clinc150/uniform.jsonl',
    split: 'test',
    training: 'val',
    actions: out(FOREIGN_DOMAINS_OF_CLINC150),
  },
  {
    title: 'SMP-ECDT, domains that no shop answers (develop split)',
    language: 'zh',
    file: 'smp_ecdt_zh/uniform_smp2017_domain.jsonl',
    split: 'develop',
    training: 'train',
    actions: out(FOREIGN_DOMAINS_OF_SMP),
  },
]

/** Each text once; undefined where the set is not here. */
export function readTurns({ file, split, having, labelled = 'label', actions }: OthersSet): readonly OthersTurn[] | undefined {
  const path = join(DATA_FOLDER, file)
  if (!existsSync(path)) return undefined
  const seen = new Set<string>()
  return readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .flatMap(line => {
      const row = Row.parse(JSON.parse(line))
      const label = String(row[labelled])
      const right = actions[label]
      const isOut = (split !== undefined && row.split !== split) || (having !== undefined && row[having] == null) || seen.has(row.text)
      if (isOut || !right) return []
      seen.add(row.text)
      return [{ text: row.text, label, right }]
    })
}
