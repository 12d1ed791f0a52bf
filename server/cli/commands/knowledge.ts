// `parley knowledge …`: the shop's own articles and past answers, from which the bot answers.
import { type Command, InvalidArgumentError, Option } from 'commander'
import { serverUrl, wrongUse } from '../options.ts'

const most = (text: string): number => {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 1 || value > 50) throw new InvalidArgumentError('it is a whole number from 1 to 50')
  return value
}

export function addKnowledgeCommands(program: Command): void {
  const knowledge = program
    .command('knowledge')
    .description("The shop's own articles and past answers, from which the bot answers (docs/knowledge.md). Works while the server runs.")
  const ofShop = new Option('--shop <shop>', 'shop that answers from them (default: the only one)')
  knowledge
    .command('add')
    .description(
      'Add articles (Markdown) and past answers (CSV), or put others in their place. A running server has them from the next turn on.',
    )
    .argument('<path...>', 'files, or folders with them; the place in a folder is the id of an article')
    .option('--all', 'they are the whole of what the shop answers from: all others are removed')
    .option('--skip-bad', 'go on without what is wrong; it is named all the same')
    .addOption(ofShop)
    .addOption(serverUrl)
    .option('--json', 'print what was done as JSON')
    .action(async (paths, options, command) => (await import('../knowledge.ts')).addArticles(paths, options, wrongUse(command)))
  knowledge
    .command('list')
    .description('Every article of a shop.')
    .addOption(ofShop)
    .option('--json', 'print them as JSON')
    .action(async (options, command) => (await import('../knowledge.ts')).listArticles(options, wrongUse(command)))
  knowledge
    .command('show')
    .description('Print an article as it is quoted from: its passages under their headings.')
    .argument('<id>', 'its id')
    .addOption(ofShop)
    .option('--json', 'print it as JSON')
    .action(async (id, options, command) => (await import('../knowledge.ts')).showArticle(id, options, wrongUse(command)))
  knowledge
    .command('remove')
    .description('Remove articles. The next turn is not answered from them any more.')
    .argument('<id...>', 'their ids')
    .option('--for-good', 'keep nothing of them, nor of what the shop had before: no rollback reaches back')
    .addOption(ofShop)
    .addOption(serverUrl)
    .action(async (ids, options, command) => (await import('../knowledge.ts')).removeArticles(ids, options, wrongUse(command)))
  knowledge
    .command('rollback')
    .description('Put back the articles that the shop had before the last change.')
    .addOption(ofShop)
    .addOption(serverUrl)
    .action(async (options, command) => (await import('../knowledge.ts')).rollBackArticles(options, wrongUse(command)))
  knowledge
    .command('search')
    .description('What the shop has to say about a question, best first, and whether the bot would say it.')
    .argument('<question>', 'as a customer would write it')
    .addOption(new Option('--most <n>', 'articles to show').default(5).argParser(most))
    .addOption(ofShop)
    .option('--json', 'print it as JSON')
    .action(async (question, options, command) => (await import('../knowledge.ts')).searchArticles(question, options, wrongUse(command)))
  knowledge
    .command('evaluate')
    .description('Judge the articles on questions of which the right article is known: what is found, and what would be answered wrongly.')
    .argument('<questions>', 'CSV with the columns question and article (an id; empty where none answers)')
    .addOption(
      new Option(
        '--encoder <encoder>',
        "judge beside it what a sentence encoder finds: a folder, or one that is kept (default: the shop's)",
      ).env('PARLEY_ENCODER'),
    )
    .option('--misses', 'name every question of which the right article is not first, or that is answered wrongly')
    .option('--skip-bad', 'go on without the lines that are wrong; they are named all the same')
    .addOption(ofShop)
    .option('--json', 'print all of it as JSON')
    .action(async (questions, options, command) =>
      (await import('../knowledge.ts')).evaluateArticles(questions, options, wrongUse(command)),
    )
}
