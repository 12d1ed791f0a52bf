// A BERT of two small layers with random weights, and a WordPiece tokenizer of letters, words and Chinese characters, laid out in a folder as published
// encoders are. It proves the path and says nothing of accuracy. The 8-bit one multiplies as quantised exports do.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FLOAT, INT8, INT64, input, node, onnxFile, output, raw, tensor } from '@parley/models/onnx/graph.ts'
import { createRandom } from '../random.ts'
import { fewRows } from './labelled.ts'

const SIZE = 32
const HEADS = 4
const INNER = 64
const LAYERS = 2
const POSITIONS = 64
const SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]']

export interface SmallEncoderOptions {
  readonly seed?: number
  /** Without it the folder does not say how vectors are pooled. */
  readonly pooling?: 'mean' | 'cls' | 'max' | undefined
  readonly prompts?: Readonly<Record<string, string>>
}

/** Writes `onnx/model.onnx`, `onnx/model_quantized.onnx` and what stands beside them. */
export function writeSmallEncoder(folder: string, options: SmallEncoderOptions = {}): void {
  const { seed = 1, pooling, prompts } = { pooling: 'mean' as const, ...options }
  const vocabulary = vocabularyOf()
  const put = (name: string, value: unknown): void => writeFileSync(join(folder, name), `${JSON.stringify(value, null, 2)}\n`)
  for (const part of ['onnx', '1_Pooling']) mkdirSync(join(folder, part), { recursive: true })
  writeFileSync(join(folder, 'onnx/model.onnx'), bertGraph(vocabulary.length, seed, false))
  writeFileSync(join(folder, 'onnx/model_quantized.onnx'), bertGraph(vocabulary.length, seed, true))
  put('tokenizer.json', tokenizerOf(vocabulary))
  put('tokenizer_config.json', { tokenizer_class: 'BertTokenizer', do_lower_case: true, model_max_length: 512 })
  put('config.json', { model_type: 'bert', hidden_size: SIZE, max_position_embeddings: POSITIONS })
  put('sentence_bert_config.json', { max_seq_length: 48, do_lower_case: false })
  put(
    'modules.json',
    ['Transformer', 'Pooling', 'Normalize'].map((type, idx) => ({ idx, type: `sentence_transformers.models.${type}` })),
  )
  if (pooling !== undefined)
    put('1_Pooling/config.json', {
      word_embedding_dimension: SIZE,
      pooling_mode_cls_token: pooling === 'cls',
      pooling_mode_mean_tokens: pooling === 'mean',
      pooling_mode_max_tokens: pooling === 'max',
    })
  if (prompts) put('config_sentence_transformers.json', { prompts, default_prompt_name: 'query' })
}

/** Letters, digits and marks, Chinese characters, and words that are met often. */
function vocabularyOf(): readonly string[] {
  const met = new Map<string, number>()
  for (const { text } of fewRows(1)) for (const [word] of text.matchAll(/\p{Script=Han}|[a-z]+/gu)) met.set(word, (met.get(word) ?? 0) + 1)
  const words = [...met].filter(([word, count]) => /\p{Script=Han}/u.test(word) || (word.length > 1 && count >= 3)).map(([word]) => word)
  const letters = [..."abcdefghijklmnopqrstuvwxyz0123456789.,!?'-"]
  return [...SPECIAL, ...letters, ...letters.map(letter => `##${letter}`), ...words.sort()]
}

function tokenizerOf(vocabulary: readonly string[]): unknown {
  const id = (token: string): number => vocabulary.indexOf(token)
  const around = (token: string) => ({ SpecialToken: { id: token, type_id: 0 } })
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: SPECIAL.map(content => ({
      id: id(content),
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [around('[CLS]'), { Sequence: { id: 'A', type_id: 0 } }, around('[SEP]')],
      pair: [
        around('[CLS]'),
        { Sequence: { id: 'A', type_id: 0 } },
        around('[SEP]'),
        { Sequence: { id: 'B', type_id: 1 } },
        around('[SEP]'),
      ],
      special_tokens: Object.fromEntries(['[CLS]', '[SEP]'].map(token => [token, { id: token, ids: [id(token)], tokens: [token] }])),
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(vocabulary.map((token, i) => [token, i])),
    },
  }
}

function bertGraph(vocabulary: number, seed: number, isQuantised: boolean): Uint8Array {
  const random = createRandom(seed)
  const bell = (count: number, width: number): Float32Array =>
    Float32Array.from({ length: count }, () => width * (random() + random() + random() - 1.5))
  const nodes: Uint8Array[] = []
  const tensors: Uint8Array[] = []
  const add = (op: string, inputs: readonly string[], name: string, attributes = {}): string => {
    nodes.push(node(op, inputs, [name], attributes))
    return name
  }
  const constant = (name: string, dims: readonly number[], data: Float32Array): string => {
    tensors.push(tensor(name, FLOAT, dims, raw(data)))
    return name
  }
  const whole = (name: string, ...values: readonly number[]): string => {
    tensors.push(tensor(name, INT64, [values.length], raw(BigInt64Array.from(values, BigInt))))
    return name
  }
  const scalar = (name: string, value: number): string => {
    tensors.push(tensor(name, INT64, [], raw(BigInt64Array.of(BigInt(value)))))
    return name
  }
  const linear = (x: string, name: string, from: number, to: number): string => {
    const weights = bell(from * to, 1.5 / Math.sqrt(from))
    const bias = constant(`${name}.bias`, [to], bell(to, 0.1))
    return add('Add', [isQuantised ? multiplyIn8Bits(x, name, weights, [from, to]) : multiply(x, name, weights, [from, to]), bias], name)
  }
  const multiply = (x: string, name: string, weights: Float32Array, dims: readonly number[]): string =>
    add('MatMul', [x, constant(`${name}.weight`, dims, weights)], `${name}.product`)
  const multiplyIn8Bits = (x: string, name: string, weights: Float32Array, dims: readonly number[]): string => {
    const scale = weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0) / 127
    tensors.push(tensor(`${name}.weight`, INT8, dims, raw(Int8Array.from(weights, weight => Math.round(weight / scale)))))
    nodes.push(node('DynamicQuantizeLinear', [x], [`${name}.x`, `${name}.scale`, `${name}.zero`]))
    add('MatMulInteger', [`${name}.x`, `${name}.weight`, `${name}.zero`], `${name}.whole`)
    add('Cast', [`${name}.whole`], `${name}.float`, { to: FLOAT })
    add('Mul', [`${name}.scale`, constant(`${name}.step`, [], Float32Array.of(scale))], `${name}.scales`)
    return add('Mul', [`${name}.float`, `${name}.scales`], `${name}.product`)
  }
  const levelled = (x: string, name: string): string =>
    add(
      'LayerNormalization',
      [x, constant(`${name}.gain`, [SIZE], new Float32Array(SIZE).fill(1)), constant(`${name}.shift`, [SIZE], bell(SIZE, 0.1))],
      name,
    )

  const words = add('Gather', [constant('words', [vocabulary, SIZE], bell(vocabulary * SIZE, 1)), 'input_ids'], 'word')
  const kinds = add('Gather', [constant('kinds', [2, SIZE], bell(2 * SIZE, 0.1)), 'token_type_ids'], 'kind')
  add('Shape', ['input_ids'], 'shape')
  add('Gather', ['shape', scalar('one', 1)], 'count')
  add('Range', [scalar('zero', 0), 'count', 'one'], 'range')
  const places = add('Gather', [constant('places', [POSITIONS, SIZE], bell(POSITIONS * SIZE, 0.1)), 'range'], 'place')
  let x = levelled(add('Add', [add('Add', [words, kinds], 'word_kind'), places], 'embedded'), 'embeddings')
  add('Cast', ['attention_mask'], 'mask', { to: FLOAT })
  add('Sub', [constant('full', [], Float32Array.of(1)), 'mask'], 'hidden')
  add('Mul', ['hidden', constant('never', [], Float32Array.of(-10_000))], 'veto')
  add('Unsqueeze', ['veto', whole('veto_axes', 1, 2)], 'veto_rows')
  constant('half', [], Float32Array.of(0.5))
  constant('root', [], Float32Array.of(Math.SQRT1_2))
  constant('narrow', [], Float32Array.of(1 / Math.sqrt(SIZE / HEADS)))
  tensors.push(tensor('split', INT64, [4], raw(BigInt64Array.from([0, 0, HEADS, SIZE / HEADS], BigInt))))
  whole('joined', 0, 0, SIZE)
  for (let layer = 0; layer < LAYERS; layer++) {
    const at = (name: string): string => `${layer}.${name}`
    const heads = (name: string, perm: readonly number[]): string =>
      add('Transpose', [add('Reshape', [linear(x, at(name), SIZE, SIZE), 'split'], at(`${name}_split`))], at(`${name}_heads`), { perm })
    const scores = add('MatMul', [heads('query', [0, 2, 1, 3]), heads('key', [0, 2, 3, 1])], at('scores'))
    const allowed = add('Add', [add('Mul', [scores, 'narrow'], at('scaled')), 'veto_rows'], at('allowed'))
    const seen = add('MatMul', [add('Softmax', [allowed], at('attention')), heads('value', [0, 2, 1, 3])], at('seen'))
    const gathered = add('Reshape', [add('Transpose', [seen], at('seen_back'), { perm: [0, 2, 1, 3] }), 'joined'], at('gathered'))
    x = levelled(add('Add', [x, linear(gathered, at('out'), SIZE, SIZE)], at('attended')), at('attended_level'))
    const wide = linear(x, at('wide'), SIZE, INNER)
    add('Erf', [add('Mul', [wide, 'root'], at('wide_root'))], at('erf'))
    add('Add', [at('erf'), 'full'], at('erf_one'))
    const gelu = add('Mul', [add('Mul', [wide, at('erf_one')], at('twice')), 'half'], at('gelu'))
    x = levelled(
      add('Add', [x, linear(gelu, at('back'), INNER, SIZE)], at('fed')),
      layer === LAYERS - 1 ? 'last_hidden_state' : at('fed_level'),
    )
  }
  const ids = ['input_ids', 'attention_mask', 'token_type_ids'].map(name => input(name, INT64, ['batch', 'n']))
  return onnxFile('bert', nodes, [...tensors, ...ids, output(x, FLOAT, ['batch', 'n', SIZE])])
}
