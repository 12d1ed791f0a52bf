// The customers that dialogues and demos are written about. README.md documents them to the last order; a test holds the two together.
import type { NumberedOrder, SeedCustomer } from './seed-data.ts'

const LIN: SeedCustomer = { id: 'demo-lin', name: '林悦', city: { 'zh-CN': '杭州', en: 'Hangzhou' }, market: 'cn' }
const KIM: SeedCustomer = { id: 'demo-kim', name: 'Kim Porter', city: { 'zh-CN': '波特兰', en: 'Portland' }, market: 'us' }
const ONE: SeedCustomer = { id: 'demo-one', name: '周一', city: { 'zh-CN': '上海', en: 'Shanghai' }, market: 'cn' }
const NONE: SeedCustomer = { id: 'demo-none', name: 'Nora None', city: { 'zh-CN': '波士顿', en: 'Boston' }, market: 'us' }

export const DOCUMENTED_CUSTOMERS: readonly SeedCustomer[] = [LIN, KIM, ONE, NONE]

const SF = { 'zh-CN': '顺丰速运', en: 'SF Express' }
const ZTO = { 'zh-CN': '中通快递', en: 'ZTO Express' }
const UPS = { 'zh-CN': 'UPS', en: 'UPS' }
const FEDEX = { 'zh-CN': '联邦快递', en: 'FedEx' }

/** Their numbers stay as documented, whatever the year; those that are drawn have four digits after the year and never meet them. */
export const DOCUMENTED_ORDERS: readonly NumberedOrder[] = [
  {
    number: '2024-881',
    customer: LIN,
    placedOn: -2,
    status: 'delivered',
    lines: [{ product: 'hairy-crab', quantity: 6 }],
    parcel: { carrier: SF, trackingNumber: 'SF1380024088101' },
    deliveredOn: 0,
  },
  {
    number: '2024-875',
    customer: LIN,
    placedOn: -3,
    status: 'shipped',
    lines: [{ product: 'wine-glass', quantity: 4 }],
    parcel: { carrier: ZTO, trackingNumber: '78200240875004' },
    expectedOn: 1,
  },
  {
    number: '2024-860',
    customer: LIN,
    placedOn: -12,
    status: 'returned',
    lines: [{ product: 'cashmere-sweater', quantity: 1 }],
    parcel: { carrier: SF, trackingNumber: 'SF1380024086001' },
    deliveredOn: -9,
    refund: { status: 'approved', requestedOn: -3, expectedOn: 2 },
  },
  {
    number: '2024-882',
    customer: KIM,
    placedOn: -2,
    status: 'delivered',
    lines: [{ product: 'hairy-crab', quantity: 6 }],
    parcel: { carrier: UPS, trackingNumber: '1Z7202408820000123' },
    deliveredOn: 0,
  },
  {
    number: '2024-876',
    customer: KIM,
    placedOn: -3,
    status: 'shipped',
    lines: [{ product: 'wine-glass', quantity: 4 }],
    parcel: { carrier: FEDEX, trackingNumber: '720240876004' },
    expectedOn: 1,
  },
  {
    number: '2024-861',
    customer: KIM,
    placedOn: -12,
    status: 'returned',
    lines: [{ product: 'cashmere-sweater', quantity: 1 }],
    parcel: { carrier: UPS, trackingNumber: '1Z7202408610000123' },
    deliveredOn: -9,
    refund: { status: 'approved', requestedOn: -3, expectedOn: 2 },
  },
  {
    number: '2024-890',
    customer: ONE,
    placedOn: -4,
    status: 'delivered',
    lines: [
      { product: 'dinner-plate', quantity: 4 },
      { product: 'rice-bowl', quantity: 4 },
    ],
    parcel: { carrier: SF, trackingNumber: 'SF1380024089001' },
    deliveredOn: -1,
  },
]
