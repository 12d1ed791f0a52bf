// The command line, `parley`. Exit status: 0 done, 1 a fault, 2 wrong use.
import { isFault } from '@parley/core/faults.ts'
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander'

const WRONG_USE = 2

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

const program = new Command('parley')
  .description('Customer-service agent platform that a retailer runs on its own machines.')
  .showHelpAfterError('(--help tells more)')
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'parley: ')) })
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
  .description('Copy log, keys, accounts, plugins and secret, beside a server that goes on, and check the copy.')
  .argument('<folder>', 'an empty or new folder; keep it as safe as the data folder')
  .action(async folder => (await import('./cli/backup.ts')).backUpTo(folder))
program
  .command('restore')
  .description('Put a backup into the data folder, which must be empty, and check every conversation of it.')
  .argument('<folder>', 'the backup')
  .action(async folder => (await import('./cli/backup.ts')).restoreFrom(folder))

const config = program.command('config').description('Check or explain the configuration.')
config
  .command('check')
  .description('Read configuration, packs, ensembles and plugins with their settings and say what is wrong.')
  .action(async () => (await import('./cli/config.ts')).checkConfig())
config
  .command('doc')
  .description('Print every setting with its default and meaning.')
  .action(async () => (await import('./cli/config.ts')).printConfigDoc())

const wrongUse = (command: Command) => (message: string) => command.error(`parley: ${message}`, { exitCode: WRONG_USE })
const ofShop = new Option('--shop <shop>', 'shop of the agent (default: the only one)')
const passwordStdin = new Option('--password-stdin', 'read the password from standard input instead of asking for it')

const agent = program.command('agent').description('Who may sign in at /desk. Works while the server runs.')
agent
  .command('add')
  .description('Let an agent sign in; asks for the password.')
  .argument('<name>', 'what customers and colleagues see; unique in the shop')
  .addOption(ofShop)
  .addOption(passwordStdin)
  .option('--supervisor', 'may also take back what others have in hand')
  .action(async (name, options, command) => (await import('./cli/agent.ts')).addAgent(name, options, wrongUse(command)))
agent
  .command('list')
  .description('The agents of a shop, or of all.')
  .option('--shop <shop>', 'only those of this shop')
  .option('--all', 'removed ones too')
  .option('--json', 'print them as JSON')
  .action(async options => (await import('./cli/agent.ts')).listAgents(options))
agent
  .command('role')
  .description('Make an agent a supervisor, or a supervisor an agent; ends every session of theirs.')
  .argument('<name>', 'the agent')
  .addArgument(new Argument('<role>', 'what they are from now on').choices(['agent', 'supervisor']))
  .addOption(ofShop)
  .action(async (name, role, options, command) => (await import('./cli/agent.ts')).changeRole(name, role, options, wrongUse(command)))
agent
  .command('password')
  .description('Give an agent a new password and end every session of the old one.')
  .argument('<name>', 'the agent')
  .addOption(ofShop)
  .addOption(passwordStdin)
  .action(async (name, options, command) => (await import('./cli/agent.ts')).changePassword(name, options, wrongUse(command)))
agent
  .command('remove')
  .description('Take an agent away; asks first.')
  .argument('<name>', 'the agent')
  .addOption(ofShop)
  .option('--yes', 'do not ask')
  .action(async (name, options, command) => (await import('./cli/agent.ts')).removeAgent(name, options, wrongUse(command)))

const seqOption = (text: string): number => {
  const value = Number(text)
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('a place in a conversation is a whole number from 0')
  return value
}
const serverUrl = new Option('--url <url>', 'where the server is').default(`http://127.0.0.1:${process.env.PORT || 8080}`)
const shopOfConversation = new Option('--shop <shop>', 'shop of the conversation').default('demo')

const conversation = program
  .command('conversation')
  .description('Read a conversation of the running server, or put it back (needs the data folder of the server).')
conversation
  .command('show')
  .description('Every event of a conversation, with what the customer sees of it.')
  .argument('<conversation>', 'its id')
  .addOption(serverUrl)
  .addOption(shopOfConversation)
  .option('--json', 'print it as JSON')
  .action(async (id, options) => (await import('./cli/conversation.ts')).showConversation(id, options))
conversation
  .command('rollback')
  .description('Put the dialogue back as it was after an event; shows what goes and asks first. Effects of what goes are undone.')
  .argument('<conversation>', 'its id')
  .addOption(serverUrl)
  .addOption(shopOfConversation)
  .requiredOption('--to <seq>', 'the last event that stands; any earlier one, also one that was taken back', seqOption)
  .option('--reason <reason>', 'why, for whoever reads the log', '')
  .option('--yes', 'do not ask')
  .option('--json', 'print what was taken back as JSON')
  .action(async (id, options, command) => (await import('./cli/conversation.ts')).rollBackConversation(id, options, wrongUse(command)))

conversation
  .command('erase')
  .description('Erase a conversation for good; asks first.')
  .argument('<conversation>', 'its id')
  .addOption(serverUrl)
  .addOption(shopOfConversation)
  .option('--yes', 'do not ask')
  .option('--json', 'print the note of it as JSON')
  .action(async (id, options, command) => (await import('./cli/customer.ts')).eraseConversation(id, options, wrongUse(command)))

const shopOfCustomer = new Option('--shop <shop>', 'shop of the customer').default('demo')
const customer = program
  .command('customer')
  .description('What the running server keeps of a customer (needs the data folder of the server).')
customer
  .command('show')
  .description("A customer's conversations.")
  .argument('<customer>', 'their id')
  .addOption(serverUrl)
  .addOption(shopOfCustomer)
  .option('--json', 'print them as JSON')
  .action(async (id, options) => (await import('./cli/customer.ts')).showCustomer(id, options))
customer
  .command('export')
  .description('Everything of a customer as JSON: each conversation with every event.')
  .argument('<customer>', 'their id')
  .addOption(serverUrl)
  .addOption(shopOfCustomer)
  .option('--out <file>', 'a new file to write it to (default: standard output)')
  .action(async (id, options) => (await import('./cli/customer.ts')).exportCustomer(id, options))
customer
  .command('erase')
  .description('Erase a customer for good, with every conversation of theirs; shows what goes and asks first.')
  .argument('<customer>', 'their id')
  .addOption(serverUrl)
  .addOption(shopOfCustomer)
  .option('--yes', 'do not ask')
  .option('--json', 'print the note of it as JSON')
  .action(async (id, options, command) => (await import('./cli/customer.ts')).eraseCustomer(id, options, wrongUse(command)))
program
  .command('erasures')
  .description('The notes of what was erased: when, who asked, how many conversations and events. --json has the hash of each end.')
  .addOption(serverUrl)
  .addOption(new Option('--shop <shop>', 'shop whose notes they are').default('demo'))
  .option('--json', 'print them as JSON')
  .action(async options => (await import('./cli/customer.ts')).listErasures(options))
const jobs = program
  .command('jobs')
  .description('What the running server has still to do, and what it has given up (needs the data folder of the server).')
jobs
  .command('list')
  .description('Jobs that wait, run or have failed.')
  .addOption(serverUrl)
  .option('--kind <kind>', 'only of this kind: effect, recover, sla, webhook-ID')
  .addOption(new Option('--state <state>', 'only in this state').choices(['waiting', 'running', 'failed']))
  .option('--json', 'print them as JSON')
  .action(async options => (await import('./cli/jobs.ts')).listJobs(options))
jobs
  .command('retry')
  .description('Begin a job anew that has failed.')
  .argument('<id>', 'its id, as listed')
  .addOption(serverUrl)
  .action(async (id, options) => (await import('./cli/jobs.ts')).retryJob(id, options))
jobs
  .command('cancel')
  .description('Take a job away, in whatever state. What the log still asks for comes again at the next start.')
  .argument('<id>', 'its id, as listed')
  .addOption(serverUrl)
  .action(async (id, options) => (await import('./cli/jobs.ts')).cancelJob(id, options))

const webhooks = program
  .command('webhooks')
  .description('Who is told of what happens in the shops of the running server (needs its data folder).')
webhooks
  .command('list')
  .description('The webhooks with their ids.')
  .addOption(serverUrl)
  .option('--json', 'print them as JSON')
  .action(async options => (await import('./cli/webhooks.ts')).listWebhooks(options))
webhooks
  .command('deliveries')
  .description('What came of the last deliveries, newest first.')
  .argument('<webhook>', 'its id, as listed')
  .addOption(serverUrl)
  .addOption(new Option('--limit <n>', 'how many').default(100).argParser(Number))
  .option('--json', 'print them as JSON')
  .action(async (id, options) => (await import('./cli/webhooks.ts')).listDeliveries(id, options))
webhooks
  .command('replay')
  .description('Deliver again: all that was given up, or the events of a conversation.')
  .argument('<webhook>', 'its id, as listed')
  .addOption(serverUrl)
  .option('--given-up', 'what was given up, of the deliveries that are kept')
  .option('--conversation <id>', 'the events of this conversation')
  .option('--from <seq>', 'the first of them', seqOption)
  .option('--json', 'print how many as JSON')
  .action(async (id, options, command) => (await import('./cli/webhooks.ts')).replay(id, options, wrongUse(command)))
webhooks
  .command('enable')
  .description('Switch a webhook on again whose receiver had said that it is gone (410).')
  .argument('<webhook>', 'its id, as listed')
  .addOption(serverUrl)
  .action(async (id, options) => (await import('./cli/webhooks.ts')).enable(id, options))
webhooks
  .command('secret')
  .description('Print a new secret for a webhook.')
  .action(async () => (await import('./cli/webhooks.ts')).printSecret())

const shop = program.command('shop').description('The shops of parley.yaml.')
shop
  .command('add')
  .description('Write one more shop into parley.yaml. A running server has to be restarted.')
  .argument('<id>', 'its id, in URLs and logs: 1 to 64 of a-z 0-9 -')
  .requiredOption('--name <name>', 'what templates and pages call it')
  .addOption(new Option('--locale <locale>', 'locale where neither the words nor the page tell').choices(['zh-CN', 'en']))
  .option('--phone <phone>', 'number that customers may call')
  .option('--emergency-phone <phone>', 'number for food safety')
  .option('--hours <hours>', 'when people answer, in words')
  .option('--pack <pack>', 'folder under packs/')
  .action(async (id, options) => (await import('./cli/shop.ts')).addShop(id, options))
shop
  .command('list')
  .description('The shops that are configured.')
  .option('--json', 'print them as JSON')
  .action(async options => (await import('./cli/shop.ts')).listShops(options))
shop
  .command('identity-key')
  .description("Print what the shop's own backend signs identity tokens with (docs/widget.md). Keep it secret.")
  .option('--shop <shop>', 'shop whose key it is', 'demo')
  .action(async options => (await import('./cli/shop.ts')).printIdentityKey(options.shop))
program
  .command('pack')
  .description('Work on a pack: catalogue, templates, phrases, risks, examples.')
  .command('check')
  .description('Say everything that is wrong with a pack, with file and line; exit status 1 for any error.')
  .argument('[folder]', 'folder of the pack (default: packs/retail)')
  .option('--json', 'print the report as JSON')
  .action(async (folder, options) => (await import('./cli/pack.ts')).checkPackFolder(folder, options))

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }
const timeBack = (text: string): number => {
  const [, count, unit] = /^(\d{1,5})([mhd])$/.exec(text) ?? []
  if (count === undefined || unit === undefined)
    throw new InvalidArgumentError('a time is a number of minutes, hours or days: 30m, 24h, 7d')
  return Number(count) * UNITS[unit]!
}
const plugin = program
  .command('plugin')
  .description('Write, try and check plugins (docs/write-a-plugin.md); publish, install and watch them (docs/plugins-in-production.md).')
const pluginSettings = new Option('--settings <settings>', 'what a shop would set, as { name: value }').default('{}', 'the defaults')
const pluginFolder = new Argument('[folder]', 'folder of the plugin').default('.', 'this one')
plugin
  .command('new')
  .description('Write a plugin that votes as it stands into a new folder.')
  .argument('<name>', "its id and its folder's name: lower-case words joined by hyphens")
  .addOption(new Option('--template <template>', 'what it begins as').choices(['keyword', 'intent', 'effect', 'python']).default('keyword'))
  .action(async (name, options, command) => (await import('./cli/plugin.ts')).newPlugin(name, options, wrongUse(command)))
plugin
  .command('dev')
  .description('Talk to the plugin in the real sandbox, with the votes and what they cost; it is loaded anew whenever it is saved.')
  .addArgument(pluginFolder)
  .addOption(pluginSettings)
  .option('--shop <shop>', 'shop in which it would vote', 'demo')
  .option('--customer <id>', 'whose facts it looks up, of the demo shop (mesh/demo-shop/README.md)', 'demo-lin')
  .action(async (folder, options, command) => (await import('./cli/plugin.ts')).developPluginFolder(folder, options, wrongUse(command)))
plugin
  .command('test')
  .description('Put the turns of golden.txt to the plugin in the real sandbox; exit status 1 when one is answered otherwise.')
  .addArgument(pluginFolder)
  .option('--update', 'write what is voted now into golden.txt, and print the diff to review')
  .option('--json', 'print the report as JSON')
  .action(async (folder, options) => (await import('./cli/plugin.ts')).runGoldenTurns(folder, options))
plugin
  .command('replay')
  .description(
    'Put turns that the running server has recorded to the plugin, in the real sandbox, and compare vote by vote with the version that voted then (needs the data folder of the server). Exit status 1 when it fails on one.',
  )
  .addArgument(pluginFolder)
  .addOption(pluginSettings)
  .addOption(serverUrl)
  .addOption(shopOfConversation)
  .option('--since <time>', 'turns of this time back from now: 30m, 24h, 7d', timeBack, 7 * 86_400_000)
  .option('--conversation <id>', 'turns of this conversation alone')
  .option('--json', 'print what is otherwise as JSON, a turn a line, and the counts last')
  .action(async (folder, options, command) => (await import('./cli/plugin.ts')).replayPluginFolder(folder, options, wrongUse(command)))
plugin
  .command('check')
  .description('Types, actions, grants, size, cold start, time and memory, each with a figure; exit status 1 for any error.')
  .addArgument(pluginFolder)
  .addOption(pluginSettings)
  .option('--against <bundle>', 'the published version it is held against (default: the last one packed here or installed)')
  .option('--json', 'print the report as JSON')
  .action(async (folder, options, command) => (await import('./cli/plugin.ts')).checkPluginFolder(folder, options, wrongUse(command)))
plugin
  .command('reload')
  .description(
    "Have the running server read parley.yaml's plugins and their settings again, without losing a turn (needs its data folder).",
  )
  .addOption(serverUrl)
  .option('--json', 'print what is in force then as JSON')
  .action(async options => (await import('./cli/plugin-reload.ts')).reloadPlugins(options))

plugin
  .command('key')
  .description('Make the key pair of a publisher: FILE, which is secret, and FILE.pub, which operators are given to trust.')
  .argument('<file>', 'a new file')
  .action(async file => (await import('./cli/plugin-store.ts')).makeKey(file))
plugin
  .command('pack')
  .description('Write the plugin as one signed file, ID-VERSION.parley. A published version never changes.')
  .addArgument(pluginFolder)
  .requiredOption('--key <file>', "the publisher's secret key")
  .option('--out <folder>', 'where the file goes', '.')
  .action(async (folder, options) => (await import('./cli/plugin-store.ts')).packFolder(folder, options))
const ofShopAlone = new Option('--shop <shop>', 'shop that has the plugin (default: the only one)')
const withoutAsking = new Option('--yes', 'do not ask')
plugin
  .command('trust')
  .description('Trust a publisher: what they sign may be installed. Without a file it lists those who are trusted.')
  .argument('[file]', "the publisher's FILE.pub")
  .option('--remove <fingerprint>', 'trust them no more; what they have published is off')
  .addOption(serverUrl)
  .addOption(withoutAsking)
  .action(async (file, options, command) => (await import('./cli/plugin-store.ts')).trustPublisher(file, options, wrongUse(command)))
plugin
  .command('install')
  .description('Put a signed plugin in force in a shop; shows what it asks for against the version before, and asks.')
  .argument('<file>', 'what `parley plugin pack` has written')
  .option('--shadow', 'leave in force what is, and have this one vote beside it: it is compared and does not count')
  .addOption(ofShopAlone)
  .addOption(serverUrl)
  .addOption(withoutAsking)
  .action(async (file, options, command) => (await import('./cli/plugin-store.ts')).installBundle(file, options, wrongUse(command)))
plugin
  .command('shadow')
  .description(
    'How the votes of versions that run in shadow compare with those that count; of one plugin with the latest turns that were voted on or would be decided otherwise.',
  )
  .argument('[id]', 'only of this plugin')
  .option('--stop', 'end it')
  .option('--shop <shop>', 'only in this shop')
  .addOption(serverUrl)
  .addOption(new Option('--limit <n>', 'how many turns').default(20).argParser(Number))
  .option('--json', 'print it as JSON')
  .action(async (id, options, command) => (await import('./cli/plugin-shadow.ts')).showShadows(id, options, wrongUse(command)))
plugin
  .command('promote')
  .description('Put the version in force that runs in shadow; shows what was compared and what it asks for, and asks.')
  .argument('<id>', 'its id, as listed')
  .addOption(ofShopAlone)
  .addOption(serverUrl)
  .addOption(withoutAsking)
  .action(async (id, options, command) => (await import('./cli/plugin-shadow.ts')).promoteShadow(id, options, wrongUse(command)))
plugin
  .command('list')
  .description('The plugins that are installed: version in force or in shadow, state, publisher, and what votes in the running server.')
  .option('--shop <shop>', 'only those of this shop')
  .addOption(serverUrl)
  .option('--json', 'print them as JSON')
  .action(async options => (await import('./cli/plugin-store.ts')).listPlugins(options))
const installedPlugin = new Argument('<id>', 'its id, as listed')
plugin
  .command('pin')
  .description('Keep a plugin at its version: an install changes nothing any more.')
  .addArgument(installedPlugin)
  .option('--off', 'end it')
  .addOption(ofShopAlone)
  .addOption(serverUrl)
  .action(async (id, options, command) => (await import('./cli/plugin-store.ts')).pinPlugin(id, options, wrongUse(command)))
plugin
  .command('rollback')
  .description('Put the version in force that was so before.')
  .addArgument(installedPlugin)
  .addOption(ofShopAlone)
  .addOption(serverUrl)
  .action(async (id, options, command) => (await import('./cli/plugin-store.ts')).rollBackPlugin(id, options, wrongUse(command)))
for (const [name, isDisabled, description] of [
  ['disable', true, 'Switch a plugin off at once; it stays installed.'],
  ['enable', false, 'Switch it on again.'],
] as const)
  plugin
    .command(name)
    .description(description)
    .addArgument(installedPlugin)
    .addOption(ofShopAlone)
    .addOption(serverUrl)
    .action(async (id, options, command) =>
      (await import('./cli/plugin-store.ts')).switchPlugin(id, isDisabled, options, wrongUse(command)),
    )
plugin
  .command('logs')
  .description("What has become of plugins' calls, hour by hour, and what was done to them. Nothing in it was written by a customer.")
  .argument('[id]', 'only of this plugin')
  .option('--shop <shop>', 'of what was done, only what was done in this shop')
  .addOption(new Option('--limit <n>', 'how many lines, the last ones').default(50).argParser(Number))
  .option('--json', 'print them as JSON')
  .action(async (id, options) => (await import('./cli/plugin-logs.ts')).printLogs(id, options))
plugin
  .command('remove')
  .description('Take a plugin away with its earlier versions; asks first.')
  .addArgument(installedPlugin)
  .addOption(ofShopAlone)
  .addOption(serverUrl)
  .addOption(withoutAsking)
  .action(async (id, options, command) => (await import('./cli/plugin-store.ts')).removePlugin(id, options, wrongUse(command)))

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : WRONG_USE
  else if (isFault(error)) {
    console.error(`parley: ${error.message} (${error.code})`)
    process.exitCode = 1
  } else throw error
}
