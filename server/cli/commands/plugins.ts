// `parley plugin …`: to write them, and to publish, install and watch them.
import { Argument, type Command, Option } from 'commander'
import { serverUrl, shopOfConversation, timeBack, wrongUse } from '../options.ts'

export function addPluginCommands(program: Command): void {
  const plugin = program
    .command('plugin')
    .description('Write, try and check plugins (docs/write-a-plugin.md); publish, install and watch them (docs/plugins-in-production.md).')
  const pluginSettings = new Option('--settings <settings>', 'what a shop would set, as { name: value }').default('{}', 'the defaults')
  const mesh = new Option('--mesh <file>', "the mesh.yaml of the systems that it asks (default: the demo shop's)")
  const pluginFolder = new Argument('[folder]', 'folder of the plugin').default('.', 'this one')
  plugin
    .command('new')
    .description('Write a plugin that votes as it stands into a new folder.')
    .argument('<name>', "its id and its folder's name: lower-case words joined by hyphens")
    .addOption(
      new Option('--template <template>', 'what it begins as').choices(['keyword', 'intent', 'effect', 'python']).default('keyword'),
    )
    .action(async (name, options, command) => (await import('../plugin.ts')).newPlugin(name, options, wrongUse(command)))
  plugin
    .command('dev')
    .description('Talk to the plugin in the real sandbox, with the votes and what they cost; it is loaded anew whenever it is saved.')
    .addArgument(pluginFolder)
    .addOption(pluginSettings)
    .option('--shop <shop>', 'shop in which it would vote', 'demo')
    .addOption(mesh)
    .option('--customer <id>', 'whose facts it looks up; of the demo shop: examples/demo-shop/README.md', 'demo-lin')
    .action(async (folder, options, command) => (await import('../plugin.ts')).developPluginFolder(folder, options, wrongUse(command)))
  plugin
    .command('test')
    .description('Put the turns of golden.txt to the plugin in the real sandbox; exit status 1 when one is answered otherwise.')
    .addArgument(pluginFolder)
    .addOption(mesh)
    .option('--update', 'write what is voted now into golden.txt, and print the diff to review')
    .option('--json', 'print the report as JSON')
    .action(async (folder, options) => (await import('../plugin.ts')).runGoldenTurns(folder, options))
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
    .action(async (folder, options, command) => (await import('../plugin.ts')).replayPluginFolder(folder, options, wrongUse(command)))
  plugin
    .command('check')
    .description('Types, actions, grants, size, cold start, time and memory, each with a figure; exit status 1 for any error.')
    .addArgument(pluginFolder)
    .addOption(pluginSettings)
    .addOption(mesh)
    .option('--against <bundle>', 'the published version it is held against (default: the last one packed here or installed)')
    .option('--json', 'print the report as JSON')
    .action(async (folder, options, command) => (await import('../plugin.ts')).checkPluginFolder(folder, options, wrongUse(command)))
  plugin
    .command('reload')
    .description(
      "Have the running server read parley.yaml's plugins and their settings again, without losing a turn (needs its data folder).",
    )
    .addOption(serverUrl)
    .option('--json', 'print what is in force then as JSON')
    .action(async options => (await import('../plugin-reload.ts')).reloadPlugins(options))

  plugin
    .command('key')
    .description('Make the key pair of a publisher: FILE, which is secret, and FILE.pub, which operators are given to trust.')
    .argument('<file>', 'a new file')
    .action(async file => (await import('../plugin-store.ts')).makeKey(file))
  plugin
    .command('pack')
    .description('Write the plugin as one signed file, ID-VERSION.parley. A published version never changes.')
    .addArgument(pluginFolder)
    .requiredOption('--key <file>', "the publisher's secret key")
    .option('--out <folder>', 'where the file goes', '.')
    .action(async (folder, options) => (await import('../plugin-store.ts')).packFolder(folder, options))
  const ofShopAlone = new Option('--shop <shop>', 'shop that has the plugin (default: the only one)')
  const withoutAsking = new Option('--yes', 'do not ask')
  plugin
    .command('trust')
    .description('Trust a publisher: what they sign may be installed. Without a file it lists those who are trusted.')
    .argument('[file]', "the publisher's FILE.pub")
    .option('--remove <fingerprint>', 'trust them no more; what they have published is off')
    .addOption(serverUrl)
    .addOption(withoutAsking)
    .action(async (file, options, command) => (await import('../plugin-store.ts')).trustPublisher(file, options, wrongUse(command)))
  plugin
    .command('install')
    .description('Put a signed plugin in force in a shop; shows what it asks for against the version before, and asks.')
    .argument('<file>', 'what `parley plugin pack` has written')
    .option('--shadow', 'leave in force what is, and have this one vote beside it: it is compared and does not count')
    .addOption(ofShopAlone)
    .addOption(serverUrl)
    .addOption(withoutAsking)
    .action(async (file, options, command) => (await import('../plugin-store.ts')).installBundle(file, options, wrongUse(command)))
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
    .action(async (id, options, command) => (await import('../plugin-shadow.ts')).showShadows(id, options, wrongUse(command)))
  plugin
    .command('promote')
    .description('Put the version in force that runs in shadow; shows what was compared and what it asks for, and asks.')
    .argument('<id>', 'its id, as listed')
    .addOption(ofShopAlone)
    .addOption(serverUrl)
    .addOption(withoutAsking)
    .action(async (id, options, command) => (await import('../plugin-shadow.ts')).promoteShadow(id, options, wrongUse(command)))
  plugin
    .command('list')
    .description('The plugins that are installed: version in force or in shadow, state, publisher, and what votes in the running server.')
    .option('--shop <shop>', 'only those of this shop')
    .addOption(serverUrl)
    .option('--json', 'print them as JSON')
    .action(async options => (await import('../plugin-store.ts')).listPlugins(options))
  const installedPlugin = new Argument('<id>', 'its id, as listed')
  plugin
    .command('pin')
    .description('Keep a plugin at its version: an install changes nothing any more.')
    .addArgument(installedPlugin)
    .option('--off', 'end it')
    .addOption(ofShopAlone)
    .addOption(serverUrl)
    .action(async (id, options, command) => (await import('../plugin-store.ts')).pinPlugin(id, options, wrongUse(command)))
  plugin
    .command('rollback')
    .description('Put the version in force that was so before.')
    .addArgument(installedPlugin)
    .addOption(ofShopAlone)
    .addOption(serverUrl)
    .action(async (id, options, command) => (await import('../plugin-store.ts')).rollBackPlugin(id, options, wrongUse(command)))
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
      .action(async (id, options, command) => (await import('../plugin-store.ts')).switchPlugin(id, isDisabled, options, wrongUse(command)))
  plugin
    .command('logs')
    .description("What has become of plugins' calls, hour by hour, and what was done to them. Nothing in it was written by a customer.")
    .argument('[id]', 'only of this plugin')
    .option('--shop <shop>', 'of what was done, only what was done in this shop')
    .addOption(new Option('--limit <n>', 'how many lines, the last ones').default(50).argParser(Number))
    .option('--json', 'print them as JSON')
    .action(async (id, options) => (await import('../plugin-logs.ts')).printLogs(id, options))
  plugin
    .command('remove')
    .description('Take a plugin away with its earlier versions; asks first.')
    .addArgument(installedPlugin)
    .addOption(ofShopAlone)
    .addOption(serverUrl)
    .addOption(withoutAsking)
    .action(async (id, options, command) => (await import('../plugin-store.ts')).removePlugin(id, options, wrongUse(command)))
}
