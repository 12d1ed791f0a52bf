// `parley mesh …`: a shop's systems as one GraphQL schema.
import { type Command, Option } from 'commander'
import { wrongUse } from '../options.ts'

export function addMeshCommands(program: Command): void {
  const mesh = program.command('mesh').description("A shop's systems as one GraphQL schema (docs/mesh.md).")
  const shop = new Option('--shop <shop>', 'shop whose systems (default: the only one)')
  mesh
    .command('query')
    .description('Ask all systems at once, as the operator; exit status 1 where something was not answered.')
    .argument('<query>', 'as GraphQL has it: \'{ customer(id: "123") { name } }\'')
    .addOption(shop)
    .option('--variables <json>', 'values of its variables', '{}')
    .option('--customer <id>', 'ask as this customer, who sees nothing but what is theirs')
    .addOption(new Option('--locale <locale>', 'locale of texts').choices(['zh-CN', 'en']).default('en'))
    .option('--json', 'print the answer with its errors as JSON')
    .action(async (query, options, command) => (await import('../mesh.ts')).queryMesh(query, options, wrongUse(command)))
  mesh
    .command('check')
    .description('Read the configuration, try every source and field for one customer, and say what is wrong; exit status 1 for any.')
    .addOption(shop)
    .option('--customer <id>', 'the customer', '123')
    .option('--json', 'print what was found as JSON')
    .action(async (options, command) => (await import('../mesh.ts')).checkMesh(options, wrongUse(command)))
  mesh
    .command('graph')
    .description('Draw which type leads to which, by which operation of which source. No source is asked.')
    .addOption(shop)
    .option('--mermaid', 'as Mermaid draws it')
    .option('--schema', 'print the whole schema, with descriptions, instead')
    .option('--json', 'print it as JSON')
    .action(async (options, command) => (await import('../mesh.ts')).drawMesh(options, wrongUse(command)))
  mesh
    .command('add')
    .description('Read the OpenAPI document of a system, and write it into a mesh.yaml with the fields and joins that its names propose.')
    .argument('<name>', 'what the system is called')
    .requiredOption('--openapi <place>', 'its document: a file or a URL')
    .requiredOption('--url <url>', "what stands before the document's paths")
    .option('--file <file>', "the mesh's file; its folder gets the document", 'mesh.yaml')
    .option('--token-env <name>', 'environment variable with its token')
    .option('--private', 'it may be at a private address')
    .action(async (name, options) => (await import('../mesh.ts')).addToMesh(name, options))
}
