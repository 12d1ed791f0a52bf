// `parley cluster …`: what spans several nodes.
import type { Command } from 'commander'

export function addClusterCommands(program: Command): void {
  const cluster = program.command('cluster').description('Nodes that share a log, and what they stand on (docs/cluster.md).')
  cluster
    .command('status')
    .description(
      'How nodes, NATS servers, streams and Redis stand, from any machine with the settings. Exit status: 0 whole, 1 degraded, 2 no service.',
    )
    .option('--streams', 'print each stream, also where all is well')
    .option('--watch', 'look again every two seconds, until Ctrl-C')
    .option('--json', 'print all of it as JSON')
    .action(async options => (await import('../cluster.ts')).clusterStatus(options))
  cluster
    .command('forget')
    .description('Take away the row of a node that died and will not come back. One that is stopped takes its own along.')
    .argument('<node>', 'its name, as the status lists it')
    .action(async node => (await import('../cluster.ts')).clusterForget(node))
}
