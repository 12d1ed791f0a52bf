// `parley phrases …`: what a shop adds to the phrases of its pack for the keyword voter.
import { type Command, InvalidArgumentError, Option } from 'commander'
import { serverUrl, wrongUse } from '../options.ts'

function weight(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !(value > 0 && value <= 1)) throw new InvalidArgumentError('it is a number above 0 and up to 1')
  return value
}

export function addPhraseCommands(program: Command): void {
  const phrases = program
    .command('phrases')
    .description("Phrases that a shop adds to its pack's for the keyword voter (docs/keyword-phrases.md). Works while the server runs.")
  const ofShop = new Option('--shop <shop>', 'whose phrase it is (default: the only shop)')
  phrases
    .command('add')
    .description(
      'Have a phrase vote for an action. One of the same words and action is replaced; a running server takes it without losing a turn.',
    )
    .argument('<phrase>', 'the words, in any language; letters are found as whole words, Han characters anywhere')
    .requiredOption('--action <action>', "action of the shop's catalogue that it means, such as TRACK_ORDER")
    .addOption(new Option('--weight <weight>', 'how surely the phrase alone means it, above 0 to 1').default(0.8).argParser(weight))
    .option('--template <template>', 'template to answer with, where this phrase is what decides')
    .addOption(ofShop)
    .addOption(serverUrl)
    .action(async (phrase, options, command) => (await import('../phrases.ts')).addPhrase(phrase, options, wrongUse(command)))
  phrases
    .command('list')
    .description('What the shop has added, by action.')
    .addOption(ofShop)
    .option('--json', 'print them as JSON')
    .action(async (options, command) => (await import('../phrases.ts')).listPhrases(options, wrongUse(command)))
  phrases
    .command('remove')
    .description('Take back a phrase that was added.')
    .argument('<phrase>', 'the words')
    .requiredOption('--action <action>', 'action that it was added for')
    .addOption(ofShop)
    .addOption(serverUrl)
    .action(async (phrase, options, command) => (await import('../phrases.ts')).removePhrase(phrase, options, wrongUse(command)))
}
