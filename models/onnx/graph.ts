// The parts of an ONNX file: nodes, tensors, inputs and outputs, and the whole of them.
import { bytes, type Field, integer, join, message, text } from './protobuf.ts'

const IR_VERSION = 10
const OPSET = 17

// TensorProto.DataType
export const FLOAT = 1
export const INT8 = 3
export const INT32 = 6
export const INT64 = 7

// AttributeProto.AttributeType
const INT = 2
const INTS = 7

// Field numbers of onnx.proto, by message.
const MODEL = { irVersion: 1, producer: 2, graph: 7, opset: 8 } as const
const GRAPH = { node: 1, name: 2, initializer: 5, input: 11, output: 12 } as const
const NODE = { input: 1, output: 2, op: 4, attribute: 5 } as const
const ATTRIBUTE = { name: 1, i: 3, ints: 8, type: 20 } as const
const TENSOR = { dims: 1, type: 2, name: 8, raw: 9 } as const

type Dimension = number | string

/** The file's bytes; the same parts give the same bytes. Nodes in the order in which they can run; among the tensors inputs and outputs. */
export const onnxFile = (name: string, nodes: readonly Field[], tensors: readonly Field[]): Uint8Array =>
  join([
    integer(MODEL.irVersion, IR_VERSION),
    text(MODEL.producer, 'parley'),
    message(MODEL.graph, [...nodes, text(GRAPH.name, name), ...tensors]),
    message(MODEL.opset, [text(1, ''), integer(2, OPSET)]),
  ])

/** Attributes are whole numbers from 0 on. */
export function node(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, number | readonly number[]>> = {},
): Field {
  return message(GRAPH.node, [
    ...inputs.map(each => text(NODE.input, each)),
    ...outputs.map(each => text(NODE.output, each)),
    text(NODE.op, op),
    ...Object.entries(attributes).map(([key, value]) =>
      message(NODE.attribute, [
        text(ATTRIBUTE.name, key),
        ...(typeof value === 'number'
          ? [integer(ATTRIBUTE.i, value), integer(ATTRIBUTE.type, INT)]
          : [...value.map(each => integer(ATTRIBUTE.ints, each)), integer(ATTRIBUTE.type, INTS)]),
      ]),
    ),
  ])
}

export function tensor(name: string, type: number, dims: readonly number[], data: Uint8Array): Field {
  return message(GRAPH.initializer, [
    ...dims.map(dim => integer(TENSOR.dims, dim)),
    integer(TENSOR.type, type),
    text(TENSOR.name, name),
    bytes(TENSOR.raw, data),
  ])
}

/** A dimension is a size or the name of one that a run decides. */
export const input = (name: string, type: number, dims: readonly Dimension[]): Field => value(GRAPH.input, name, type, dims)
export const output = (name: string, type: number, dims: readonly Dimension[]): Field => value(GRAPH.output, name, type, dims)

/** ValueInfoProto of a tensor. */
function value(field: number, name: string, type: number, dims: readonly Dimension[]): Field {
  const shape = dims.map(dim => message(1, [typeof dim === 'number' ? integer(1, dim) : text(2, dim)]))
  return message(field, [text(1, name), message(2, [message(1, [integer(1, type), message(2, shape)])])])
}

/** Little-endian, as ONNX wants it and as every machine that this runs on has it. */
export const raw = (array: Int8Array | Float32Array | BigInt64Array): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
