// The words of the plugin: what we sell that spoils or breaks, what happens to it on the way, and what sounds like it and is not.
// Text comes normalised: simplified characters, lower case.

export interface Words {
  readonly fresh: RegExp
  readonly fragile: RegExp
  /** Damage, without a negation before it. */
  readonly damage: RegExp
  /** Damage that only goods made of glass, china and the like can take: nobody's prawns are cracked. */
  readonly breakage: RegExp
  /** Cut out before anything else is looked for: words that hold a damage word and mean none. */
  readonly harmless: RegExp
  /** Cut out as well: what the customer says they are not asking. */
  readonly aside: RegExp
  /** Any of these, and the turn is somebody else's: an illness, a recipe, a question before buying. */
  readonly guard: RegExp
  /** Says that it did arrive, or asks for money: makes the vote surer. */
  readonly sure: RegExp
}

/** `words` separated by spaces or line ends, as alternatives, the longest first. */
const any = (words: string): string =>
  words
    .trim()
    .split(/\s+/)
    .sort((a, b) => b.length - a.length)
    .join('|')

/** The same for English, where `_` is a space inside a phrase and plurals are taken along. */
const anyEn = (words: string): string => `\\b(?:${any(words).replaceAll('_', ' ')})(?:e?s)?\\b`

/** Takes far longer to make than a turn takes: made once, before the first. */
export function makeWords(): Readonly<Record<'zh' | 'en', Words>> {
  const zhDamage = any(
    '死 臭 烂 馊 霉 腐 变质 变味 异味 酸味 怪味 发黑 发绿 发黏 发粘 蔫 化了 化成 化冻了 已化冻 都化冻 解冻了 全化 都化 化没 胀包 胀袋 漏 坏 压扁 碎 裂 破 摔',
  )
  const zhBreakage = any('碎 裂 破 漏 断 摔 缺口 磕')

  const zh: Words = {
    fresh: new RegExp(
      any(`螃蟹 大闸蟹 帝王蟹 梭子蟹 蟹 龙虾 虾 鲈鱼 三文鱼 带鱼 鱼 生蚝 花蛤 扇贝 贝 海鲜 生鲜 鸡蛋 鸭蛋 蛋 牛排 牛肉 羊肉 猪肉 鸡肉 鸡翅 排骨 肉 牛奶 酸奶 奶酪 豆腐
      冰淇淋 冰激凌 雪糕 冻品 蛋糕 草莓 蓝莓 葡萄 车厘子 樱桃 桃子 水蜜桃 芒果 榴莲 香蕉 苹果 橙子 橘子 西瓜 哈密瓜 猕猴桃 荔枝 杨梅 水果 果子 蔬菜 青菜 菠菜 生菜
      西红柿 番茄 鲜花 玫瑰 百合 花束`),
      'g',
    ),
    fragile: new RegExp(
      any('玻璃 杯子 酒杯 茶杯 水杯 马克杯 碗 盘子 碟子 花瓶 酒瓶 瓶子 红酒 白酒 啤酒 镜子 瓷 茶壶 茶具 陶 灯罩 台灯 鱼缸 屏幕 罐头 相框'),
      'g',
    ),
    damage: new RegExp(`(?<!没|没有|没有怎么|没怎么|未|不|无|不会|别|不是)(?:${zhDamage})(?!没)`, 'g'),
    breakage: new RegExp(`(?<!没|没有|未|不|无|不会|别|不是)(?:${zhBreakage})(?!没)`, 'g'),
    harmless: new RegExp(
      any(`臭豆腐 臭鳜鱼 臭臭锅 破壁机 碎花 碎冰 肉碎 蒜蓉 漏斗 漏勺 漏发 漏寄 开裂纹 冰裂纹 豆腐乳 腐乳 腐竹 急死 气死 累死 烦死 笑死 馋死 饿死 等死 难吃死 贵死 死贵 死心
      死活 要死 该死 烂大街 破费 打破 破例 心碎 化妆 坏消息 好坏 坏人`),
      'g',
    ),
    aside: /不是(?:要|想|来|在)?问[^,。;!?，；！？]*/g,
    guard: new RegExp(
      [
        '吃完|吃了.{0,8}(?:肚|吐|不舒服|难受|拉|泻|疼)|拉肚子|腹泻|呕吐|上吐|中毒|过敏|恶心|医院|肚子',
        '怎么(?:蒸|煮|做|洗|存|保存|养|挑|选|炒|烤|炖|吃|处理才|解冻)|如何(?:烹|保存|清洗|挑选)|好吃吗|能放几天|放多久|保质期|能不能吃|还能吃',
        '还是(?:死|活)|发(?:的是)?(?:活|死|冻)|怎么发货|会不会|容易(?:坏|碎|破|烂|化|臭|死|漏)|怕(?:坏|碎|破|烂|化|死)|会(?:坏|碎|破|烂|化|臭|死|漏)|万一|如果|要是|假如|担心',
        '包装(?:结实|牢)|买之前|下单前|想买|准备买|打算买',
        '再不|再拖|(?:要|快)(?:死|烂|坏|化|臭)了|会(?:冻|压|摔)坏',
        '怎么还没退|说(?:要|会)?退|退的?[款钱].{0,6}(?:到账|进度|什么时候|啥时候|怎么样|批|没)|退我.{0,20}没|投诉|转人工|差评',
        '发错|(?:刚才|上面|上条|前面)(?:说|那)|吃进|吃下|咬到',
      ].join('|'),
    ),
    sure: /收到|到货|到家|到了|到手|签收|拆箱|开箱|拆开|打开|一开|送来|送到|寄来|发来|怎么赔|赔|补发|补偿|退钱|怎么办|怎么算|管不管/,
  }

  const enDamage = anyEn(
    `dead died rotten rotting rotted spoiled spoilt mouldy moldy smelly stinking stink stank slimy off bruised squashed crushed smashed broken cracked shattered burst split melted thawed
   defrosted leaking leaked leak wilted soggy gone_bad gone_off smell_bad smelled_bad smells_bad`,
  )
  const enBreakage = anyEn('broken broke cracked shattered smashed chipped leaking leaked leak in_(?:\\w+_){0,3}piece snapped')
  const enNegation = "(?<!\\b(?:not|n't|no|never|without|isn't|aren't|wasn't|weren't|nothing|none)\\s(?:\\w+\\s)?)"

  const en: Words = {
    fresh: new RegExp(
      anyEn(`crab lobster prawn shrimp fish salmon cod oyster mussel clam seafood egg meat beef steak lamb pork chicken mince sausage milk yoghurt yogurt cheese cream butter tofu ice_cream
      ice_lolly ice_lollies frozen_food frozen_peas strawberry strawberries raspberry raspberries blueberry blueberries berries grape cherry cherries peach mango banana apple orange melon
      avocado tomato potato lettuce spinach salad herbs fruit veg vegetable flowers roses lilies bouquet cake groceries`),
      'g',
    ),
    fragile: new RegExp(
      anyEn(
        'glass glasses mug cup bowl plate vase bottle wine beer mirror teapot china porcelain ceramic lamp jar frame screen crockery tumbler',
      ),
      'g',
    ),
    damage: new RegExp(enNegation + enDamage, 'g'),
    breakage: new RegExp(enNegation + enBreakage, 'g'),
    harmless:
      /\b(?:off the|off my|off your|\d+% off|day off|take off|money off|dropped off|drop off|set off|split the|split my|dead (?:tired|line|simple)|broke up|screen protector)\b/g,
    aside: /\b(?:not|n't) (?:after|asking|looking for|interested in)\b[^,.;!?]*/g,
    guard: new RegExp(
      [
        '\\b(?:ill|sick|vomit\\w*|threw up|throwing up|diarrh\\w+|stomach|poison\\w*|allerg\\w+|hospital|after eating|(?:ate|eaten|swallowed|bit into)(?: half)?(?: of)? (?:it|them|the|one|some)|harmful|fly in|hair in)\\b',
        '\\b(?:how (?:do|should|can|long|to|best)\\b.{0,20}\\b(?:cook|steam|boil|store|keep|freeze|defrost|thaw|wash|eat|prepare)|recipe|shelf life|best before|use by|safe to eat|still eat|can i|refreeze)\\b',
        '\\b(?:alive or dead|dead or alive|live or (?:dead|frozen)|do you (?:ship|send|deliver|sell)|will (?:it|they|the)|would (?:it|they)|does it|do they|likely to|what if|if (?:it|they|the|one|something|anything)|in case|worried|before i (?:buy|order))\\b',
        '\\b(?:refund (?:yet|still|status)|where is my refund|still (?:waiting|not)|so far|promised|agreed|approved|complain\\w*|speak to|human|manager)\\b',
      ].join('|'),
    ),
    sure: /\b(?:arriv\w+|deliver\w+|came|turned up|got (?:here|them|it)|opened|unpack\w*|received|on arrival|compensat\w+|refund|replac\w+|money back|pay)\b/,
  }

  return { zh, en }
}
