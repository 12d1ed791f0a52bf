// `parley jobs …` and `webhooks …`: what the server has still to do, and whom it tells.
import { type Command, Option } from 'commander'
import { seqOption, serverUrl, wrongUse } from '../options.ts'

export function addDeliveryCommands(program: Command): void {
  const jobs = program
    .command('jobs')
    .description('What the running server has still to do, and what it has given up (needs the data folder of the server).')
  jobs
    .command('list')
    .description('Jobs that wait, run or have failed.')
    .addOption(serverUrl)
    .option('--kind <kind>', 'only of this kind: effect, recover, sla, train, webhook-ID')
    .addOption(new Option('--state <state>', 'only in this state').choices(['waiting', 'running', 'failed']))
    .option('--json', 'print them as JSON')
    .action(async options => (await import('../jobs.ts')).listJobs(options))
  jobs
    .command('retry')
    .description('Begin a job anew that has failed.')
    .argument('<id>', 'its id, as listed')
    .addOption(serverUrl)
    .action(async (id, options) => (await import('../jobs.ts')).retryJob(id, options))
  jobs
    .command('cancel')
    .description('Take a job away, in whatever state. What the log still asks for comes again at the next start.')
    .argument('<id>', 'its id, as listed')
    .addOption(serverUrl)
    .action(async (id, options) => (await import('../jobs.ts')).cancelJob(id, options))

  const webhooks = program
    .command('webhooks')
    .description('Who is told of what happens in the shops of the running server (needs its data folder).')
  webhooks
    .command('list')
    .description('The webhooks with their ids.')
    .addOption(serverUrl)
    .option('--json', 'print them as JSON')
    .action(async options => (await import('../webhooks.ts')).listWebhooks(options))
  webhooks
    .command('deliveries')
    .description('What came of the last deliveries, newest first.')
    .argument('<webhook>', 'its id, as listed')
    .addOption(serverUrl)
    .addOption(new Option('--limit <n>', 'how many').default(100).argParser(Number))
    .option('--json', 'print them as JSON')
    .action(async (id, options) => (await import('../webhooks.ts')).listDeliveries(id, options))
  webhooks
    .command('replay')
    .description('Deliver again: all that was given up, or the events of a conversation.')
    .argument('<webhook>', 'its id, as listed')
    .addOption(serverUrl)
    .option('--given-up', 'what was given up, of the deliveries that are kept')
    .option('--conversation <id>', 'the events of this conversation')
    .option('--from <seq>', 'the first of them', seqOption)
    .option('--json', 'print how many as JSON')
    .action(async (id, options, command) => (await import('../webhooks.ts')).replay(id, options, wrongUse(command)))
  webhooks
    .command('enable')
    .description('Switch a webhook on again whose receiver had said that it is gone (410).')
    .argument('<webhook>', 'its id, as listed')
    .addOption(serverUrl)
    .action(async (id, options) => (await import('../webhooks.ts')).enable(id, options))
  webhooks
    .command('secret')
    .description('Print a new secret for a webhook.')
    .action(async () => (await import('../webhooks.ts')).printSecret())
}
