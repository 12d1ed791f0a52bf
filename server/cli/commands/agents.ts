// `parley agent …`: who may sign in at the console and at the studio.
import { Argument, type Command, Option } from 'commander'
import { ROLES } from '../../accounts/role.ts'
import { wrongUse } from '../options.ts'

export function addAgentCommands(program: Command): void {
  const ofShop = new Option('--shop <shop>', 'shop of the agent (default: the only one)')
  const passwordStdin = new Option('--password-stdin', 'read the password from standard input instead of asking for it')

  const agent = program
    .command('agent')
    .description('Who may sign in at /desk, and with the role data at /studio. Works while the server runs.')
  agent
    .command('add')
    .description('Let an agent sign in; asks for the password.')
    .argument('<name>', 'what customers and colleagues see; unique in the shop')
    .addOption(ofShop)
    .addOption(passwordStdin)
    .addOption(new Option('--role <role>', 'what they are (default: agent)').choices(ROLES).conflicts('supervisor'))
    .option('--supervisor', 'may also take back what others have in hand: --role supervisor')
    .action(async (name, options, command) => (await import('../agent.ts')).addAgent(name, options, wrongUse(command)))
  agent
    .command('list')
    .description('The agents of a shop, or of all.')
    .option('--shop <shop>', 'only those of this shop')
    .option('--all', 'removed ones too')
    .option('--json', 'print them as JSON')
    .action(async options => (await import('../agent.ts')).listAgents(options))
  agent
    .command('role')
    .description('Make somebody an agent, a supervisor or a data person (who signs in at /studio alone); ends every session of theirs.')
    .argument('<name>', 'the agent')
    .addArgument(new Argument('<role>', 'what they are from now on').choices(ROLES))
    .addOption(ofShop)
    .action(async (name, role, options, command) => (await import('../agent.ts')).changeRole(name, role, options, wrongUse(command)))
  agent
    .command('password')
    .description('Give an agent a new password and end every session of the old one.')
    .argument('<name>', 'the agent')
    .addOption(ofShop)
    .addOption(passwordStdin)
    .action(async (name, options, command) => (await import('../agent.ts')).changePassword(name, options, wrongUse(command)))
  agent
    .command('remove')
    .description('Take an agent away; asks first.')
    .argument('<name>', 'the agent')
    .addOption(ofShop)
    .option('--yes', 'do not ask')
    .action(async (name, options, command) => (await import('../agent.ts')).removeAgent(name, options, wrongUse(command)))
}
