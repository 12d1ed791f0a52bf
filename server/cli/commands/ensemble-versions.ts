// `parley ensemble list`, `show`, `add`, `shadow`, `canary`, `promote`, `rollback` and `history`: which ensemble decides in a shop, and to try another.
import { type Command, InvalidArgumentError, Option } from 'commander'
import { serverUrl, wrongUse } from '../options.ts'

const whole = (text: string): number => {
  const value = Number(text)
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('it is a whole number from 0 to 999999999')
  return value
}
/** `10%` or `0.1`; of the conversations. */
const shareOf = (text: string): number => {
  const [, number, percent] = /^(\d{1,3}(?:\.\d+)?)(%?)$/.exec(text.trim()) ?? []
  const value = number === undefined ? Number.NaN : percent === '%' ? Number(number) / 100 : Number(number)
  if (!(value >= 0 && value <= 1)) throw new InvalidArgumentError('it is a share of the conversations, such as 10%')
  return value
}

const ENSEMBLE = 'a shipped one, a .yaml file, or a version that is kept here: its name, its hash, or the beginning of either'

/** Under `parley ensemble`. */
export function addEnsembleVersionCommands(ensemble: Command): void {
  const ofShop = new Option('--shop <shop>', 'shop in which it decides (default: the only one)')
  const who = new Option('--who <name>', 'who does it, for the history (default: who is signed in on this machine)')
  const why = new Option('--why <text>', 'why, for the history')
  const whyNeeded = new Option('--why <text>', 'why, for the history').makeOptionMandatory()
  ensemble
    .command('list')
    .description(
      'Every ensemble: those that are shipped, those that settings name, and the versions that are kept; and where each decides or is tried.',
    )
    .option('--shop <shop>', 'say only of this shop where they decide')
    .option('--json', 'print them as JSON')
    .action(async options => (await import('../ensemble-versions.ts')).listEnsembles(options))
  ensemble
    .command('show')
    .description("Print an ensemble's file.")
    .argument('<ensemble>', `${ENSEMBLE}; or in-force`)
    .addOption(new Option('--shop <shop>', 'shop of in-force (default: the only one)'))
    .option('--json', 'print it as JSON, with its version and hash')
    .action(async (named, options, command) => (await import('../ensemble-versions.ts')).showEnsemble(named, options, wrongUse(command)))
  ensemble
    .command('add')
    .description('Keep a file as a version, which never changes. It decides nothing yet.')
    .argument('<file>', 'a .yaml file')
    .action(async (file, _options, command) => (await import('../ensemble-versions.ts')).addEnsemble(file, wrongUse(command)))
  ensemble
    .command('shadow')
    .description(
      'Have an ensemble decide every turn once more, after it is decided, and count for nothing; without one, say how often it would have decided otherwise, and list these turns.',
    )
    .argument('[ensemble]', ENSEMBLE)
    .option('--off', 'end it')
    .addOption(ofShop)
    .addOption(why)
    .addOption(who)
    .addOption(serverUrl)
    .addOption(new Option('--limit <n>', 'how many turns are listed').default(20).argParser(whole))
    .option('--json', 'print it as JSON')
    .action(async (named, options, command) => (await import('../ensemble-trials.ts')).shadowEnsemble(named, options, wrongUse(command)))
  ensemble
    .command('canary')
    .description(
      'Have an ensemble decide a share of the conversations, each from its first turn to its last; without one, say what came of them beside the others.',
    )
    .argument('[ensemble]', ENSEMBLE)
    .addOption(new Option('--share <share>', 'of the conversations, such as 10%').argParser(shareOf))
    .option('--off', 'end it')
    .addOption(ofShop)
    .addOption(why)
    .addOption(who)
    .addOption(serverUrl)
    .option('--json', 'print it as JSON')
    .action(async (named, options, command) => (await import('../ensemble-trials.ts')).canaryEnsemble(named, options, wrongUse(command)))
  ensemble
    .command('promote')
    .description('Put an ensemble in force in a shop, from the next turn on. A running server loses no turn; a canary ends.')
    .argument('<ensemble>', ENSEMBLE)
    .addOption(ofShop)
    .addOption(whyNeeded)
    .addOption(who)
    .addOption(serverUrl)
    .action(async (named, options, command) => (await import('../ensemble-versions.ts')).promoteEnsemble(named, options, wrongUse(command)))
  ensemble
    .command('rollback')
    .description(
      'Take back what customers have met last: a canary where there is one, else the version in force, and the one before decides again.',
    )
    .addOption(ofShop)
    .addOption(whyNeeded)
    .addOption(who)
    .addOption(serverUrl)
    .action(async (options, command) => (await import('../ensemble-versions.ts')).rollBackEnsemble(options, wrongUse(command)))
  ensemble
    .command('history')
    .description('What was done in a shop, the latest first: when, what, with which version, by whom and why.')
    .addOption(ofShop)
    .option('--json', 'print it as JSON')
    .action(async (options, command) => (await import('../ensemble-versions.ts')).showHistory(options, wrongUse(command)))
}
