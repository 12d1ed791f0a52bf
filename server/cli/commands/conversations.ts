// `parley conversation …`, `customer …` and `erasures`: what the log has of whom.
import { type Command, Option } from 'commander'
import { seqOption, serverUrl, shopOfConversation, wrongUse } from '../options.ts'

export function addConversationCommands(program: Command): void {
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
    .action(async (id, options) => (await import('../conversation.ts')).showConversation(id, options))
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
    .action(async (id, options, command) => (await import('../conversation.ts')).rollBackConversation(id, options, wrongUse(command)))

  conversation
    .command('erase')
    .description('Erase a conversation for good; asks first.')
    .argument('<conversation>', 'its id')
    .addOption(serverUrl)
    .addOption(shopOfConversation)
    .option('--yes', 'do not ask')
    .option('--json', 'print the note of it as JSON')
    .action(async (id, options, command) => (await import('../customer.ts')).eraseConversation(id, options, wrongUse(command)))

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
    .action(async (id, options) => (await import('../customer.ts')).showCustomer(id, options))
  customer
    .command('export')
    .description('Everything of a customer as JSON: each conversation with every event.')
    .argument('<customer>', 'their id')
    .addOption(serverUrl)
    .addOption(shopOfCustomer)
    .option('--out <file>', 'a new file to write it to (default: standard output)')
    .action(async (id, options) => (await import('../customer.ts')).exportCustomer(id, options))
  customer
    .command('erase')
    .description('Erase a customer for good, with every conversation of theirs; shows what goes and asks first.')
    .argument('<customer>', 'their id')
    .addOption(serverUrl)
    .addOption(shopOfCustomer)
    .option('--yes', 'do not ask')
    .option('--json', 'print the note of it as JSON')
    .action(async (id, options, command) => (await import('../customer.ts')).eraseCustomer(id, options, wrongUse(command)))
  program
    .command('erasures')
    .description('The notes of what was erased: when, who asked, how many conversations and events. --json has the hash of each end.')
    .addOption(serverUrl)
    .addOption(new Option('--shop <shop>', 'shop whose notes they are').default('demo'))
    .option('--json', 'print them as JSON')
    .action(async options => (await import('../customer.ts')).listErasures(options))
}
