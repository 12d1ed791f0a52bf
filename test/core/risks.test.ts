import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { isFault } from '@parley/core/faults.ts'
import { Risks } from '@parley/core/pack/risks.ts'
import { normaliseText } from '@parley/core/pipeline/normalise.ts'
import { createPhraseRisks } from '@parley/server/drivers/risks.phrases.ts'
import { readPack } from '@parley/server/pack-folder.ts'
import { PROJECT } from '@parley/server/project.ts'

const pack = readPack(join(PROJECT.packs, 'retail'))
const shipped = createPhraseRisks(pack.risks)
const idsIn = (text: string): string[] => shipped.find(normaliseText(text), 'zh').map(({ id }) => id)

const FIRING: Readonly<Record<string, readonly string[]>> = {
  'self-harm': [
    '我不想活了',
    '钱被骗光了，真的活不下去了',
    '我想死',
    '你们再不退钱我就从楼上跳楼',
    '每天都在想自杀的事',
    '让我死了算了，没人管我',
    '活着没意思，什么都不想要了',
    '活着好累',
    '唉，活得太累了',
    '最近又开始自残，睡不着',
    '不想活了 😭',
    '我不想活啦，東西也不用送了',
    'I want to kill myself',
    "honestly I don't want to live anymore",
    'i wanna die',
    "I'm so tired of living",
    'there is no reason to live after this',
    "I'm feeling suicidal and nobody helps",
    'sometimes I think everyone would be better off without me, I wish I was dead',
    'I have been cutting myself again',
    'I just want to end it all',
    'thinking about ending my life tonight',
    'what is the point, I want to hurt myself',
  ],
  doctor: [
    '要不要去医院啊',
    '他一直在吐，需要去医院吗',
    '那我用不用看医生',
    '要不要叫救护车？',
    'should we go to the ER',
    'should I take it seriously and see a doctor?',
    'Should she go to the hospital now',
    'do I need to see a doctor',
  ],
  lawyer: [
    '我会让律师联系你们',
    '等着收律师函吧',
    '不赔就法院见',
    '我要起诉你们公司',
    '再拖我就告你们',
    '我已经在咨询律师了',
    '那只能走法律程序了',
    '我要追究你们的法律责任',
    'My lawyer will hear about this',
    "I'll sue you for this",
    'see you in court',
    "if I don't get my money I'm taking you to court",
    'I am considering legal action',
    'expect a letter from my solicitor',
    'we will take this to small claims',
    'I WILL SUE YOUR COMPANY',
  ],
  report: [
    '再不处理我打12315了',
    '我已经向市场监管局举报了',
    '去消协投诉你们',
    '我要举报你们卖假货',
    '不解决就去工商局',
    '黑猫投诉见',
    '我會向消費者協會投訴',
    "I'm reporting you to trading standards",
    'I will report this company to the authorities',
    'the BBB will hear from me',
    'I have filed a complaint with the FTC',
    'I will report you',
    'expect a call from consumer protection',
    "I'll report the lot of you to the authorities",
    'going to the ombudsman with this',
  ],
  press: [
    '我要在网上曝光你们',
    '再不退款就发小红书让大家看看',
    '我找媒体曝光这家黑店',
    '我已经联系记者了',
    '信不信我发到抖音上',
    '把聊天记录挂到网上',
    '等着上315晚会吧',
    '我要去微博曝光这事',
    "I'm going to the press with this",
    "I'll put this all over social media",
    'I will expose your company on TikTok',
    "I'm going to name and shame you",
    'should I contact a journalist?',
    "I'm posting this on Facebook right now",
    "let's see how you like it when it goes to the media, because I'll go to the media",
  ],
  violence: [
    '我要弄死你',
    '信不信我带人去砸你们店',
    '再骗我就找人打你',
    '我拿刀去找你们',
    '大不了同归于尽',
    '我知道你住哪',
    '下次快递员再来我揍他一顿',
    'I will kill you',
    'I know where you live',
    "I'll burn your shop down",
    "I'm going to punch your driver",
    'watch your back',
    "I'll come and hurt someone there, I'm going to stab someone",
  ],
  abuse: [
    '你们就是一群骗子',
    '垃圾客服，什么都不会',
    '傻逼客服',
    '滚蛋吧',
    '不要脸的商家',
    'you are a bunch of idiots',
    'fuck off',
    'what a load of bullshit',
    'useless bot!!',
    'go to hell',
  ],
}

const HARMLESS: readonly string[] = [
  '笑死我了哈哈哈',
  '热死了，空调什么时候送到',
  '饿死了，外卖怎么还没到',
  '螃蟹死了怎么赔',
  '螃蟹都死了算了，给我退钱',
  '买的金鱼活不下去了怎么办',
  '想死你们家的小龙虾了',
  '现在是跳楼价吗',
  '气死我了，等了一周',
  '累死人了，五楼没电梯',
  '螃蟹都活着，提上楼好累',
  '这花活不下去了，三天就蔫了',
  '相机的曝光怎么调',
  '拍月亮要曝光多久',
  '这款相机支持双重曝光吗',
  '我要曝光补偿旋钮那一款',
  '我会发小红书夸你们的',
  '收到就发朋友圈帮你们宣传',
  '麻烦转告你们老板，东西很好',
  '我告诉你们地址了啊',
  '我的律师朋友推荐了这款台灯',
  '送给我的律师，能包装一下吗',
  '我不会起诉你们的，别紧张',
  '我不想举报，就想换个货',
  '货送到市场监管局旁边的小区',
  '订单号 912315 查一下',
  '打死你们也猜不到，我收到两份',
  '螃蟹可以放火锅里煮吗',
  '充电宝炸了你们管不管',
  '这把刀能砍骨头吗',
  '滚筒洗衣机多少钱',
  '我妈的生日礼物什么时候到',
  '给我滚轮那款行李箱',
  '这个智障儿童益智玩具适合几岁',
  '我没有想自杀，你别误会',
  'my lawyer friend recommended this lamp',
  'I want to report my parcel lost',
  'can I report a damaged item here',
  'I need to report a problem with my order',
  'this film made me want to die of laughter',
  'the report you sent me has the wrong address',
  'I cut myself on the broken glass, the vase was shattered',
  'I hurt myself on the sharp edge of the box',
  'my plants want to die, did I buy the wrong soil',
  "I'm tired of living without a fridge, where is it",
  'do you have Suicide Squad on blu-ray',
  'dying to know when my parcel comes',
  'this heat is killing me, where is my fan',
  'would it kill you to answer?',
  "it wouldn't hurt you to reply",
  'I can shoot you an email with the photo',
  'does the candle burn all the way down',
  'how do I blow up your air bed without a pump',
  'what exposure does this camera have in the dark',
  'does this cream expose your skin to the sun',
  "I won't sue you, I just want my refund",
  "I'm not going to the press, I just want an answer",
  "I won't report you, promise",
  'the press on my trousers is gone, how do I iron them',
  'is it approved by the FDA',
  'a garlic press and a coffee press please',
  'is the parcel 30 kms away',
  'how do I get rid of soap scum with this cleaner',
  'the book Python for idiots, is it in stock',
  'thanks Sue you were lovely',
  'my package was reported stolen, can you trace it',
  'I reported the theft to the police, my parcel is gone',
  'I would kill for a discount',
  'how do i go viral on tiktok',
  'the colour is drop dead gorgeous',
  'do you sell courtroom dramas',
  '花可以送到医院吗',
  '送去医院给病人的果篮有吗',
  'can you deliver the flowers to the hospital',
  'is this cream what a doctor would take',
]

for (const [id, sentences] of Object.entries(FIRING))
  for (const text of sentences)
    test(`risk ${id}: ${text}`, () => assert.ok(idsIn(text).includes(id), `found ${idsIn(text).join() || 'nothing'}`))

for (const text of HARMLESS) test(`no risk: ${text}`, () => assert.deepEqual(idsIn(text), []))

test('there are 25 sentences with a risk and 25 without, a language', () => {
  const isChinese = (text: string): boolean => /\p{Script=Han}/u.test(text)
  for (const sentences of [Object.values(FIRING).flat(), HARMLESS]) {
    assert.ok(sentences.filter(isChinese).length >= 25)
    assert.ok(sentences.filter(text => !isChinese(text)).length >= 25)
  }
})

test('no example of an action is a risk for a person but complaints and what threatens in so many words', async () => {
  const { readExamples } = await import('@parley/models/train/examples.ts')
  const alarming = readExamples(join(PROJECT.packs, 'retail', 'examples'))
    .filter(({ label }) => label !== 'COMPLAINT' && label !== 'HUMAN_AGENT')
    .flatMap(({ label, text, at }) => {
      // Who asks whether to see a doctor is told when, be it over food or over what is no shop's; a court is for a person, be it ours or a neighbour's.
      const rightly = label === 'FOOD_SAFETY' ? ['doctor'] : label === 'OUT_OF_SCOPE' ? ['doctor', 'lawyer'] : []
      const risks = shipped.find(text, 'zh').filter(({ rule, id }) => rule === 'handoff' && !rightly.includes(id))
      return risks.length > 0 ? [`${at} ${text}`] : []
    })
  assert.deepEqual(alarming, [])
})

test('the gravest risk comes first, each once', () => {
  const found = shipped.find(normaliseText('你们这群骗子，我不想活了，我要起诉，起诉！我不想活了'), 'zh')
  assert.deepEqual(
    found.map(({ id, rule }) => [id, rule]),
    [
      ['self-harm', 'handoff'],
      ['lawyer', 'handoff'],
      ['abuse', 'signal'],
    ],
  )
  assert.deepEqual(found[0], {
    id: 'self-harm',
    rule: 'handoff',
    template: 'risk.self-harm',
    signals: { mood: -1, urgency: 1, handoff: 1 },
  })
})

const list = Risks.parse({
  press: {
    rule: 'handoff',
    template: 'risk.serious',
    phrases: { en: ['tell … press', 'press'], 'zh-CN': ['曝光'] },
    unless: { en: ['garlic press'], 'zh-CN': ['曝光 … 相机'] },
  },
  hint: { rule: 'signal', signals: { urgency: 0.5 }, phrases: { en: ['tell'] } },
})

test('parts of a phrase stand in one clause, in order and near; a denied or harmless one says nothing', () => {
  const find = (text: string): string[] =>
    createPhraseRisks(list)
      .find(normaliseText(text), 'en')
      .map(({ id }) => id)
  assert.deepEqual(find('I tell the whole press'), ['press', 'hint'])
  assert.deepEqual(find('I tell them. the garlic press'), ['hint'])
  assert.deepEqual(find('a garlic press'), [])
  assert.deepEqual(find('a garlic press, and the press'), ['press'])
  assert.deepEqual(find('no press'), [])
  assert.deepEqual(find('express'), [])
  assert.deepEqual(find('曝光你的相机'), [])
  assert.deepEqual(find('曝光，相机'), ['press'])
  assert.deepEqual(find(''), [])
})

test('a list without phrases finds nothing', () => assert.deepEqual(createPhraseRisks({}).find('my lawyer', 'en'), []))

test('a risk that speaks needs a template, one that only signals has none, and no phrase is blank', () => {
  const entry = { phrases: { en: ['sue you'] } }
  assert.ok(!Risks.safeParse({ lawyer: { ...entry, rule: 'handoff' } }).success)
  assert.ok(!Risks.safeParse({ lawyer: { ...entry, rule: 'signal', template: 'risk.serious' } }).success)
  assert.ok(!Risks.safeParse({ lawyer: { rule: 'signal', phrases: { en: ['sue … '] } } }).success)
  assert.ok(!Risks.safeParse({ Lawyer: { ...entry, rule: 'signal' } }).success)
  const invisible = Risks.parse({ lawyer: { rule: 'signal', phrases: { en: ['\u200b\u200b'] } } })
  assert.throws(
    () => createPhraseRisks(invisible),
    error => isFault(error, 'PACK_INVALID'),
  )
})
