// The two countries that the demo shop sells in: who lives there, and who brings the parcels.
import type { InLocales, LeftWith, Market } from '../texts.ts'
import type { Draws } from './draws.ts'

export interface Carrier {
  readonly name: InLocales
  readonly trackingNumber: (draws: Draws) => string
}

export interface MarketWords {
  readonly cities: readonly InLocales[]
  readonly carriers: readonly Carrier[]
  /** Where a parcel is left whose customer is not in. */
  readonly leftWith: readonly LeftWith[]
  readonly personName: (draws: Draws) => string
}

const city = (zh: string, en: string): InLocales => ({ 'zh-CN': zh, en })
const carrier = (zh: string, en: string, trackingNumber: Carrier['trackingNumber']): Carrier => ({
  name: { 'zh-CN': zh, en },
  trackingNumber,
})

const FAMILY = [...'王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗']
const GIVEN = [
  '伟',
  '芳',
  '娜',
  '敏',
  '静',
  '丽',
  '强',
  '磊',
  '洋',
  '艳',
  '勇',
  '杰',
  '涛',
  '明',
  '欣怡',
  '子涵',
  '雨桐',
  '浩然',
  '思远',
  '佳宁',
]
const FIRST = [
  'Ava',
  'Ben',
  'Chloe',
  'Daniel',
  'Ella',
  'Frank',
  'Grace',
  'Henry',
  'Iris',
  'Jack',
  'Laura',
  'Mia',
  'Noah',
  'Olivia',
  'Sam',
  'Zoe',
]
const LAST = [
  'Adams',
  'Brooks',
  'Carter',
  'Diaz',
  'Evans',
  'Foster',
  'Green',
  'Hughes',
  'Kelly',
  'Lopez',
  'Miller',
  'Nguyen',
  'Reed',
  'Young',
]

export const MARKETS: Readonly<Record<Market, MarketWords>> = {
  cn: {
    cities: [
      city('上海', 'Shanghai'),
      city('北京', 'Beijing'),
      city('杭州', 'Hangzhou'),
      city('苏州', 'Suzhou'),
      city('南京', 'Nanjing'),
      city('广州', 'Guangzhou'),
      city('深圳', 'Shenzhen'),
      city('成都', 'Chengdu'),
      city('武汉', 'Wuhan'),
      city('西安', "Xi'an"),
    ],
    carriers: [
      carrier('顺丰速运', 'SF Express', draws => `SF${draws.digits(13)}`),
      carrier('京东物流', 'JD Logistics', draws => `JD${draws.digits(13)}`),
      carrier('中通快递', 'ZTO Express', draws => `78${draws.digits(12)}`),
      carrier('圆通速递', 'YTO Express', draws => `YT${draws.digits(13)}`),
    ],
    leftWith: ['gatehouse', 'locker'],
    personName: draws => draws.one(FAMILY) + draws.one(GIVEN),
  },
  us: {
    cities: [
      city('纽约', 'New York'),
      city('波士顿', 'Boston'),
      city('芝加哥', 'Chicago'),
      city('西雅图', 'Seattle'),
      city('波特兰', 'Portland'),
      city('丹佛', 'Denver'),
      city('奥斯汀', 'Austin'),
      city('圣迭戈', 'San Diego'),
      city('亚特兰大', 'Atlanta'),
      city('费城', 'Philadelphia'),
    ],
    carriers: [
      carrier('UPS', 'UPS', draws => `1Z${draws.digits(16)}`),
      carrier('联邦快递', 'FedEx', draws => draws.digits(12)),
      carrier('美国邮政', 'USPS', draws => `94${draws.digits(20)}`),
      carrier('DHL', 'DHL', draws => `JD01${draws.digits(16)}`),
    ],
    leftWith: ['doorstep', 'locker', 'gatehouse'],
    personName: draws => `${draws.one(FIRST)} ${draws.one(LAST)}`,
  },
}
