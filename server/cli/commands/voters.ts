// `parley voters …`: services elsewhere that vote too.
import { type Command, Option } from 'commander'
import { serverUrl, wrongUse } from '../options.ts'

export function addVoterCommands(program: Command): void {
  const voters = program
    .command('voters')
    .description('Services elsewhere that vote too (docs/remote-voters.md): how they stand, and one tried by hand.')
  voters
    .command('list')
    .description('The remote voters of the running server: asked or left alone, how often they answered, what they cost today.')
    .addOption(serverUrl)
    .option('--json', 'print them as JSON')
    .action(async options => (await import('../voters.ts')).listVoters(options))
  voters
    .command('schema')
    .description('Print what a service is sent and what it answers, as JSON Schema.')
    .action(async () => (await import('../voters.ts')).printSchema())
  voters
    .command('try')
    .description('Ask one what it votes on a text, once, without a server, and say what is wrong where it is.')
    .argument('<voter>', 'its id in parley.yaml, with or without remote:')
    .argument('<text>', 'what a customer might write; it is sent')
    .addOption(new Option('--shop <shop>', 'shop that has it (default: the only one)'))
    .option('--json', 'print its ballot as JSON')
    .action(async (voter, text, options, command) => (await import('../voters.ts')).tryVoter(voter, text, options, wrongUse(command)))
}
