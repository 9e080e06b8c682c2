// Writes single-graph ONNX models: the few protobuf messages that the vectors need.

const kTypes = {float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7};

function varint(value) {
  let v = BigInt.asUintN(64, BigInt(value));
  const bytes = [];
  do {
    const low = Number(v & 0x7fn);
    v >>= 7n;
    bytes.push(v ? low | 0x80 : low);
  } while (v);
  return Buffer.from(bytes);
}

const integer = (field, value) => Buffer.concat([varint(field << 3), varint(value)]);
const bytes = (field, value) => {
  const body = typeof value === 'string' ? Buffer.from(value) : Buffer.concat([value].flat());
  return Buffer.concat([varint((field << 3) | 2), varint(body.length), body]);
};
const float = (field, value) => {
  const body = Buffer.alloc(4);
  body.writeFloatLE(value);
  return Buffer.concat([varint((field << 3) | 5), body]);
};

function attribute(name, value) {
  if (Array.isArray(value)) {
    return [bytes(1, name), ...value.map((v) => integer(8, v)), integer(20, 7)];
  }
  if (typeof value === 'string') return [bytes(1, name), bytes(4, value), integer(20, 3)];
  if (value instanceof Float32Array) return [bytes(1, name), float(2, value[0]), integer(20, 1)];
  return [bytes(1, name), integer(3, value), integer(20, 2)];
}

/** A tensor: {shape, type, data} with data a typed array. */
export function tensor(type, shape, data) {
  const arrays = {float32: Float32Array, uint8: Uint8Array, int8: Int8Array, int32: Int32Array,
    int64: BigInt64Array};
  const values = arrays[type].from(data);
  const count = shape.reduce((a, b) => a * b, 1);
  if (values.length !== count) throw new Error(`tensor [${shape}] given ${values.length} values`);
  return {type, shape, data: values};
}

export const rawBytes = (t) => Buffer.from(t.data.buffer, t.data.byteOffset, t.data.byteLength);

/** `shape` is a list of sizes, or a rank alone: then all sizes are open. */
function valueInfo(name, type, shape) {
  const dims = Array.isArray(shape) ? shape.map((size) => bytes(1, [integer(1, size)])) :
    Array.from({length: shape}, (_, i) => bytes(1, [bytes(2, `${name}_${i}`)]));
  return [bytes(1, name), bytes(2, [bytes(1, [integer(1, kTypes[type]), bytes(2, dims)])])];
}

const kIrVersions = {19: 9, 20: 9, 21: 10};

/**
 * model({inputs, constants, nodes, output}): inputs and constants map a name to a tensor, a node is
 * {op, domain, name, inputs, outputs, attrs}, output is {name, type, rank}, and the sizes of the
 * inputs stay open. `outputs`, a list of {name, type, shape}, in place of output fixes them.
 */
export function model({inputs, constants, nodes, output, outputs, opset = 17}) {
  const graph = [bytes(2, 'vector')];
  for (const node of nodes) {
    graph.push(bytes(1, [
      ...node.inputs.map((n) => bytes(1, n)), ...node.outputs.map((n) => bytes(2, n)),
      ...(node.name ? [bytes(3, node.name)] : []), bytes(4, node.op),
      ...(node.domain ? [bytes(7, node.domain)] : []),
      ...Object.entries(node.attrs ?? {}).map(([k, v]) => bytes(5, attribute(k, v))),
    ]));
  }
  for (const [name, t] of Object.entries(constants)) {
    graph.push(bytes(5, [...t.shape.map((d) => integer(1, d)), integer(2, kTypes[t.type]),
      bytes(8, name), bytes(9, rawBytes(t))]));
  }
  for (const [name, t] of Object.entries(inputs)) {
    graph.push(bytes(11, valueInfo(name, t.type, outputs ? t.shape : t.shape.length)));
  }
  for (const o of outputs ?? [output]) {
    graph.push(bytes(12, valueInfo(o.name, o.type, o.shape ?? o.rank)));
  }
  const version = (domain, number) => bytes(8, [bytes(1, domain), integer(2, number)]);
  return Buffer.concat([integer(1, kIrVersions[opset] ?? 8), bytes(2, 's4'), bytes(7, graph),
    version('', opset), version('com.microsoft', 1)]);
}
