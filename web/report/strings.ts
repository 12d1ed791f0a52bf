// Every word of reports and plots, in both languages. A word that is missing in one does not compile.

import type { Objection } from '@parley/ensembles/comparison/gate.ts'
import type { Group } from '@parley/ensembles/comparison/group.ts'
import type { MeasureName } from '@parley/ensembles/evaluation/measures.ts'
import type { Done } from '@parley/ensembles/evaluation/outcome.ts'
import type { Compared, RivalFigures, Slice } from '@parley/ensembles/evaluation/report.ts'
import type { TunedBy } from '@parley/ensembles/tune/figures.ts'
import type { Method } from '@parley/ensembles/tune/fit-calibration.ts'
import type { CandidateName } from '@parley/ensembles/tune/fit-candidates.ts'
import type { Reason } from '@parley/ensembles/tune/verdict.ts'

const en = {
  languageSwitch: '中文',
  languageSwitchLabel: '切换到中文',
  range: (low: string, high: string): string => `${low} to ${high}`,
  pair: (name: string, value: string): string => `${name}: ${value}`,
  noDifference: 'no difference shown',
  notMeasured: 'not measured',
  asTable: 'As a table',
  close: 'Close',
  turns: (count: number): string => `${count} ${count === 1 ? 'turn' : 'turns'}`,
  conversations: (count: number): string => `${count} ${count === 1 ? 'conversation' : 'conversations'}`,
  turnsHead: 'Turns',
  of: (count: number, all: number): string => `${count} of ${all}`,
  value: 'Value',
  intervalHead: 'Interval of 95 %',
  measure: 'Figure',

  titles: {
    evaluate: (ensemble: string): string => `What ${ensemble} is worth`,
    compare: (a: string, b: string): string => `What changes from ${a} to ${b}`,
    tune: (from: string): string => `A tune of ${from}`,
  },
  judgedOn: (turns: number, conversations: number, draws: number): string =>
    `${turns} turns of ${conversations} conversations. Intervals of 95 % come from ${draws} draws of conversations.`,
  incomplete: (count: number): string => `Of ${count} turns a voter failed or was late: what it would have said is not in these figures.`,
  undecided: (count: number): string => `${count} other turns were decided by no votes, and are left out.`,
  knownOnly: (known: number): string =>
    `Of ${known} turns it is known what is right: people have labelled them, or the customer chose an option right after. Figures are of these.`,
  holdsTexts: 'This file holds what customers wrote. Keep it as you keep the turns it was made from, and remove it in time.',
  holdsNoTexts: 'This file holds nothing that customers wrote.',
  about: {
    made: 'Made',
    release: 'Parley',
    shop: 'Shop',
    pack: 'Pack',
    data: 'Turns',
    hash: 'SHA-256 of the file',
    log: (days: string): string => `the log of the last ${days} days`,
    settings: 'Settings',
  },
  needsScript: 'This report is drawn by the script within it: allow it to run.',

  headlinesTitle: 'What it is worth',
  measures: {
    accuracy: 'Accuracy',
    macroF1: 'Macro-F1',
    weightedF1: 'Weighted F1',
    outOfScopeRecall: 'Out-of-scope recall',
    abstention: 'Abstention',
    answered: 'Answered',
    precisionOfAnswers: 'Answers that are right',
    wrongAnswers: 'Wrong answers',
    costPer1000: 'Cost per 1,000 turns',
    calibrationError: 'Calibration error (ECE)',
    brier: 'Brier score',
    logLoss: 'Log-loss',
  } satisfies Record<MeasureName | TunedBy, string> as Readonly<Record<MeasureName | TunedBy, string>>,
  measureHints: {
    accuracy: 'of all turns taken for what they are about',
    macroF1: 'mean over actions',
    weightedF1: 'weighed by how many turns are about them',
    outOfScopeRecall: 'of turns that are about nothing of the shop',
    abstention: 'of all turns asked back, or handed over out of doubt',
    answered: 'of all turns',
    precisionOfAnswers: 'of the turns that were answered',
    wrongAnswers: 'of all turns',
    costPer1000: 'by the shop’s costs, as it turned out',
    calibrationError: 'mean distance between confidence and accuracy',
    brier: '0 is best, 2 is worst',
  } as Readonly<Record<MeasureName, string>>,
  byRuleHeadline: 'Handed over by rule',
  byRuleHint: (right: number): string => `whatever the votes say; ${right} are about what they were taken for`,

  rivalsTitle: 'Beside others',
  rivalsExplained:
    'The ensemble less each of the others, on the same draws. Where an interval holds 0, these turns show no difference between the two.',
  /** What a difference to the right of 0 means. */
  better: {
    accuracy: 'More is better: right of 0 the ensemble is.',
    macroF1: 'More is better: right of 0 the ensemble is.',
    wrongAnswers: 'Less is better: left of 0 the ensemble is.',
    costPer1000: 'Less is better: left of 0 the ensemble is.',
    abstention: 'Neither is better by itself: look at wrong answers and cost beside it.',
  } as Readonly<Record<Compared, string>>,
  rivalNames: {
    majority: () => 'Majority vote',
    equal: () => 'Equal weights',
    alone: (name: string) => `${name} alone`,
    without: (name: string) => `Without ${name}`,
  } as Readonly<Record<RivalFigures['kind'], (name: string) => string>>,
  rivalKinds: { majority: 'Baselines', equal: 'Baselines', alone: 'Each voter alone', without: 'Each voter left out' } as Readonly<
    Record<RivalFigures['kind'], string>
  >,
  best: 'the best',
  differenceAxis: (measure: string, isShare: boolean): string =>
    `${measure}: the ensemble less the other${isShare ? ', points of per cent' : ''}`,
  rivalHead: 'Other',
  theirs: 'The other’s',
  ours: 'The ensemble less the other',

  votersTitle: 'Voters',
  votersExplained: 'How often each votes, in company, and against somebody; how often its surest vote is right; its learned weights.',
  voter: 'Voter',
  coverage: 'Votes on',
  overlap: 'With others',
  conflict: 'Against one',
  right: 'Right',
  wrong: 'Wrong',
  precision: 'Precision',
  weight: (language: string): string => `Weight, ${language}`,
  notHeard: 'not heard',
  languages: { zh: 'Chinese', en: 'English' },
  weightsTitle: 'Weights by language',
  weightsExplained: 'How much each voter counts. A weight of 1 takes its probabilities as they are, 0 does not hear it.',
  weightAxis: 'Weight',

  reliabilityTitle: 'As sure as it is right?',
  reliabilityExplained:
    'Turns by how sure the ensemble was, and the share of each level that was right. On the dashed line it is exactly as sure as it is right; below it, too sure. Bars: how many turns.',
  confidence: 'Confidence',
  meanConfidence: 'Mean confidence',
  rightShare: 'Right',
  levelOf: (from: string, to: string): string => `Confidence ${from} to ${to}`,
  perfect: 'as sure as right',

  riskTitle: 'Answering only what it is surest of',
  riskExplained:
    'The fewer turns are answered, the surest first, the fewer of the answers are wrong. Diamonds: the confidence from which on a wanted share is right.',
  answeredAxis: 'Share of turns that are answered',
  riskAxis: 'Wrong among the answers',
  answersFrom: (threshold: string): string => `answer from a confidence of ${threshold} on`,
  wanted: 'Wanted right',
  threshold: 'Confidence from',
  answeredThen: 'Answered',
  reachedHere: 'Right here',
  wantedRight: (share: string): string => `${share} right wanted`,
  unreached: (share: string): string => `${share} right: no threshold gives it.`,
  chosenHere: 'Thresholds are chosen on these very turns: look at the intervals.',

  slicesTitle: 'Slices',
  slicesExplained: 'The same figure on parts of the turns.',
  slicesNone: 'All turns are of one language, length and source.',
  sliceKinds: { language: 'Language', length: 'Length', source: 'Source' } as Readonly<Record<Slice['by'], string>>,
  lengths: { '1 short': 'short', '2 middling': 'middling', '3 long': 'long' } as Readonly<Record<string, string>>,
  slice: 'Part',
  whole: 'All turns',

  actionsTitle: 'Actions',
  actionsExplained: 'Below twenty turns an action’s figures tell little; such rows are faint. Press a head to sort.',
  action: 'Action',
  recall: 'Recall',
  few: 'few turns',

  rulesTitle: 'Given to a person by rule',
  rulesExplained:
    'What a person always takes, and the risks of the pack’s list: no vote talks them out of it. Missed: turns about it that no rule took.',
  rulesNone: 'Nothing, and nothing that should have been.',
  rule: 'Rule',
  risk: (id: string): string => `risk: ${id}`,
  persons: 'A person’s',
  missed: 'Missed',

  confusionTitle: 'Taken for something else',
  confusionExplained:
    'Rows: what turns are about. Columns: what they were taken for. Press a cell for the sentences behind it; the arrow keys go from cell to cell.',
  confusionMatrix: 'Confusion matrix',
  confusionOrder: 'Order',
  confusionOrders: { misses: 'most misses first', turns: 'most turns first', name: 'by name' },
  onlyMissed: 'Only actions with a miss',
  aboutHead: 'about',
  takenHead: 'taken for',
  nobody: '(nobody voted)',
  cellTitle: (right: string, said: string): string => (right === said ? `${right}, rightly` : `${right} taken for ${said}`),
  ofRow: (count: number, all: number, share: string): string => `${count} of ${all} turns about it (${share})`,
  commonest: 'The commonest confusions',
  example: 'The surest of them',
  line: (number: number): string => `line ${number}`,
  textsLeftOut: 'The sentences were left out of this file. They stand on these lines of the turns:',
  noMisses: 'Nothing was taken for something else.',

  changesTitle: 'What changed',
  changesExplained: 'Every turn that a customer would get otherwise. Being surer or less sure of the same answer is no change.',
  groups: {
    broken: 'Broken',
    fixed: 'Fixed',
    'both-wrong': 'Both wrong',
    'to-abstention': 'To abstention',
    'to-answer': 'To an answer',
    otherwise: 'Otherwise',
    unknown: 'Not known',
  } satisfies Record<Group, string> as Readonly<Record<Group, string>>,
  groupHints: {
    broken: 'rightly answered by A, wrongly by B',
    fixed: 'wrongly answered by A, rightly by B',
    'both-wrong': 'wrongly answered by both, in another way',
    'to-abstention': 'answered by A; B asks back or hands over out of doubt',
    'to-answer': 'B answers where A asks back or hands over out of doubt',
    otherwise: 'neither better nor worse, such as other options',
    unknown: 'answered otherwise; nobody has said which is right',
  } as Readonly<Record<Group, string>>,
  group: 'Group',
  meaning: 'Meaning',
  answersWere: (right: number, wrong: number): string => `the answers: ${right} right, ${wrong} wrong`,
  unchanged: 'Unchanged',
  sign: (better: number, worse: number, p: string): string => `Better in ${better} conversations, worse in ${worse} (sign test, ${p}): `,
  signVerdicts: { better: 'better.', worse: 'worse.', none: 'no difference shown.' },
  signNothing: 'Nothing is fixed, and nothing broken: no difference shown.',
  gateTitle: 'The gate',
  gateOpen: 'The gate is open: nothing is against B.',
  gateShut: 'The gate is shut.',
  gateAsked: (maxBroken: number | null): string =>
    `B must break no pinned turn, and must not cost more for sure${maxBroken === null ? '' : `; ${maxBroken} turns may break`}.`,
  objection: (objection: Objection): string =>
    objection.what === 'pinned'
      ? `${objection.broken} of ${objection.turns} pinned turns broke`
      : objection.what === 'broken'
        ? `${objection.broken} ${objection.broken === 1 ? 'turn' : 'turns'} broke, and ${objection.may} may`
        : `it costs ${objection.more.toFixed(0)} more per 1,000 turns`,
  pinned: (turns: number, broken: number, wrong: number): string =>
    `Pinned: ${turns} ${turns === 1 ? 'turn' : 'turns'}, ${broken === 0 ? 'none broken' : `${broken} broken`}${wrong > 0 ? `; ${wrong} wrongly answered by both` : ''}.`,
  pinnedTitle: 'Pinned turns that broke',
  besideTitle: 'Figures of both',
  besideExplained: 'B less A, on the same draws. Where the interval holds 0, these turns show no difference.',
  besideAxis: (what: string): string => `B less A, ${what}`,
  bLessA: 'B less A',
  points: 'points of per cent',
  turnsTitle: 'The changed turns',
  filter: 'Filter',
  filterHint: 'words or an action',
  all: 'All',
  said: 'What the customer wrote',
  about1: 'About',
  /** Of a file; a place in a log is a conversation's name. */
  place: (place: string): string => place,
  notKnown: 'not known',
  textLeftOut: '(left out)',
  done: { answered: '', 'asked back': 'asked back', 'handed over': 'handed over', 'by rule': 'to a person, by rule' } as Readonly<
    Record<Done, string>
  >,
  riskTaken: (id: string): string => `risk: ${id}, to a person`,
  optionsOr: ' or ',
  nothingSaid: 'nothing',
  noneFound: 'No turn has these words.',
  more: (count: number): string => `Show ${count} more`,

  tunedOn: (turns: number, conversations: number, zh: number, en: number, folds: number, draws: number): string =>
    `${turns} turns of ${conversations} conversations (${zh} Chinese, ${en} English), in ${folds} parts by conversation. Intervals of 95 % come from ${draws} draws of conversations.`,
  answersLeftOut: (count: number): string =>
    `${count} turns answer what the bot had asked, and are not understood by their words: left out.`,
  verdictTitle: 'Came of it',
  isWritten: (version: string, where: string): string =>
    version === where ? `It is better: ${version} is kept beside the other versions.` : `It is better: ${version} is written to ${where}.`,
  isBetterUnwritten: (version: string): string => `It is better: ${version}.`,
  notWritten: 'Nothing is written:',
  reason: (reason: Reason): string => {
    const measures = { logLoss: 'log-loss', costPer1000: 'cost', accuracy: 'accuracy' } as const
    switch (reason.what) {
      case 'conversations':
        return `there are ${reason.there} conversations; it takes ${reason.least}`
      case 'actions':
        return `${reason.enough} of ${reason.actions} actions have ${reason.least} turns or more, and it takes half of them: ${reason.missing} turns more, of ${reason.short} other actions`
      case 'worse':
        return `by ${measures[reason.by]} it is worse than ${reason.than === null ? 'the ensemble in force' : `${reason.than} alone`}`
      case 'no difference':
        return 'no difference shown to the ensemble in force, neither in log-loss nor in cost'
    }
  },
  needed: (needed: number | null, turns: number): string =>
    needed === null
      ? 'More turns like these would not show it.'
      : `About ${needed} turns like these, all together, would likely show what there is to be shown; these are ${turns}.`,
  candidatesTitle: 'Candidates',
  candidatesExplained:
    'Each on turns that it was not fitted on. Chosen is the simplest that no other is shown to be better than, by log-loss or cost.',
  candidates: {
    equal: 'Equal weights',
    greedy: 'Greedy selection',
    stacked: 'Stacked',
    'by action': 'Stacked, by action and signal',
  } satisfies Record<CandidateName, string> as Readonly<Record<CandidateName, string>>,
  inForce: 'In force',
  alone: (voter: string): string => `${voter} alone (the best)`,
  chosen: 'chosen',
  chosenIs: 'Chosen',
  candidate: 'Candidate',
  against: { inForce: 'the one in force', bestAlone: 'the best voter alone' },
  compareWith: 'Held against',
  candidateAxis: (measure: string, other: string): string => `${measure}: the candidate less ${other}`,
  learnedTitle: 'What was learned of the voters',
  learnedExplained:
    'Weights before and after, how confidences were calibrated, and actions for which a voter counts more or less than elsewhere.',
  before: 'Before',
  after: 'After',
  calibrated: (language: string): string => `Calibrated, ${language}`,
  methods: { none: 'as it is', temperature: 'temperature', isotonic: 'isotonic' } satisfies Record<Method, string> as Readonly<
    Record<Method, string>
  >,
  byAction: 'Factors by action',
  sureTitle: 'As sure as it is right',
  sureExplained: 'Before and after, with what the difference is.',
  tuned: 'Tuned',
  differenceHead: 'Difference',
  turnsAboutTitle: 'Turns by action',
  turnsAboutExplained: 'What it was learned from. Actions with few turns were learned little of.',

  week: 'Week',
  weekOf: (day: string): string => `Week of ${day}`,
  driftNone: 'There is nothing of these weeks.',
}

export type Strings = typeof en

const measuresZh: Strings['measures'] = {
  accuracy: '准确率',
  macroF1: '宏平均 F1',
  weightedF1: '加权 F1',
  outOfScopeRecall: '超范围召回率',
  abstention: '弃答率',
  answered: '作答率',
  precisionOfAnswers: '作答正确率',
  wrongAnswers: '错误作答',
  costPer1000: '每千轮成本',
  calibrationError: '校准误差（ECE）',
  brier: 'Brier 分数',
  logLoss: '对数损失',
}

const zh: Strings = {
  languageSwitch: 'English',
  languageSwitchLabel: 'Switch to English',
  range: (low, high) => `${low} 至 ${high}`,
  pair: (name, value) => `${name}：${value}`,
  noDifference: '未显示差异',
  notMeasured: '未测量',
  asTable: '以表格显示',
  close: '关闭',
  turns: count => `${count} 轮`,
  conversations: count => `${count} 个会话`,
  turnsHead: '轮数',
  of: (count, all) => `${all} 中的 ${count}`,
  value: '数值',
  intervalHead: '95 % 区间',
  measure: '指标',

  titles: {
    evaluate: ensemble => `${ensemble} 的评估`,
    compare: (a, b) => `从 ${a} 到 ${b} 的变化`,
    tune: from => `${from} 的调优`,
  },
  judgedOn: (turns, conversations, draws) => `${conversations} 个会话，共 ${turns} 轮。95 % 区间由 ${draws} 次按会话重抽样得出。`,
  incomplete: count => `有 ${count} 轮的投票器出错或超时，其意见未计入。`,
  undecided: count => `另有 ${count} 轮不是由投票决定的，未计入。`,
  knownOnly: known => `其中 ${known} 轮已知正确答案：有人标注过，或顾客随后选择了选项。数值只针对这些轮。`,
  holdsTexts: '本文件包含顾客所写的内容。请像保管原始数据一样保管它，并及时删除。',
  holdsNoTexts: '本文件不包含顾客所写的内容。',
  about: {
    made: '生成时间',
    release: 'Parley',
    shop: '店铺',
    pack: '知识包',
    data: '数据',
    hash: '文件的 SHA-256',
    log: days => `最近 ${days} 天的日志`,
    settings: '设置',
  },
  needsScript: '本报告由文件内的脚本绘制，请允许它运行。',

  headlinesTitle: '总体表现',
  measures: measuresZh,
  measureHints: {
    accuracy: '所有轮次中判断正确的比例',
    macroF1: '各意图的平均值',
    weightedF1: '按各意图的轮数加权',
    outOfScopeRecall: '与店铺无关的轮次中被认出的比例',
    abstention: '反问或因拿不准而转人工的比例',
    answered: '占所有轮次',
    precisionOfAnswers: '占已作答的轮次',
    wrongAnswers: '占所有轮次',
    costPer1000: '按店铺成本表的实际结果',
    calibrationError: '置信度与准确率的平均差距',
    brier: '0 最好，2 最差',
  },
  byRuleHeadline: '按规则转人工',
  byRuleHint: right => `不受投票影响；其中 ${right} 轮判断正确`,

  rivalsTitle: '与其他方案相比',
  rivalsExplained: '本组合减去其他方案，使用相同的重抽样。区间包含 0 时，这些数据未显示两者有差异。',
  better: {
    accuracy: '越高越好：在 0 的右边，本组合更好。',
    macroF1: '越高越好：在 0 的右边，本组合更好。',
    wrongAnswers: '越低越好：在 0 的左边，本组合更好。',
    costPer1000: '越低越好：在 0 的左边，本组合更好。',
    abstention: '本身无所谓好坏：请同时看错误作答和成本。',
  },
  rivalNames: {
    majority: () => '多数投票',
    equal: () => '等权重',
    alone: name => `仅 ${name}`,
    without: name => `去掉 ${name}`,
  },
  rivalKinds: { majority: '基线', equal: '基线', alone: '单个投票器', without: '去掉一个投票器' },
  best: '最佳',
  differenceAxis: (measure, isShare) => `${measure}：本组合减去对方${isShare ? '（百分点）' : ''}`,
  rivalHead: '对方',
  theirs: '对方数值',
  ours: '本组合减去对方',

  votersTitle: '投票器',
  votersExplained: '各投票器的覆盖、与他人重叠、与他人冲突的比例，最有把握的一票的正确率，以及学得的权重。',
  voter: '投票器',
  coverage: '覆盖',
  overlap: '重叠',
  conflict: '冲突',
  right: '正确',
  wrong: '错误',
  precision: '精确率',
  weight: language => `权重（${language}）`,
  notHeard: '不采纳',
  languages: { zh: '中文', en: '英文' },
  weightsTitle: '各语言的权重',
  weightsExplained: '每个投票器的分量。权重 1 表示按原概率采纳，0 表示不采纳。',
  weightAxis: '权重',

  reliabilityTitle: '把握与正确是否相符？',
  reliabilityExplained: '按置信度分档，每档中正确的比例。虚线上表示把握与正确率恰好相符；在其下方表示过于自信。柱形为轮数。',
  confidence: '置信度',
  meanConfidence: '平均置信度',
  rightShare: '正确率',
  levelOf: (from, to) => `置信度 ${from} 至 ${to}`,
  perfect: '完全相符',

  riskTitle: '只回答最有把握的',
  riskExplained: '从最有把握的开始，回答得越少，其中错的越少。菱形：达到期望正确率所需的最低置信度。',
  answeredAxis: '作答的比例',
  riskAxis: '作答中的错误率',
  answersFrom: threshold => `置信度不低于 ${threshold} 时作答`,
  wanted: '期望正确率',
  threshold: '最低置信度',
  answeredThen: '作答率',
  reachedHere: '此处正确率',
  wantedRight: share => `期望 ${share} 正确`,
  unreached: share => `${share} 正确：没有阈值能达到。`,
  chosenHere: '阈值是在这些数据上选出的，请注意区间。',

  slicesTitle: '分组',
  slicesExplained: '同一指标在部分数据上的数值。',
  slicesNone: '所有轮次的语言、长度和来源都相同。',
  sliceKinds: { language: '语言', length: '长度', source: '来源' },
  lengths: { '1 short': '短', '2 middling': '中', '3 long': '长' },
  slice: '部分',
  whole: '全部',

  actionsTitle: '各意图',
  actionsExplained: '少于二十轮的意图，数值说明不了什么，以浅色显示。点击表头可排序。',
  action: '意图',
  recall: '召回率',
  few: '轮数少',

  rulesTitle: '按规则转人工',
  rulesExplained: '必须由人处理的意图和风险词：任何投票都不能改变。漏掉：属于该意图但没有被规则接走的轮次。',
  rulesNone: '没有，也没有漏掉的。',
  rule: '规则',
  risk: id => `风险：${id}`,
  persons: '确属人工',
  missed: '漏掉',

  confusionTitle: '混淆',
  confusionExplained: '行：实际意图。列：被当成的意图。点击单元格可查看背后的句子；方向键可在单元格间移动。',
  confusionMatrix: '混淆矩阵',
  confusionOrder: '排序',
  confusionOrders: { misses: '错误多的在前', turns: '轮数多的在前', name: '按名称' },
  onlyMissed: '只显示有错误的意图',
  aboutHead: '实际',
  takenHead: '被当成',
  nobody: '（无人投票）',
  cellTitle: (right, said) => (right === said ? `${right}，判断正确` : `${right} 被当成 ${said}`),
  ofRow: (count, all, share) => `该意图 ${all} 轮中的 ${count} 轮（${share}）`,
  commonest: '最常见的混淆',
  example: '最有把握的一句',
  line: number => `第 ${number} 行`,
  textsLeftOut: '本文件不含句子。它们在数据的这些行：',
  noMisses: '没有混淆。',

  changesTitle: '变化',
  changesExplained: '顾客会得到不同结果的每一轮。同一答案只是把握不同，不算变化。',
  groups: {
    broken: '变坏',
    fixed: '变好',
    'both-wrong': '都错',
    'to-abstention': '改为弃答',
    'to-answer': '改为作答',
    otherwise: '其他',
    unknown: '未知',
  },
  groupHints: {
    broken: 'A 答对，B 答错',
    fixed: 'A 答错，B 答对',
    'both-wrong': '都答错，但错得不同',
    'to-abstention': 'A 作答；B 反问或因拿不准而转人工',
    'to-answer': 'A 反问或转人工；B 作答',
    otherwise: '不好也不坏，例如选项不同',
    unknown: '回答不同，但没有人说过哪个正确',
  },
  group: '分组',
  meaning: '含义',
  answersWere: (right, wrong) => `这些作答：${right} 对，${wrong} 错`,
  unchanged: '不变',
  sign: (better, worse, p) => `${better} 个会话变好，${worse} 个变坏（符号检验，${p}）：`,
  signVerdicts: { better: '更好。', worse: '更差。', none: '未显示差异。' },
  signNothing: '没有变好的，也没有变坏的：未显示差异。',
  gateTitle: '关卡',
  gateOpen: '关卡通过：没有反对 B 的理由。',
  gateShut: '关卡未通过。',
  gateAsked: maxBroken => `B 不得弄坏任何锁定的轮次，也不得确定地更贵${maxBroken === null ? '' : `；最多允许 ${maxBroken} 轮变坏`}。`,
  objection: objection =>
    objection.what === 'pinned'
      ? `${objection.turns} 个锁定轮次中有 ${objection.broken} 个变坏`
      : objection.what === 'broken'
        ? `${objection.broken} 轮变坏，最多允许 ${objection.may} 轮`
        : `每千轮成本高出 ${objection.more.toFixed(0)}`,
  pinned: (turns, broken, wrong) =>
    `锁定轮次：${turns} 个，${broken === 0 ? '没有变坏' : `${broken} 个变坏`}${wrong > 0 ? `；${wrong} 个两者都答错` : ''}。`,
  pinnedTitle: '变坏的锁定轮次',
  besideTitle: '两者的数值',
  besideExplained: 'B 减 A，使用相同的重抽样。区间包含 0 时，这些数据未显示差异。',
  besideAxis: what => `B 减 A，${what}`,
  bLessA: 'B 减 A',
  points: '百分点',
  turnsTitle: '变化的轮次',
  filter: '筛选',
  filterHint: '词语或意图',
  all: '全部',
  said: '顾客所写',
  about1: '实际意图',
  place: place => place.replace(/^line (\d+)( of the pinned)?$/, (_, line, isPinned) => `${isPinned ? '锁定文件' : ''}第 ${line} 行`),
  notKnown: '未知',
  textLeftOut: '（已略去）',
  done: { answered: '', 'asked back': '反问', 'handed over': '转人工', 'by rule': '按规则转人工' },
  riskTaken: id => `风险：${id}，转人工`,
  optionsOr: ' 或 ',
  nothingSaid: '无',
  noneFound: '没有包含这些词的轮次。',
  more: count => `再显示 ${count} 个`,

  tunedOn: (turns, conversations, zhTurns, enTurns, folds, draws) =>
    `${conversations} 个会话，共 ${turns} 轮（中文 ${zhTurns}，英文 ${enTurns}），按会话分为 ${folds} 份。95 % 区间由 ${draws} 次按会话重抽样得出。`,
  answersLeftOut: count => `有 ${count} 轮是对机器人提问的回答，不能单凭其词语理解，未计入。`,
  verdictTitle: '结论',
  isWritten: (version, where) => (version === where ? `更好：${version} 已与其他版本一起保存。` : `更好：${version} 已写入 ${where}。`),
  isBetterUnwritten: version => `更好：${version}。`,
  notWritten: '没有写入任何版本：',
  reason: reason => {
    const measures = { logLoss: '对数损失', costPer1000: '成本', accuracy: '准确率' } as const
    switch (reason.what) {
      case 'conversations':
        return `只有 ${reason.there} 个会话，至少需要 ${reason.least} 个`
      case 'actions':
        return `${reason.actions} 个意图中只有 ${reason.enough} 个达到 ${reason.least} 轮，需要一半：还缺 ${reason.short} 个其他意图的 ${reason.missing} 轮`
      case 'worse':
        return `按${measures[reason.by]}，不如${reason.than === null ? '正在使用的组合' : `单独的 ${reason.than}`}`
      case 'no difference':
        return '与正在使用的组合相比，对数损失和成本都未显示差异'
    }
  },
  needed: (needed, turns) =>
    needed === null ? '再多同样的数据也显示不出来。' : `大约共需 ${needed} 轮同样的数据，才可能显示出差异；现有 ${turns} 轮。`,
  candidatesTitle: '候选方案',
  candidatesExplained: '每个方案都在未用于拟合的轮次上评估。选中的是最简单的、且没有其他方案在对数损失或成本上显示更好的那个。',
  candidates: { equal: '等权重', greedy: '贪心选择', stacked: '堆叠回归', 'by action': '按意图和信号堆叠' },
  inForce: '正在使用',
  alone: voter => `仅 ${voter}（最佳）`,
  chosen: '选中',
  chosenIs: '选中',
  candidate: '方案',
  against: { inForce: '正在使用的组合', bestAlone: '最佳的单个投票器' },
  compareWith: '对照',
  candidateAxis: (measure, other) => `${measure}：候选减去${other}`,
  learnedTitle: '学到了什么',
  learnedExplained: '调优前后的权重、置信度的校准方式，以及某个投票器在哪些意图上分量不同。',
  before: '之前',
  after: '之后',
  calibrated: language => `校准（${language}）`,
  methods: { none: '保持原样', temperature: '温度', isotonic: '保序' },
  byAction: '各意图的系数',
  sureTitle: '把握与正确是否相符',
  sureExplained: '调优前后及其差异。',
  tuned: '调优后',
  differenceHead: '差异',
  turnsAboutTitle: '各意图的轮数',
  turnsAboutExplained: '学习所用的数据。轮数少的意图学到的也少。',

  week: '周',
  weekOf: day => `${day} 起的一周`,
  driftNone: '这几周没有数据。',
}

export type Locale = 'zh-CN' | 'en'

export const stringsOf = (locale: Locale): Strings => (locale === 'en' ? en : zh)
