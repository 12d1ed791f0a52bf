// What changes from one ensemble to another, as lines for a terminal.
import type { ChangedTurn, Changes, TurnToCompare } from '@parley/ensembles/comparison/compare.ts'
import type { Comparison } from '@parley/ensembles/comparison/comparison.ts'
import type { Group, Side } from '@parley/ensembles/comparison/group.ts'
import { COMPARED } from '@parley/ensembles/evaluation/report.ts'
import { differenceIn, NAMES, numbers, section, share, shares, table } from './ensemble-report.ts'

const MEANINGS: Readonly<Record<Group, string>> = {
  broken: 'rightly answered by A, wrongly by B',
  fixed: 'wrongly answered by A, rightly by B',
  'both-wrong': 'wrongly answered by both, in another way',
  'to-abstention': 'answered by A; B asks back or hands over out of doubt',
  'to-answer': 'B answers where A asks back or hands over out of doubt',
  otherwise: 'neither better nor worse, such as other options',
  unknown: 'answered otherwise; nobody has said which is right',
}

/** Above this the sign test shows nothing. */
const CHANCE = 0.05

/** `most`: turns that are named of each group. */
export function comparisonLines(compared: Comparison, most: number): readonly string[] {
  const { a, b, turns, conversations, known, draws, changed, pinned, incomplete, undecided } = compared
  return [
    `A ${a} and B ${b} on ${turns} turns of ${conversations} conversations; intervals of 95 % from ${draws} draws of conversations`,
    ...(incomplete > 0 ? [`Of ${incomplete} turns a voter failed or was late: what it would have said is not in these figures.`] : []),
    ...(undecided > 0 ? [`${undecided} other turns were decided by no votes, and are left out.`] : []),
    ...(known < turns
      ? [
          `Of ${known} turns it is known what is right: people have labelled them, or the customer chose an option right after. The others are told by what changed.`,
        ]
      : []),
    ...section('What changed', changes(compared)),
    ...(compared.figures
      ? section(
          known < turns ? `B less A, on the ${known} turns of which it is known what is right` : 'B less A',
          figures(compared.figures),
        )
      : []),
    ...(pinned.turns > 0 ? section('Pinned', pinnedLines(pinned, most)) : []),
    ...compared.groups.flatMap(({ group }) => section(group, listed(group, changed, most))),
  ]
}

/** Every turn of one group. */
export function groupLines({ changed }: Changes, group: Group): readonly string[] {
  const those = changed.filter(each => each.group === group)
  return [`${those.length} turns ${group}: ${MEANINGS[group]}`, ...those.map(turn => `  ${lineOf(turn)}`)]
}

function changes({ groups, sign, turns, changed }: Comparison): readonly string[] {
  const { better, worse, p } = sign
  const told = p < 0.001 ? 'p < 0.001' : `p = ${p.toFixed(3)}`
  return [
    ...table([
      ...groups.map(({ group, turns: count, share: estimate, answers }) => [
        group,
        `${count} ${count === 1 ? 'turn' : 'turns'}`,
        shares(estimate),
        `${MEANINGS[group]}${answers.right + answers.wrong > 0 ? `; the answers: ${answers.right} right, ${answers.wrong} wrong` : ''}`,
      ]),
      ['unchanged', `${turns - changed.length} turns`, '', ''],
    ]),
    better + worse === 0
      ? 'Nothing is fixed, and nothing broken: no difference shown.'
      : `Better in ${better} conversations, worse in ${worse} (sign test, ${told}): ${p >= CHANCE ? 'no difference shown' : better > worse ? 'better' : 'worse'}.`,
  ]
}

const figures = (told: NonNullable<Comparison['figures']>): readonly string[] =>
  table([
    ['', 'A', 'B', 'B less A'],
    ...COMPARED.map(name => {
      const { a, b, difference } = told[name]
      const shown = (estimate: typeof a): string => (name === 'costPer1000' ? numbers(estimate, 0) : shares(estimate))
      return [NAMES[name], shown(a), shown(b), differenceIn(difference, name)]
    }),
  ])

function pinnedLines({ turns, broken, wrong }: Changes['pinned'], most: number): readonly string[] {
  return [
    `${turns} ${turns === 1 ? 'turn' : 'turns'}, ${broken.length === 0 ? 'none broken' : `${broken.length} broken`}${wrong > 0 ? `; ${wrong} wrongly answered by both` : ''}`,
    ...broken.slice(0, most).map(lineOf),
    ...(broken.length > most ? [`and ${broken.length - most} more`] : []),
  ]
}

function listed(group: Group, changed: readonly ChangedTurn[], most: number): readonly string[] {
  const those = changed.filter(each => each.group === group)
  return [
    ...those.slice(0, most).map(lineOf),
    ...(those.length > most ? [`and ${those.length - most} more: --group ${group} names all`] : []),
  ]
}

const lineOf = ({ place, right, a, b, text }: TurnToCompare): string =>
  `${place}${right === null ? '' : `, ${right}`}: ${doneIn(a)} -> ${doneIn(b)}: ${text.replaceAll(/\s+/g, ' ')}`

function doneIn({ said, done, confidence, options, rules }: Side): string {
  if (done === 'asked back') return `asked back ${options.join(' or ')}`
  if (done === 'handed over') return 'handed over'
  const risk = rules.find(({ kind }) => kind === 'risk')
  return risk ? `risk ${risk.rule}` : `${said ?? 'nothing'} ${share(confidence)}`
}
