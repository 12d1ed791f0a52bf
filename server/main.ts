// The command line, `parley`. Exit status: 0 done, 1 a fault, 2 wrong use.
import { isFault } from '@parley/core/faults.ts'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'

const WRONG_USE = 2

const port = (text: string): number => {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value > 65_535) throw new InvalidArgumentError('a port is a whole number from 0 to 65535')
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
  .option('--file <file>', 'JSON lines, each {"text": …}; prints one decision a line in the same order')
  .addOption(locale)
  .action(async (text, options, command: Command) => {
    if ((text === undefined) === (options.file === undefined))
      command.error('parley: give either a TEXT or --file', { exitCode: WRONG_USE })
    if (options.file !== undefined && !options.json)
      command.error('parley: --file prints decisions as JSON: say --json too', { exitCode: WRONG_USE })
    await (await import('./cli/ask.ts')).ask(text, options)
  })

const config = program.command('config').description('Check or explain the configuration.')
config
  .command('check')
  .description('Read configuration, packs and ensembles and say what is wrong.')
  .action(async () => (await import('./cli/config.ts')).checkConfig())
config
  .command('doc')
  .description('Print every setting with its default and meaning.')
  .action(async () => (await import('./cli/config.ts')).printConfigDoc())

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : WRONG_USE
  else if (isFault(error)) {
    console.error(`parley: ${error.message} (${error.code})`)
    process.exitCode = 1
  } else throw error
}
