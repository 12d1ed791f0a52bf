// A sentence encoder as others publish it: a folder with an ONNX export of a BERT, its tokenizer.json and, at best, what says how its vectors are made.
// Read here is how it is to be run. What a folder does not say must be told: vectors that are pooled in another way than they were trained are
// worth little, and nothing would show it.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import { z } from 'zod'

export const POOLINGS = ['mean', 'cls'] as const

export interface EncoderSettings {
  /** Of what the graph says of each token: their mean, or the first one. */
  readonly pooling: (typeof POOLINGS)[number]
  /** Whether a vector is brought to the length 1. */
  readonly isNormalised: boolean
  /** Most tokens of a text, those that stand around it among them. */
  readonly longest: number
  /** Put before every text, as E5 was trained; empty for most. */
  readonly prefix: string
}

/** What somebody says of an encoder, instead of what its folder says. */
export interface EncoderWishes extends Partial<EncoderSettings> {
  /** The ONNX file to take, by its path in the folder. */
  readonly onnx?: string
}

export interface EncoderExport {
  readonly settings: EncoderSettings
  /** Name of the ONNX file, without its folder. */
  readonly onnx: string
  /** What belongs to it: name to be kept under, and place. */
  readonly files: ReadonlyMap<string, string>
}

/** Of several exports in one folder the first is taken: the exact one before those of fewer bits. */
export const ONNX_FILES = [
  'model.onnx',
  'onnx/model.onnx',
  'model_quantized.onnx',
  'onnx/model_quantized.onnx',
  'model_int8.onnx',
  'onnx/model_int8.onnx',
] as const

/** What is read of a folder beside the ONNX file. The first two belong to the encoder, the others say how it is run. */
export const TOKENIZER = 'tokenizer.json'
export const TOKENIZER_CONFIG = 'tokenizer_config.json'
export const SETTING_FILES = [
  'config.json',
  'modules.json',
  'sentence_bert_config.json',
  'config_sentence_transformers.json',
  '1_Pooling/config.json',
] as const

const MOST_TOKENS = 512

const Length = z.number().int().min(3).optional().catch(undefined)
const Config = z.object({ max_position_embeddings: Length })
const TokenizerConfig = z.object({ model_max_length: Length })
const SentenceBert = z.object({ max_seq_length: Length })
const Modules = z.array(z.object({ type: z.string() }))
const Prompts = z.object({ prompts: z.record(z.string(), z.string()).optional(), default_prompt_name: z.string().nullish() })

/** Faults: ENCODER_INVALID, naming the file and what is wrong or not said. */
export function readExport(folder: string, wishes: EncoderWishes = {}): EncoderExport {
  const onnx = onnxIn(folder, wishes.onnx)
  if (!existsSync(join(folder, TOKENIZER))) throw invalid(folder, `it has no ${TOKENIZER}, the file of a fast tokenizer`)
  const name = basename(onnx)
  // Weights of more than 2 GB lie beside the graph, which names them without a folder.
  const beside = readdirSync(dirname(join(folder, onnx))).filter(file => file.startsWith(`${name}_data`) || file === `${name}.data`)
  const files = new Map([name, ...beside].map(file => [file, join(folder, dirname(onnx), file)]))
  for (const file of [TOKENIZER, TOKENIZER_CONFIG]) if (existsSync(join(folder, file))) files.set(file, join(folder, file))
  return { settings: settingsOf(folder, wishes), onnx: name, files }
}

function onnxIn(folder: string, wished: string | undefined): string {
  const found = (wished === undefined ? ONNX_FILES : [wished]).find(file => existsSync(join(folder, file)))
  if (found === undefined)
    throw invalid(folder, wished === undefined ? `it has no ONNX export (${ONNX_FILES.join(', ')})` : `it has no ${wished}`)
  return found
}

function settingsOf(folder: string, wishes: EncoderWishes): EncoderSettings {
  const pooling = wishes.pooling ?? poolingOf(folder)
  if (pooling === undefined)
    throw invalid(folder, 'it does not say how its vectors are pooled (1_Pooling/config.json): tell, mean for MiniLM and E5, cls for BGE')
  const modules = read(folder, 'modules.json', Modules)
  const ofBert = read(folder, 'sentence_bert_config.json', SentenceBert)?.max_seq_length
  const ofTokenizer = read(folder, TOKENIZER_CONFIG, TokenizerConfig)?.model_max_length
  const ofGraph = read(folder, 'config.json', Config)?.max_position_embeddings
  const prompts = read(folder, 'config_sentence_transformers.json', Prompts)
  return {
    pooling,
    isNormalised: wishes.isNormalised ?? (modules === undefined || modules.some(({ type }) => type.endsWith('Normalize'))),
    longest: wishes.longest ?? Math.min(ofBert ?? ofTokenizer ?? MOST_TOKENS, ofGraph ?? MOST_TOKENS, MOST_TOKENS),
    prefix: wishes.prefix ?? prompts?.prompts?.[prompts.default_prompt_name ?? ''] ?? '',
  }
}

function poolingOf(folder: string): EncoderSettings['pooling'] | undefined {
  const file = '1_Pooling/config.json'
  const said = read(folder, file, z.record(z.string(), z.unknown()))
  if (said === undefined) return undefined
  const modes = Object.keys(said).filter(key => key.startsWith('pooling_mode_') && said[key] === true)
  if (modes.length === 1 && modes[0] === 'pooling_mode_mean_tokens') return 'mean'
  if (modes.length === 1 && modes[0] === 'pooling_mode_cls_token') return 'cls'
  throw invalid(folder, `${file} asks for ${modes.join(' and ') || 'no pooling'}; there are mean and cls`)
}

/** Undefined where the folder has no such file. */
function read<T>(folder: string, file: string, schema: z.ZodType<T>): T | undefined {
  if (!existsSync(join(folder, file))) return undefined
  try {
    return schema.parse(JSON.parse(readFileSync(join(folder, file), 'utf8')))
  } catch (cause) {
    throw new Fault('ENCODER_INVALID', { encoder: folder, reason: `${file} cannot be understood` }, { cause })
  }
}

const invalid = (encoder: string, reason: string): Fault => new Fault('ENCODER_INVALID', { encoder, reason })
