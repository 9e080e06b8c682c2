// Makes tests/graph/vectors/networks.bin.gz: random quantised networks and what ONNX Runtime gives.
//
//   cd tools/vectors && npm install --ignore-scripts && node make_networks.mjs [count [output]]
//
// Everything follows from fixed seeds. The results are those of all graph optimisations. Each layer
// is also run alone, with and without them: where the two differ, ONNX Runtime has no one answer,
// and the table at the end counts it. docs/guide/onnx.md describes the file and holds the table.
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import {fileURLToPath} from 'node:url';
import * as ort from 'onnxruntime-node';
import {model, rawBytes, tensor} from './onnx_writer.mjs';
import {Random} from './random.mjs';
import {Net, count, drawLayer, f32, fitQuant, fitScale, rangeOf} from './random_network.mjs';

const kHere = path.dirname(fileURLToPath(import.meta.url));
const kOut = path.join(kHere, '../../tests/graph/vectors/networks.bin.gz');
const kMovers = ['MaxPool', 'Flatten', 'Reshape', 'Transpose'];

/** Results of a net; `level` is all, basic or disabled. */
async function run(net, outputs, level) {
  const bytes = model({...net, outputs});
  const session = await ort.InferenceSession.create(bytes, {
    intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3, graphOptimizationLevel: level,
    // Without it, ONNX Runtime on x86 leaves a QDQ Conv or MatMul of int8 activations in float.
    extra: {'session.qdqisint8allowed': '1'}});
  const feeds = {};
  for (const [name, t] of Object.entries(net.inputs)) {
    feeds[name] = new ort.Tensor(t.type, t.data, t.shape);
  }
  const results = await session.run(feeds);
  await session.release();
  const tensors = outputs.map(({name}) => {
    const r = results[name];
    return tensor(r.type, [...r.dims], r.data);
  });
  return {bytes, tensors};
}

function differing(a, b) {
  let n = 0;
  for (let i = 0; i < a.data.length; i++) n += a.data[i] !== b.data[i] ? 1 : 0;
  return n;
}

const port = (value) => ({name: value.name, type: value.type, shape: value.shape});

/** A layer alone, its inputs given. */
function aloneNet(style, layer) {
  const net = new Net(style);
  for (const v of layer.inputs) net.inputs[v.name] = tensor(v.type, v.shape, v.data);
  return net;
}

function emit(net, layer) {
  const y = layer.output;
  if (net.form === 'QOperator' && layer.direct) return layer.direct(net, layer.name, y);
  if (net.form === 'QOperator' && layer.moved && layer.keepsQuant) {
    return layer.moved(net, layer.name, y);
  }
  net.quantized(layer.real(net, layer.name), y);
}

/** Operators by name: layers, bytes, and bytes that differ without optimisation. */
const table = new Map();

/** Chooses the scale of the layer's result, computes it, and counts what optimisation changes. */
async function settle(random, style, layer) {
  const real = aloneNet(style, layer);
  const name = layer.real(real, layer.name);
  const out = [{name, type: 'float32', shape: layer.shape}];
  const reals = (await run(real, out, 'disabled')).tensors[0];
  if (`${reals.shape}` !== `${layer.shape}`) {
    throw new Error(`${layer.label}: [${reals.shape}] in place of [${layer.shape}]`);
  }
  const quant = layer.keepsQuant ? {scale: layer.inputs[0].scale, zp: layer.inputs[0].zp} :
    fitQuant(random, style, reals.data);
  layer.output = {name: `${layer.name}_y`, type: style.type, shape: layer.shape, ...quant};
  const alone = aloneNet(style, layer);
  emit(alone, layer);
  const [all, disabled] = [(await run(alone, [port(layer.output)], 'all')).tensors[0],
    (await run(alone, [port(layer.output)], 'disabled')).tensors[0]];
  layer.output.data = all.data;
  const key = `${layer.label}, ${style.form}`;
  const row = table.get(key) ?? {layers: 0, bytes: 0, differ: 0};
  table.set(key, {layers: row.layers + 1, bytes: row.bytes + all.data.length,
    differ: row.differ + differing(all, disabled)});
}

/** A byte input, or a float one that the network quantises. */
function drawInput(random, style) {
  const shape = [random.pick([1, 1, 1, 2, 3]), random.pick([1, 2, 3, 4, 5, 8, 13, 16, 33, 64, 65]),
    random.int(1, 16), random.int(1, 16)];
  while (count(shape) > 2500) shape[random.int(2, 3)] = random.int(1, 5);
  if (random.int(0, 9) === 0) shape.splice(2, 2);
  const [low, high] = rangeOf(style.type);
  return {name: 'x', type: style.type, shape, zp: random.int(low, high),
    scale: fitScale(style.numbers, random.real(0.005, 0.1)),
    data: random.ints(count(shape), low, high)};
}

async function makeNetwork(index, attempt) {
  const random = new Random(20000 + index + 1000 * attempt);
  const style = {type: random.pick(['int8', 'int8', 'uint8']),
    form: random.int(0, 3) ? 'QDQ' : 'QOperator', share: random.int(0, 1) === 1,
    numbers: random.pick(['real', 'real', 'real', 'dyadic', 'decimal']),
    opset: random.pick([13, 15, 17, 18, 19, 21])};
  const x = drawInput(random, style);
  const realInput = random.int(0, 2) === 0;
  const values = [x];
  const layers = [];
  const wanted = random.int(2, 8);
  for (let attempt = 0; layers.length < wanted && attempt < 200; attempt++) {
    const layer = drawLayer(random, style, values);
    if (!layer || (kMovers.includes(layer.label) && layers.at(-1)?.label === layer.label)) continue;
    layer.name = `n${layers.length}`;
    await settle(random, style, layer);
    layers.push(layer);
    values.push(layer.output);
  }
  const net = new Net(style);
  if (realInput) {
    const data = x.data.map((v) =>
      f32((v - x.zp + random.pick([0, 0.5, random.real(-9, 9)])) * x.scale));
    net.inputs.input = tensor('float32', x.shape, data);
    net.quantized('input', x);
  } else {
    net.inputs.x = tensor(x.type, x.shape, x.data);
  }
  for (const layer of layers) emit(net, layer);
  const read = new Set(layers.flatMap((layer) => layer.inputs.map((v) => v.name)));
  const outputs = [];
  for (const {output} of layers) {
    if (read.has(output.name) && random.int(0, 7)) continue;
    if (read.has(output.name) || random.int(0, 2)) {
      outputs.push(port(output));
    } else {
      outputs.push({name: net.dequantized(output), type: 'float32', shape: output.shape});
    }
  }
  const all = await run(net, outputs, 'all');
  const others = {};
  for (const level of ['basic', 'disabled']) {
    const tensors = (await run(net, outputs, level)).tensors;
    others[level] = tensors.reduce((n, t, i) => n + differing(t, all.tensors[i]), 0);
  }
  const inputs = Object.entries(net.inputs).map(([name, t]) => ({name, ...t}));
  return {info: {name: `network ${index}: ${style.form}, ${style.type}, ${style.numbers} scales, ` +
      `opset ${style.opset}`, layers: layers.map((layer) => layer.label),
  inputs: inputs.map(port), outputs,
  differ_basic: others.basic, differ_disabled: others.disabled},
  parts: [all.bytes, ...inputs.map(rawBytes), ...all.tensors.map(rawBytes)]};
}

const field = (bytes) => {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(bytes.length);
  return [size, bytes];
};

if (!/avx512_vnni|avx_vnni/.test(fs.readFileSync('/proc/cpuinfo', 'utf8'))) {
  throw new Error('this processor has no VNNI: uint8 sums would saturate pair by pair');
}
const wanted = Number(process.argv[2] ?? 200);
const file = [];
let bytes = 0, refused = 0, differ = {basic: 0, disabled: 0};
for (let i = 0, attempt = 0; i < wanted;) {
  const counted = structuredClone(table);
  try {
    const {info, parts} = await makeNetwork(i, attempt);
    file.push(...field(Buffer.from(JSON.stringify(info))), ...parts.flatMap(field));
    bytes += info.outputs.reduce((n, o) => n + count(o.shape), 0);
    differ.basic += info.differ_basic;
    differ.disabled += info.differ_disabled;
    i++;
    attempt = 0;
  } catch (error) {
    // ONNX Runtime 1.30 stumbles over some Clips and Relus that its optimiser removes, and refuses
    // the graph that it made itself: another network is drawn.
    if (!/Invalid model|invalid model/.test(error.message)) throw error;
    table.clear();
    for (const [key, row] of counted) table.set(key, row);
    refused++;
    attempt++;
  }
}
const text = Buffer.concat([...field(Buffer.from(JSON.stringify({
  runtime: `onnxruntime ${ort.env.versions.node}`, networks: wanted}))), ...file]);
const packed = zlib.gzipSync(text, {level: 9});
packed[9] = 255;  // the operating system is not part of the file
fs.writeFileSync(process.argv[3] ?? kOut, packed);
console.log(`${wanted} networks, ${text.length} bytes, packed ${packed.length}; ` +
    `${bytes} results, ${differ.basic} differ with basic optimisation only, ` +
    `${differ.disabled} with none; ${refused} networks that ONNX Runtime refused were drawn again`);
console.log('| operator, form | layers | results | differ without optimisation |');
for (const [key, row] of [...table].sort()) {
  console.log(`| ${key} | ${row.layers} | ${row.bytes} | ${row.differ} |`);
}
