// What the demo shop sells: fresh food, tableware, small appliances and clothes, with a price in each market.
import type { InLocales } from '../texts.ts'

export type ProductKind = 'fresh' | 'tableware' | 'appliance' | 'clothes'

export interface Product {
  readonly id: string
  readonly kind: ProductKind
  readonly name: InLocales
  /** Fen and cents. */
  readonly price: { readonly cn: number; readonly us: number }
  /** Most of one in an order. */
  readonly most: number
}

const product = (kind: ProductKind, most: number) => (id: string, zh: string, en: string, cn: number, us: number) =>
  ({ id, kind, name: { 'zh-CN': zh, en }, price: { cn, us }, most }) satisfies Product

const fresh = product('fresh', 8)
const tableware = product('tableware', 6)
const appliance = product('appliance', 1)
const clothes = product('clothes', 3)

export const PRODUCTS: readonly Product[] = [
  fresh('hairy-crab', '阳澄湖大闸蟹（母蟹 3 两）', 'Live hairy crab (150 g)', 5_400, 1_800),
  fresh('cherries', '智利车厘子 1 公斤装', 'Cherries, 1 kg box', 8_900, 1_599),
  fresh('shrimp', '鲜活基围虾 500 克', 'Fresh shrimp, 500 g', 4_980, 1_299),
  fresh('eggs', '散养土鸡蛋 30 枚', 'Free-range eggs, tray of 30', 3_990, 899),
  fresh('milk', '鲜牛奶 950 毫升', 'Fresh milk, 950 ml', 1_680, 429),
  fresh('salmon', '三文鱼刺身 300 克', 'Salmon sashimi, 300 g', 7_900, 1_699),
  fresh('beef', '谷饲牛腩 1 公斤', 'Grain-fed beef brisket, 1 kg', 8_580, 2_199),
  fresh('strawberries', '丹东草莓 500 克', 'Strawberries, 500 g', 3_590, 699),
  fresh('yoghurt', '低温酸奶 6 杯装', 'Chilled yoghurt, 6 cups', 2_490, 549),
  fresh('dumplings', '手工鲜肉水饺 1 公斤', 'Handmade pork dumplings, 1 kg', 4_290, 1_149),
  fresh('spinach', '有机菠菜 300 克', 'Organic spinach, 300 g', 990, 349),
  fresh('ice-cream', '香草冰淇淋 1 升', 'Vanilla ice cream, 1 l', 3_980, 799),
  tableware('wine-glass', '水晶红酒杯', 'Crystal wine glass', 4_500, 1_250),
  tableware('tumbler', '高硼硅玻璃杯', 'Borosilicate glass tumbler', 2_290, 650),
  tableware('dinner-plate', '白瓷餐盘 10 英寸', 'White porcelain dinner plate, 10 in', 3_600, 950),
  tableware('rice-bowl', '青花瓷饭碗', 'Blue and white porcelain rice bowl', 1_890, 599),
  tableware('teapot', '紫砂茶壶', 'Clay teapot', 25_900, 4_900),
  tableware('mug', '陶瓷马克杯', 'Stoneware mug', 2_990, 850),
  tableware('glass-jar', '玻璃密封罐 1 升', 'Glass storage jar, 1 l', 1_990, 599),
  tableware('soup-tureen', '骨瓷汤煲', 'Bone china soup tureen', 18_900, 4_400),
  appliance('rice-cooker', '智能电饭煲 4 升', 'Rice cooker, 4 l', 39_900, 8_900),
  appliance('kettle', '电热水壶 1.7 升', 'Electric kettle, 1.7 l', 12_900, 3_499),
  appliance('air-fryer', '空气炸锅 5 升', 'Air fryer, 5 l', 29_900, 7_999),
  appliance('blender', '破壁料理机', 'Countertop blender', 45_900, 9_900),
  appliance('hand-vacuum', '手持吸尘器', 'Handheld vacuum cleaner', 34_900, 7_499),
  appliance('fan', '静音落地扇', 'Quiet pedestal fan', 19_900, 5_499),
  appliance('hair-dryer', '负离子吹风机', 'Ionic hair dryer', 15_900, 4_299),
  appliance('toaster', '两片式多士炉', 'Two-slice toaster', 11_900, 3_299),
  clothes('cashmere-sweater', '羊绒衫', 'Cashmere sweater', 45_900, 12_900),
  clothes('down-jacket', '轻薄羽绒服', 'Light down jacket', 59_900, 11_900),
  clothes('t-shirt', '纯棉 T 恤', 'Cotton T-shirt', 7_900, 1_900),
  clothes('jeans', '直筒牛仔裤', 'Straight jeans', 19_900, 4_900),
  clothes('socks', '棉袜 5 双装', 'Cotton socks, 5 pairs', 4_900, 1_499),
  clothes('pyjamas', '真丝睡衣套装', 'Silk pyjamas', 39_900, 8_900),
  clothes('rain-coat', '防水冲锋衣', 'Waterproof jacket', 49_900, 9_900),
  clothes('scarf', '羊毛围巾', 'Wool scarf', 15_900, 3_900),
]
