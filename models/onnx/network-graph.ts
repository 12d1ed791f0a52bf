// Writes a network as an ONNX file: ids [batch, n] int32 and values [batch, n] float32 in, logits [batch, classes] float32 out.
// Texts of a batch are padded with id 0 and value 0. The graph: gather the rows, weigh and add them, scale, add the bias; what belongs to hidden units
// passes where it is above 0 and is added to what the rows say of the classes themselves.
import type { Network } from '../network.ts'
import { bytes, type Field, integer, join, message, text } from './protobuf.ts'

const IR_VERSION = 10
const OPSET = 17

// TensorProto.DataType
const FLOAT = 1
const INT8 = 3
const INT32 = 6
const INT64 = 7

// AttributeProto.AttributeType
const INT = 2

// Field numbers of onnx.proto, by message.
const MODEL = { irVersion: 1, producer: 2, graph: 7, opset: 8 } as const
const GRAPH = { node: 1, name: 2, initializer: 5, input: 11, output: 12 } as const
const NODE = { input: 1, output: 2, op: 4, attribute: 5 } as const
const ATTRIBUTE = { name: 1, i: 3, type: 20 } as const
const TENSOR = { dims: 1, type: 2, name: 8, raw: 9 } as const

/** The file's bytes; the same network gives the same bytes. */
export function networkGraph(name: string, network: Network): Uint8Array {
  const classes = network.classes.length
  const columns = classes + network.hidden
  const graph = [
    node('Gather', ['weights', 'ids'], ['rows']),
    node('Cast', ['rows'], ['rows_float'], { to: FLOAT }),
    node('Unsqueeze', ['values', 'axis'], ['values_row']),
    node('MatMul', ['values_row', 'rows_float'], ['sum_row']),
    node('Squeeze', ['sum_row', 'axis'], ['sum']),
    node('Mul', ['sum', 'scales'], ['scaled']),
    node('Add', ['scaled', 'bias'], ['columns']),
    node('Split', ['columns', 'parts'], ['wide', 'units'], { axis: 1 }),
    node('Relu', ['units'], ['excited']),
    node('MatMul', ['excited', 'output'], ['deep']),
    node('Add', ['wide', 'deep'], ['logits']),
    text(GRAPH.name, name),
    tensor('weights', INT8, [network.weights.length / columns, columns], raw(network.weights)),
    tensor('scales', FLOAT, [columns], raw(network.scales)),
    tensor('bias', FLOAT, [columns], raw(network.bias)),
    tensor('output', FLOAT, [network.hidden, classes], raw(network.output)),
    tensor('axis', INT64, [1], raw(BigInt64Array.of(1n))),
    tensor('parts', INT64, [2], raw(BigInt64Array.of(BigInt(classes), BigInt(network.hidden)))),
    value(GRAPH.input, 'ids', INT32, ['batch', 'n']),
    value(GRAPH.input, 'values', FLOAT, ['batch', 'n']),
    value(GRAPH.output, 'logits', FLOAT, ['batch', classes]),
  ]
  return join([
    integer(MODEL.irVersion, IR_VERSION),
    text(MODEL.producer, 'parley'),
    message(MODEL.graph, graph),
    message(MODEL.opset, [text(1, ''), integer(2, OPSET)]),
  ])
}

function node(op: string, inputs: readonly string[], outputs: readonly string[], attributes: Readonly<Record<string, number>> = {}): Field {
  return message(GRAPH.node, [
    ...inputs.map(input => text(NODE.input, input)),
    ...outputs.map(output => text(NODE.output, output)),
    text(NODE.op, op),
    ...Object.entries(attributes).map(([key, i]) =>
      message(NODE.attribute, [text(ATTRIBUTE.name, key), integer(ATTRIBUTE.i, i), integer(ATTRIBUTE.type, INT)]),
    ),
  ])
}

function tensor(name: string, type: number, dims: readonly number[], data: Uint8Array): Field {
  return message(GRAPH.initializer, [
    ...dims.map(dim => integer(TENSOR.dims, dim)),
    integer(TENSOR.type, type),
    text(TENSOR.name, name),
    bytes(TENSOR.raw, data),
  ])
}

/** ValueInfoProto of a tensor; a dimension is a size or the name of one that a run decides. */
function value(field: number, name: string, type: number, dims: readonly (number | string)[]): Field {
  const shape = dims.map(dim => message(1, [typeof dim === 'number' ? integer(1, dim) : text(2, dim)]))
  return message(field, [text(1, name), message(2, [message(1, [integer(1, type), message(2, shape)])])])
}

/** Little-endian, as ONNX wants it and as every machine that this runs on has it. */
const raw = (array: Int8Array | Float32Array | BigInt64Array): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
