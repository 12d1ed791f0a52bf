// `parley train` and `parley models …`: models of the shop's own, and which of them vote.
import { Argument, type Command, InvalidArgumentError, Option } from 'commander'
import { serverUrl, wrongUse } from '../options.ts'

const KINDS = ['intent', 'sentiment'] as const

const whole =
  (from: number, to: number) =>
  (text: string): number => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < from || value > to) throw new InvalidArgumentError(`it is a whole number from ${from} to ${to}`)
    return value
  }

export function addModelCommands(program: Command): void {
  program
    .command('train')
    .description(
      'Train a model of labelled sentences (docs/train-a-model.md): split, calibrated, measured, kept as a version with its card. Broken off, the same command goes on where it was; the same data and seed give the same weights.',
    )
    .addArgument(new Argument('<kind>', 'what it tells of a text').choices(KINDS))
    .argument('<data>', 'JSON lines, each {"text": …, "label": …}, and at will "lang" (zh, en) and "weight"')
    .option(
      '--encoder <encoder>',
      'sentence encoder under the head: a folder with an ONNX export and its tokenizer.json, one that is kept here, by name or hash, or a name of the hub, OWNER/NAME or OWNER/NAME@REVISION, which is fetched once; none: sub-word features, which need no download',
      'none',
    )
    .option('--offline', 'ask nothing of the hub (as PARLEY_OFFLINE=1 does)')
    .option('--blend', 'have the head see sub-word features too, beside the encoder')
    .option(
      '--encoder-file <file>',
      "the encoder's ONNX file, by its path in the folder (default: the first of model.onnx, model_quantized.onnx, model_int8.onnx)",
    )
    .addOption(
      new Option(
        '--encoder-pooling <how>',
        'what is taken of its tokens, where its folder does not say: mean for MiniLM and E5, cls for BGE',
      ).choices(['mean', 'cls']),
    )
    .addOption(
      new Option('--encoder-normalise <yes|no>', 'whether its vectors get the length 1 (default: as its folder says, else yes)').choices([
        'yes',
        'no',
      ]),
    )
    .addOption(
      new Option('--encoder-length <tokens>', 'most tokens of a text (default: as its folder says, else 512)').argParser(whole(3, 8192)),
    )
    .option('--encoder-prefix <text>', 'put before every text, for E5 "query: " (default: as its folder says, else none)')
    .option('--skip-bad-lines', 'go on without the lines that cannot be learned from; they are named all the same')
    .option('--out <folder>', 'a new folder to write the model to, instead of keeping it as a version of this installation')
    .option('--job', 'have the running server do it, beside its customers: parley jobs list --kind train')
    .addOption(new Option('--seed <n>', 'of every draw').default(1).argParser(whole(0, 2 ** 31 - 1)))
    .addOption(new Option('--threads <n>', 'steps at a time (default: as many as there are cores, up to 4)').argParser(whole(1, 64)))
    .addOption(new Option('--shop <shop>', 'shop whose catalogue and pack go with it (default: the only one)'))
    .addOption(serverUrl)
    .option('--json', 'print the card as JSON')
    .action(async (kind, data, options, command) => (await import('../train.ts')).train(kind, data, options, wrongUse(command)))

  const models = program
    .command('models')
    .description('The models that were trained or brought here, and which of them vote in a shop. Works while the server runs.')
  const kind = new Argument('<kind>', 'what it tells of a text').choices(KINDS)
  const ofShop = new Option('--shop <shop>', 'shop in which it votes (default: the only one)')
  models
    .command('list')
    .description('Every version, oldest first, and the shops in which it is in force.')
    .option('--shop <shop>', 'say only of this shop what is in force')
    .option('--json', 'print them as JSON')
    .action(async options => (await import('../models.ts')).listModels(options))
  models
    .command('show')
    .description("Print a version's card: what it was made of and what it is worth.")
    .addArgument(kind)
    .argument('<version>', 'its version, or the beginning of it')
    .option('--json', 'print it as JSON')
    .action(async (name, version, options) => (await import('../models.ts')).showModel(name, version, options))
  models
    .command('use')
    .description('Put a version in force in a shop. A running server takes it without losing a turn.')
    .addArgument(kind)
    .argument('<model>', 'its version or the beginning of it, a folder that --out has written, or "shipped"')
    .addOption(ofShop)
    .addOption(serverUrl)
    .action(async (name, model, options, command) => (await import('../models.ts')).useModel(name, model, options, wrongUse(command)))
  models
    .command('rollback')
    .description('Put the version in force that was so before.')
    .addArgument(kind)
    .addOption(ofShop)
    .addOption(serverUrl)
    .action(async (name, options, command) => (await import('../models.ts')).rollBackModel(name, options, wrongUse(command)))
}
