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
    .option('--arg <name=value>', 'a value for arguments of this name (several times)', (arg, before: string[]) => [...before, arg], [])
    .option('--json', 'print what was found as JSON')
    .action(async (options, command) => (await import('../mesh-check.ts')).checkMesh(options, wrongUse(command)))
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
    .description('Read what a system says of itself, and write it into a mesh.yaml with the fields and joins that its names propose.')
    .argument('<name>', 'what the system is called')
    .option('--openapi <place>', 'its OpenAPI document: a file or a URL')
    .option('--graphql <place>', 'a GraphQL endpoint, which is introspected, or a file with its schema')
    .option('--json <url>', 'a plain JSON API: what stands before its paths')
    .option('--get <path>', 'of a plain JSON API: a request to learn by (several times)', (path, before: string[]) => [...before, path], [])
    .option('--url <url>', 'where the system is, where the document or the endpoint does not say it')
    .option('--file <file>', "the mesh's file; what it names goes into its folder", 'mesh.yaml')
    .option('--token-env <name>', 'environment variable with its token')
    .option('--token-file <file>', 'file with its token')
    .option('--token-header <name>', 'the header that carries the token, where that is not authorization')
    .addOption(new Option('--token-as <how>', 'how the token stands there').choices(['bearer', 'basic', 'plain']))
    .option('--private', 'it may be at a private address')
    .action(async (name, options, command) => (await import('../mesh-add.ts')).addToMesh(name, options, wrongUse(command)))
  mesh
    .command('update')
    .description('Read again what a system says of itself, and say what has changed; exit status 1 where what the mesh uses is gone.')
    .argument('<name>', 'what the system is called')
    .option('--file <file>', "the mesh's file", 'mesh.yaml')
    .option('--from <file>', 'a file with its document or schema, where it serves none')
    .option('--yes', 'write it though what the mesh uses is gone')
    .action(async (name, options) => (await import('../mesh-add.ts')).updateInMesh(name, options))
}
