// The words of reports and plots in English. What Chinese has to say too is read off them.
import type { Objection } from '@parley/ensembles/comparison/gate.ts'
import type { Group } from '@parley/ensembles/comparison/group.ts'
import type { MeasureName } from '@parley/ensembles/evaluation/measures.ts'
import type { Done } from '@parley/ensembles/evaluation/outcome.ts'
import type { Compared, RivalFigures, Slice } from '@parley/ensembles/evaluation/report.ts'
import type { TunedBy } from '@parley/ensembles/tune/figures.ts'
import type { Method } from '@parley/ensembles/tune/fit-calibration.ts'
import type { CandidateName } from '@parley/ensembles/tune/fit-candidates.ts'
import type { Reason } from '@parley/ensembles/tune/verdict.ts'

export const en = {
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
