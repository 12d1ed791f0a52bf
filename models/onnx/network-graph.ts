// Writes a network as an ONNX file: ids [batch, n] int32 and values [batch, n] float32 in, logits [batch, classes] float32 out.
// Texts of a batch are padded with id 0 and value 0. The graph: gather the rows, weigh and add them, scale, add the bias; what belongs to hidden units
// passes where it is above 0 and is added to what the rows say of the classes themselves.
import type { Network } from '../network.ts'
import { FLOAT, INT8, INT32, INT64, input, node, onnxFile, output, raw, tensor } from './graph.ts'

/** The file's bytes; the same network gives the same bytes. */
export function networkGraph(name: string, network: Network): Uint8Array {
  const classes = network.classes.length
  const columns = classes + network.hidden
  const nodes = [
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
  ]
  const tensors = [
    tensor('weights', INT8, [network.weights.length / columns, columns], raw(network.weights)),
    tensor('scales', FLOAT, [columns], raw(network.scales)),
    tensor('bias', FLOAT, [columns], raw(network.bias)),
    tensor('output', FLOAT, [network.hidden, classes], raw(network.output)),
    tensor('axis', INT64, [1], raw(BigInt64Array.of(1n))),
    tensor('parts', INT64, [2], raw(BigInt64Array.of(BigInt(classes), BigInt(network.hidden)))),
    input('ids', INT32, ['batch', 'n']),
    input('values', FLOAT, ['batch', 'n']),
    output('logits', FLOAT, ['batch', classes]),
  ]
  return onnxFile(name, nodes, tensors)
}
