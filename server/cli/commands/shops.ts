// `parley shop …` and `pack …`.
import { type Command, Option } from 'commander'

export function addShopCommands(program: Command): void {
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
    .action(async (id, options) => (await import('../shop.ts')).addShop(id, options))
  shop
    .command('list')
    .description('The shops that are configured.')
    .option('--json', 'print them as JSON')
    .action(async options => (await import('../shop.ts')).listShops(options))
  shop
    .command('identity-key')
    .description("Print what the shop's own backend signs identity tokens with (docs/widget.md). Keep it secret.")
    .option('--shop <shop>', 'shop whose key it is', 'demo')
    .action(async options => (await import('../shop.ts')).printIdentityKey(options.shop))
  const pack = program.command('pack').description('Work on a pack: catalogue, templates, phrases, risks, examples.')
  pack
    .command('check')
    .description('Say everything that is wrong with a pack, with file and line; exit status 1 for any error.')
    .argument('[folder]', 'folder of the pack (default: packs/retail)')
    .option('--json', 'print the report as JSON')
    .action(async (folder, options) => (await import('../pack.ts')).checkPackFolder(folder, options))
  pack
    .command('examples')
    .description('Print the labelled sentences of a pack as JSON lines, as parley train reads them.')
    .argument('[folder]', 'folder of the pack (default: packs/retail)')
    .option('--moods', 'those for the sentiment model, instead of the requests')
    .action(async (folder, options) => (await import('../pack.ts')).printExamples(folder, options))
}
