// `parley ensemble …`: how the votes are fused and decided on, and what that is worth.
import { GROUPS } from '@parley/ensembles/comparison/group.ts'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { serverUrl, timeBack, wrongUse } from '../options.ts'
import { addEnsembleVersionCommands } from './ensemble-versions.ts'

const share = (text: string): number => {
  const value = Number(text)
  if (!(value > 0 && value < 1)) throw new InvalidArgumentError('it is a share between 0 and 1, such as 0.95')
  return value
}
const whole = (text: string): number => {
  const value = Number(text)
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('it is a whole number from 0 to 999999999')
  return value
}
const folds = (text: string): number => {
  const value = Number(text)
  if (!/^\d{1,2}$/.test(text) || value < 2 || value > 20) throw new InvalidArgumentError('it is a whole number from 2 to 20')
  return value
}
const cell = (text: string): { readonly right: string; readonly said: string } => {
  const [, right, said] = /^([A-Z0-9_]+):([A-Z0-9_]+|-)$/.exec(text) ?? []
  if (right === undefined || said === undefined) throw new InvalidArgumentError('it is RIGHT:SAID, such as TRACK_ORDER:DELIVERY_INFO')
  return { right, said }
}

export function addEnsembleCommands(program: Command): void {
  const ensemble = program
    .command('ensemble')
    .description('How votes are fused and decided on, and what that is worth (docs/ensembles.md).')
  addEnsembleVersionCommands(ensemble)
  ensemble
    .command('evaluate')
    .description(
      "Judge an ensemble on turns of which it is known what they are about, beside majority vote, equal weights and every voter by itself. The shop's own voters are asked; their votes are kept, so that a second run takes seconds, and one that is broken off goes on where it was.",
    )
    .argument(
      '<data>',
      'JSON lines: a turn {"text": …, "action": …} or a dialogue {"turns": [{"text": …, "action": …}, …]}, and at will "lang" (zh, en), "source", "conversation"',
    )
    .option('--ensemble <ensemble>', 'a shipped one, a .yaml file, or a version that is kept here (default: what is in force in the shop)')
    .addOption(new Option('--shop <shop>', 'shop whose voters, catalogue and costs it is judged with (default: the only one)'))
    .addOption(new Option('--precision <share>', 'share of answers that is to be right: which threshold gives it').argParser(share))
    .addOption(
      new Option('--cell <RIGHT:SAID>', 'name every sentence of one cell of the confusion matrix; - for what nobody voted on').argParser(
        cell,
      ),
    )
    .option('--skip-bad', 'go on without the lines that are wrong; they are named all the same')
    .addOption(new Option('--seed <n>', 'of the draws that the intervals come from').default(1).argParser(whole))
    .option('--json <file>', 'write all of it there, every sentence of every cell too')
    .option('--html <file>', 'write it as a page of its own, with plots, to open or to send: it holds what customers wrote')
    .option('--no-sentences', 'leave the sentences of customers out of the page')
    .action(async (data, options, command) => (await import('../ensemble.ts')).evaluate(data, options, wrongUse(command)))
  ensemble
    .command('compare')
    .description(
      'Every turn that another ensemble would decide otherwise: fixed, broken, wrong in another way, answered or not; with how sure that is. Exit status 3 where something is against it: a pinned turn is broken, more turns than --max-broken are, or it costs more for sure.',
    )
    .argument('<a>', 'what B is held against: a shipped ensemble, a .yaml file, a version that is kept here, or in-force')
    .argument('<b>', 'the other one')
    .argument('[data]', 'JSON lines as `evaluate` reads them; "pinned": true makes a turn one that must never break')
    .option(
      '--log <time>',
      "in its place turns of the running server's log, of this time back from now: 24h, 7d; nobody is asked again",
      timeBack,
    )
    .option('--pinned <file>', 'turns that must never break, as JSON lines; they are in no figure')
    .addOption(new Option('--max-broken <n>', 'how many turns may break').argParser(whole))
    .addOption(new Option('--group <group>', 'name every turn of one group').choices(GROUPS))
    .addOption(new Option('--limit <n>', 'how many turns of each group are named').default(10).argParser(whole))
    .addOption(new Option('--shop <shop>', 'shop whose voters, catalogue and costs they are judged with (default: the only one)'))
    .addOption(serverUrl)
    .option('--skip-bad', 'go on without the lines that are wrong; they are named all the same')
    .addOption(new Option('--seed <n>', 'of the draws that the intervals come from').default(1).argParser(whole))
    .option('--json <file>', 'write all of it there, with what customers wrote')
    .option('--html <file>', 'write it as a page of its own, with plots, to open or to send: it holds what customers wrote')
    .option('--no-sentences', 'leave the sentences of customers out of the page')
    .action(async (a, b, data, options, command) =>
      (await import('../ensemble-compare.ts')).compare(a, b, data, options, wrongUse(command)),
    )
  addTuneCommand(ensemble)
  addLabelCommands(ensemble)
}

function addLabelCommands(ensemble: Command): void {
  const label = ensemble
    .command('label')
    .description(
      "Turns of the running server's log that are worth a label: out to a file, and back with what they are about (docs/ensembles.md).",
    )
  const ofShop = (): Option => new Option('--shop <shop>', 'whose log (default: the only one)')
  const since = (): Option =>
    new Option('--since <time>', 'turns of this time back from now: 24h, 7d').default(30 * 86_400_000, '30d').argParser(timeBack)
  label
    .command('list')
    .description('The turns that teach most: where the ensemble could not tell, its voters contradict it, or an agent took the turn back.')
    .addOption(since())
    .addOption(new Option('--limit <n>', 'how many').default(20).argParser(whole))
    .option('--by <who>', 'leave out what this person has labelled, in the place of what anybody has')
    .addOption(ofShop())
    .addOption(serverUrl)
    .action(async (options, command) => (await import('../ensemble-label.ts')).listToLabel(options, wrongUse(command)))
  label
    .command('export')
    .description(
      'Write them as JSON lines, for a person to fill in "action"; with --labelled what is labelled already, as `evaluate` reads it.',
    )
    .argument('<file>', 'where to')
    .option('--labelled', 'the labelled turns on which nobody disagrees, each in its dialogue')
    .addOption(since())
    .addOption(new Option('--limit <n>', 'how many').default(200).argParser(whole))
    .option('--by <who>', 'leave out what this person has labelled, in the place of what anybody has')
    .addOption(ofShop())
    .addOption(serverUrl)
    .action(async (file, options, command) => (await import('../ensemble-label.ts')).exportToLabel(file, options, wrongUse(command)))
  label
    .command('import')
    .description('Keep the labels of a file that was exported and filled in; rows that say no action are left for later.')
    .argument('<file>', 'JSON lines with "conversation", "turn", "action"')
    .requiredOption('--by <who>', 'whose labels they are')
    .addOption(ofShop())
    .addOption(serverUrl)
    .action(async (file, options, command) => (await import('../ensemble-label.ts')).importLabels(file, options, wrongUse(command)))
  label
    .command('agreement')
    .description("How far two people agree on the turns that both have labelled, beyond chance: Cohen's kappa.")
    .addOption(ofShop())
    .addOption(serverUrl)
    .addOption(new Option('--seed <n>', 'of the draws that the interval comes from').default(1).argParser(whole))
    .action(async (options, command) => (await import('../ensemble-label.ts')).tellAgreement(options, wrongUse(command)))
}

function addTuneCommand(ensemble: Command): void {
  ensemble
    .command('tune')
    .description(
      'Fit a new version on turns of which it is known what they are about: equal weights, greedy selection and stacked regression, each judged on conversations that it was not fitted on. It is written if it is shown to be better than what is in force; else exit status 3, and how much is missing is said.',
    )
    .argument('<data>', 'JSON lines as `evaluate` reads them')
    .option('--ensemble <ensemble>', 'what it begins from and has to beat (default: what is in force in the shop)')
    .addOption(
      new Option('--languages <how>', 'whether each language gets weights of its own, pulled towards those of both')
        .choices(['apart', 'together'])
        .default('apart'),
    )
    .addOption(new Option('--folds <n>', 'parts that the conversations are put into').default(5).argParser(folds))
    .option('--out <file>', 'write it there and not among the versions that are kept here; a .yaml file that is not there yet')
    .option(
      '--traffic <time>',
      "also estimate how often customers want what from the votes in the running server's log, of this time back from now: 24h, 7d",
      timeBack,
    )
    .addOption(new Option('--shop <shop>', 'shop whose voters, catalogue and costs it is judged with (default: the only one)'))
    .addOption(serverUrl)
    .option('--skip-bad', 'go on without the lines that are wrong; they are named all the same')
    .addOption(new Option('--seed <n>', 'of the folds, and of the draws that the intervals come from').default(1).argParser(whole))
    .option('--json <file>', 'write all of it there')
    .option('--html <file>', 'write it as a page of its own, with plots, to open or to send; no sentence is in it')
    .action(async (data, options, command) => (await import('../ensemble-tune.ts')).tune(data, options, wrongUse(command)))
}
