// What a pinyin keyboard puts for what was meant: characters with one sound, each line a sound, the tones let go as fast typists let them go. Only
// those that people write to a shop: of the rare ones nobody's keyboard offers the first place.
const SOUNDS = `
的 得 地 德
在 再 载
做 作 坐 座 昨
他 她 它 塔
那 哪 拿 纳
吗 嘛 妈 马 码
是 事 时 实 使 师 十 式 试 市 世 视 适
有 友 又 右 由 优 油 游
已 以 一 意 易 义 衣 艺 宜 亿
退 腿 推
货 或 获 祸 火 伙 活
订 定 顶 丁 盯
单 担 丹 但 蛋 淡
发 法 罚
快 块 会
递 第 低 底 弟 帝
赔 陪 配 培 佩
偿 常 长 尝 场 厂
钱 前 欠 签 千 浅
蟹 谢 写 些 鞋 卸
死 四 似 思 私
坏 怀
换 还 环 缓
买 卖 麦
价 假 加 架 家 佳
惠 回 汇 慧
券 卷 劝 全 圈 权
查 茶 差 插 察
询 寻 讯 训
催 吹 脆
取 去 区 曲 趣
消 小 笑 效 校 削
票 飘 漂
址 只 之 直 止 支 值 至 指 质 制 治
改 该 盖 概
送 松 宋
员 元 原 远 愿 园 圆
工 公 共 供 功
人 任 认 仁
客 刻 可 克 课
服 付 福 府 负 副 复 富 附
电 店 点 典
话 化 华 画 花 划
号 好 浩
收 手 首 受 售
到 道 倒 稻
没 美 每 妹 煤
什 身 神 深 申 审
么 吗 麽
怎 增 赠
样 养 洋
多 朵 夺
少 烧 绍
几 机 记 级 及 季 寄 急 己 集 济
天 填 甜 添
今 金 进 近 斤 仅 紧
明 名 命
后 候 厚 侯
开 凯
关 观 管 馆 官 惯
可 课 渴
不 步 部 布 补
要 药 摇 邀
想 像 向 象 香 响 项
请 清 情 轻 青
问 文 闻 温 稳
帮 邦 棒
看 砍
打 达 大
错 措
漏 楼 搂
损 孙 笋
破 坡 迫
包 保 报 宝 抱
装 庄 状 撞
冷 愣
冻 动 东 懂 洞
鲜 先 现 显 线 县 闲
虾 下 夏 吓 瞎
鱼 与 于 雨 语 遇 育 余 预
果 过 锅 国
菜 才 财 材 采
肉 柔
味 为 位 未 委 围 维 喂
臭 抽 凑
烂 蓝 兰 懒
假 夹
差 拆
评 平 瓶 凭
投 头 偷
诉 速 宿 素 酥
积 鸡 击 基
分 份 纷 粉
会 慧 贿
户 护 互 湖 胡
密 蜜 迷 米
码 马 骂
登 等 灯
录 路 陆 露
修 秀 休
删 山 闪 善
注 住 主 助 著 祝 猪
册 测 策
发 伐
税 水 睡 谁
抬 台 太 态
支 知 枝
付 父 妇
红 宏 洪
微 威 危
信 新 心 辛 欣
宝 饱 保
地 弟 第
上 尚 伤 商
晚 完 玩 碗 万
早 找 照 招
用 永 勇
能 嫩
给 各 个 歌
`
/** By character, those that it is taken for. */
export const HOMOPHONES: ReadonlyMap<string, readonly string[]> = readTable(SOUNDS)

function readTable(table: string): ReadonlyMap<string, readonly string[]> {
  const taken = new Map<string, Set<string>>()
  for (const line of table.trim().split('\n')) {
    const sound = line.split(' ')
    for (const character of sound) {
      const others = taken.get(character) ?? new Set()
      for (const other of sound) if (other !== character) others.add(other)
      taken.set(character, others)
    }
  }
  return new Map([...taken].map(([character, others]) => [character, [...others]]))
}
