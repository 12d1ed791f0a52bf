// The command line, `parley`. Exit status: 0 done, 1 a fault, 2 wrong use.
import { isFault } from '@parley/core/faults.ts'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { addAgentCommands } from './cli/commands/agents.ts'
import { addClusterCommands } from './cli/commands/cluster.ts'
import { addConversationCommands } from './cli/commands/conversations.ts'
import { addDeliveryCommands } from './cli/commands/deliveries.ts'
import { addEnsembleCommands } from './cli/commands/ensembles.ts'
import { addKnowledgeCommands } from './cli/commands/knowledge.ts'
import { addMeshCommands } from './cli/commands/mesh.ts'
import { addModelCommands } from './cli/commands/models.ts'
import { addPhraseCommands } from './cli/commands/phrases.ts'
import { addPluginCommands } from './cli/commands/plugins.ts'
import { addShopCommands } from './cli/commands/shops.ts'
import { addVoterCommands } from './cli/commands/voters.ts'
import { WRONG_USE } from './cli/options.ts'

const port = (text: string): number => {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value > 65_535) throw new InvalidArgumentError('a port is a whole number from 0 to 65535')
  return value
}
const processes = (text: string): number => {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value > 64) throw new InvalidArgumentError('it is a whole number from 0 to 64')
  return value
}
const locale = new Option('--locale <locale>', 'locale where the words do not tell').choices(['zh-CN', 'en'])

/** Ids of known customers' conversations are hashes: one in 64 begins with a dash. */
const withHint = (text: string): string =>
  text.replace(/^(parley: unknown option '(-[\w-]{21})')/, '$1; where that is an id, put it at the end, behind "--": … -- $2')

const program = new Command('parley')
  .description('Customer-service agent platform that a retailer runs on its own machines.')
  .showHelpAfterError('(--help tells more)')
  .configureOutput({ outputError: (text, write) => write(withHint(text.replace(/^error: /, 'parley: '))) })
  .helpCommand(false)
  .exitOverride()

program
  .command('serve')
  .description('Serve the widget, the sockets and the API, with an embedded log.')
  .option('--port <port>', 'port to listen on; 0 takes a free one (default: PORT or 8080)', port)
  .option('--host <host>', 'address to listen on (default: HOST or 127.0.0.1)')
  .option('--sockets <n>', "processes for the customers' sockets, beside the engine's; 0: none (default: PARLEY_SOCKETS or 0)", processes)
  .action(async options => (await import('./cli/serve.ts')).serve(options))

program
  .command('chat')
  .description('A conversation with the running server, in the terminal.')
  .option('--url <url>', 'where the server is', `http://127.0.0.1:${process.env.PORT || 8080}`)
  .option('--shop <shop>', 'shop to talk to', 'demo')
  .option('--trace', 'show the votes of every turn (needs the data folder of the server)')
  .addOption(locale)
  .action(async options => (await import('./cli/chat.ts')).chat(options))

program
  .command('ask')
  .description('One turn through the pipeline without a server; with --file one turn a line.')
  .argument('[text]', 'what the customer writes')
  .option('--shop <shop>', 'shop to ask', 'demo')
  .option('--json', 'print the whole decision as JSON')
  .option('--customer <id>', "ask in a customer's name: the shop's source answers with their orders")
  .option('--file <file>', 'JSON lines, each {"text": …}; prints one decision a line in the same order')
  .addOption(locale)
  .action(async (text, options, command: Command) => {
    if ((text === undefined) === (options.file === undefined))
      command.error('parley: give either a TEXT or --file', { exitCode: WRONG_USE })
    if (options.file !== undefined && !options.json)
      command.error('parley: --file prints decisions as JSON: say --json too', { exitCode: WRONG_USE })
    await (await import('./cli/ask.ts')).ask(text, options)
  })

program
  .command('doctor')
  .description('Say whether every conversation is as it was written; exit status 1 when one is not.')
  .argument('[folder]', 'a backup, or another data folder than the configured one')
  .option('--json', 'print what was found as JSON')
  .action(async (folder, options) => (await import('./cli/doctor.ts')).doctor(folder, options))

program
  .command('backup')
  .description('Copy log, keys, accounts, plugins and secret, beside a server or a cluster that goes on, and check the copy.')
  .argument('<folder>', 'an empty or new folder; keep it as safe as the data folder')
  .action(async folder => (await import('./cli/backup.ts')).backUpTo(folder))
program
  .command('restore')
  .description('Put a backup into the data folder, which must be empty, or into a cluster that is, and check every conversation of it.')
  .argument('<folder>', 'the backup')
  .action(async folder => (await import('./cli/backup.ts')).restoreFrom(folder))

program
  .command('migrate')
  .description('Move the log between the data folder and a cluster, while Parley is stopped; run again, it goes on where it was.')
  .addOption(new Option('--to <where>', 'where to').choices(['nats', 'embedded']))
  .option('--dry-run', 'say what would be moved and how long it may take, and move nothing')
  .option('--give-up', 'leave everything as it was before a move that was not brought to its end')
  .option('--discard', 'remove for good what ended moves have left: folders put aside, with their keys, and streams')
  .action(async (options, command: Command) => {
    if ((options.to === undefined) !== (options.discard === true))
      command.error('parley: give either --to or --discard', { exitCode: WRONG_USE })
    const { migrate, discard } = await import('./cli/migrate.ts')
    await (options.discard ? discard() : migrate(options))
  })

const config = program.command('config').description('Check or explain the configuration.')
config
  .command('check')
  .description('Read configuration, packs, ensembles and plugins with their settings and say what is wrong.')
  .action(async () => (await import('./cli/config.ts')).checkConfig())
config
  .command('doc')
  .description('Print every setting with its default and meaning.')
  .action(async () => (await import('./cli/config.ts')).printConfigDoc())

addAgentCommands(program)
addConversationCommands(program)
addDeliveryCommands(program)
addShopCommands(program)
addPluginCommands(program)
addMeshCommands(program)
addModelCommands(program)
addPhraseCommands(program)
addVoterCommands(program)
addKnowledgeCommands(program)
addEnsembleCommands(program)
addClusterCommands(program)

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : WRONG_USE
  else if (isFault(error)) {
    console.error(`parley: ${error.message} (${error.code})`)
    process.exitCode = 1
  } else throw error
}
