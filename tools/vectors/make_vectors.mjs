// Makes tests/reference/vectors/*.json with ONNX Runtime.
//
//   cd tools/vectors && npm install --ignore-scripts && node make_vectors.mjs [operator ...]
//
// Every case is computed from a fixed seed, so the files are reproducible. An operator that exists
// both as a quantised operator and as a float operator between DequantizeLinear and QuantizeLinear
// is run in both forms; a case whose two results differ stops the script.
import fs from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import * as ort from 'onnxruntime-node';
import {model, rawBytes, tensor} from './onnx_writer.mjs';
import {Random} from './random.mjs';

const kHere = path.dirname(fileURLToPath(import.meta.url));
const kOut = path.join(kHere, '../../tests/reference/vectors');
const f32 = Math.fround;

const count = (shape) => shape.reduce((a, b) => a * b, 1);
const rangeOf = (type) => (type === 'int8' ? [-128, 127] : [0, 255]);
const clampTo = (type, v) => Math.min(Math.max(v, rangeOf(type)[0]), rangeOf(type)[1]);
const middle = (type) => (type === 'int8' ? 0 : 128);

// ---- running a model ----------------------------------------------------------------------------

async function run(graph) {
  const session = await ort.InferenceSession.create(model(graph), {
    intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3,
    // Without it, ONNX Runtime on x86 leaves a QDQ Conv or MatMul of int8 activations in float.
    extra: {'session.qdqisint8allowed': '1'}});
  const feeds = {};
  for (const [name, t] of Object.entries(graph.inputs)) {
    feeds[name] = new ort.Tensor(t.type, t.data, t.shape);
  }
  const result = (await session.run(feeds))[graph.output.name];
  await session.release();
  return tensor(result.type, [...result.dims], result.data);
}

const scalar = (type, value) => tensor(type, [], [value]);

/** Accumulates the parts of a graph. */
class Graph {
  constructor() { this.inputs = {}; this.constants = {}; this.nodes = []; }
  node(op, inputs, output, attrs = {}, domain = '') {
    this.nodes.push({op, inputs, outputs: [output], attrs, domain});
    return output;
  }
  /** Scale and zero point of `name` as two constants. */
  quant(name, quant, type) {
    this.constants[`${name}_scale`] = scalar('float32', quant.scale);
    this.constants[`${name}_zp`] = scalar(type, quant.zp);
    return [`${name}_scale`, `${name}_zp`];
  }
  dequantized(name, attrs = {}) {
    const inputs = [name, `${name}_scale`, `${name}_zp`];
    return this.node('DequantizeLinear', inputs, `${name}_real`, attrs);
  }
  quantized(real) {
    return this.node('QuantizeLinear', [real, 'y_scale', 'y_zp'], 'y');
  }
  run(type, rank) {
    return run({...this, output: {name: 'y', type, rank}});
  }
}

function same(name, a, b) {
  if (Buffer.compare(rawBytes(a), rawBytes(b)) !== 0) {
    const at = a.data.findIndex((v, i) => v !== b.data[i]);
    throw new Error(`${name}: the two forms differ at ${at}: ${a.data[at]} and ${b.data[at]}`);
  }
}

// ---- files --------------------------------------------------------------------------------------

const encode = (t) => ({type: t.type, shape: t.shape, data: rawBytes(t).toString('base64')});

class VectorFile {
  constructor(op) { this.op = op; this.cases = []; }
  add(name, fields, tensors) {
    this.cases.push({name, ...fields,
      tensors: Object.fromEntries(Object.entries(tensors).map(([k, t]) => [k, encode(t)]))});
  }
  write() {
    const lines = this.cases.map((c) => JSON.stringify(c)).join(',\n');
    const text = `{"operator":"${this.op}","runtime":"onnxruntime ${ort.env.versions.node}",` +
        `"cases":[\n${lines}\n]}\n`;
    fs.writeFileSync(path.join(kOut, `${this.op}.json`), text);
    console.log(`${this.op}: ${this.cases.length} cases, ${text.length} bytes`);
  }
}

// ---- convolution and matrix product -------------------------------------------------------------

/**
 * How the values of a case are drawn. `k` is the length of the reduction, `n` the number of output
 * channels. Returns {x, w, bias: low/high of the values, xScale, wScale[], yScale}.
 */
function drawNumbers(style, random, type, k, n, perChannel) {
  const draw = (count_, f) => Array.from({length: count_}, f);
  const channels = perChannel ? n : 1;
  const offset = middle(type);
  switch (style) {
    case 'half': {  // small sums times 1/2: every second one is a tie
      return {x: () => offset + random.int(-9, 9), w: () => random.int(-1, 1),
        bias: () => random.int(-60, 60), xScale: 0.5, yScale: 0.25,
        wScale: draw(channels, () => 0.25)};
    }
    case 'coarse': {  // sums are multiples of 64, times 1/128 or 3/128
      return {x: () => offset + random.int(-12, 12), w: () => random.pick([-64, 0, 64]),
        bias: () => 64 * random.int(-90, 90), xScale: 0.125, yScale: 1,
        wScale: draw(channels, () => random.pick([0.0625, 0.1875]))};
    }
    case 'wide': {  // bias near a tie of 2^-20, above 2^24: the conversion to float32 decides
      return {x: () => offset + random.int(-1, 1), w: () => random.int(-1, 1),
        bias: () => (2 * random.int(-126, 126) + 1) * 2 ** 19 + random.int(-3, 3),
        xScale: 2 ** -5, yScale: 2 ** 5, wScale: draw(channels, () => 2 ** -10)};
    }
    case 'decimal': {  // ties of real numbers that float32 only nearly holds: the order decides
      const half = random.pick([3, 5, 7, 11]);
      return {x: () => offset + random.int(-12, 12), w: () => random.int(-1, 1) * half,
        bias: () => half * random.int(-90, 90), xScale: random.pick([0.1, 0.3, 0.7]),
        yScale: f32(random.pick([0.1, 0.3, 0.7]) * 2 * half),
        wScale: draw(channels, () => random.pick([0.1, 0.3, 0.7]))};
    }
    case 'wide decimal': {  // as wide, with a scale that is no power of two
      const third = random.pick([3, 5, 7]);
      return {x: () => offset + random.int(-9, 9), w: () => random.int(-1, 1),
        bias: () => (2 * random.int(-60, 60) + 1) * third * 2 ** 18 + random.int(-9, 9),
        xScale: 2 ** -5, yScale: 2 ** 5 * third, wScale: draw(channels, () => 2 ** -9)};
    }
    case 'saturate': {
      const spread = 74 * 74 * Math.sqrt(k) / 500;
      return {x: () => random.int(...rangeOf(type)), w: () => random.int(-128, 127),
        bias: () => random.int(-4000, 4000), xScale: 0.02, yScale: f32(0.0002 * spread),
        wScale: draw(channels, () => random.real(0.005, 0.015))};
    }
    default: {  // as a trained network would have it
      const spread = 74 * 74 * Math.sqrt(k) / 45;
      return {x: () => random.int(...rangeOf(type)), w: () => random.int(-127, 127),
        bias: () => random.int(-20000, 20000), xScale: random.real(0.005, 0.1),
        yScale: random.real(0.0003, 0.0006) * spread,
        wScale: draw(channels, () => random.real(0.003, 0.015))};
    }
  }
}

const kConvShapes = [
  // name, batch, channels, height, width, filters, kernel, stride, pads, dilation, groups
  ['1x1', 1, 8, 5, 5, 8, [1, 1], [1, 1], [0, 0, 0, 0], [1, 1], 1],
  ['1x1 one channel', 2, 1, 4, 7, 1, [1, 1], [1, 1], [0, 0, 0, 0], [1, 1], 1],
  ['1x1 65 channels', 1, 65, 3, 3, 5, [1, 1], [1, 1], [0, 0, 0, 0], [1, 1], 1],
  ['1x1 stride 2', 1, 16, 7, 6, 4, [1, 1], [2, 2], [0, 0, 0, 0], [1, 1], 1],
  ['3x3 same', 1, 3, 8, 8, 6, [3, 3], [1, 1], [1, 1, 1, 1], [1, 1], 1],
  ['3x3 65 to 3', 1, 65, 5, 4, 3, [3, 3], [1, 1], [1, 1, 1, 1], [1, 1], 1],
  ['3x3 stride 2', 2, 4, 9, 7, 5, [3, 3], [2, 2], [1, 1, 1, 1], [1, 1], 1],
  ['3x3 asymmetric pad', 1, 5, 6, 6, 7, [3, 3], [1, 1], [0, 2, 1, 0], [1, 1], 1],
  ['3x3 asymmetric pad, stride 3x2', 1, 3, 10, 9, 4, [3, 3], [3, 2], [2, 0, 0, 1], [1, 1], 1],
  ['3x3 dilation 2', 1, 4, 9, 9, 4, [3, 3], [1, 1], [2, 2, 2, 2], [2, 2], 1],
  ['3x2 dilation 4x3, stride 2', 1, 3, 13, 11, 3, [3, 2], [2, 2], [1, 3, 4, 0], [4, 3], 1],
  ['depthwise 3x3', 1, 8, 6, 6, 8, [3, 3], [1, 1], [1, 1, 1, 1], [1, 1], 8],
  ['2 groups 3x3', 1, 6, 6, 5, 4, [3, 3], [1, 1], [1, 0, 1, 0], [1, 1], 2],
  ['5 groups 1x1', 1, 10, 3, 5, 15, [1, 1], [1, 1], [0, 0, 0, 0], [1, 1], 5],
  ['kernel larger than the image', 1, 4, 2, 3, 5, [5, 5], [1, 1], [2, 2, 2, 2], [1, 1], 1],
  ['11x11 on 3x3', 1, 2, 3, 3, 3, [11, 11], [1, 1], [5, 4, 4, 5], [1, 1], 1],
  ['7x7 stride 2', 1, 3, 14, 14, 8, [7, 7], [2, 2], [3, 3, 3, 3], [1, 1], 1],
  ['1x7', 1, 7, 3, 9, 5, [1, 7], [1, 1], [0, 3, 0, 3], [1, 1], 1],
  ['7x1 stride 4x1', 1, 7, 12, 2, 5, [7, 1], [4, 1], [3, 0, 2, 0], [1, 1], 1],
  ['one pixel', 1, 13, 1, 1, 11, [3, 3], [1, 1], [1, 1, 1, 1], [1, 1], 1],
  ['no pad 4x4', 1, 3, 7, 7, 65, [4, 4], [3, 3], [0, 0, 0, 0], [1, 1], 1],
];

async function convolution() {
  const file = new VectorFile('qlinear_conv');
  const styles = ['trained', 'half', 'coarse', 'saturate', 'wide', 'decimal', 'wide decimal'];
  let index = 0;
  for (const [shapeIndex, shape] of kConvShapes.entries()) {
    for (let turn = 0; turn < 4; turn++, index++) {
      const [label, b, c, h, wd, m, kernel, strides, pads, dilations, group] = shape;
      const random = new Random(1000 + index);
      const type = index % 5 === 3 ? 'uint8' : 'int8';
      const style = turn === 0 ? 'trained' : styles[1 + (shapeIndex * 3 + turn) % 6];
      const perChannel = index % 5 !== 2;
      const withBias = style.startsWith('wide') || index % 6 !== 4;
      const k = c / group * kernel[0] * kernel[1];
      const numbers = drawNumbers(style, random, type, k, m, perChannel);
      const symmetric = style !== 'trained' && style !== 'saturate';
      const xQuant = {scale: f32(numbers.xScale),
        zp: symmetric ? middle(type) + random.int(-2, 2) : random.int(...rangeOf(type))};
      const yQuant = {scale: f32(numbers.yScale),
        zp: clampTo(type, middle(type) + random.pick([0, 0, 1, -3, 17, -40, 127, -128]))};
      const xShape = [b, c, h, wd];
      const wShape = [m, c / group, ...kernel];
      const x = tensor(type, xShape, Array.from({length: count(xShape)}, numbers.x));
      const w = tensor('int8', wShape, Array.from({length: count(wShape)}, numbers.w));
      const wScale = tensor('float32', perChannel ? [m] : [], numbers.wScale);
      const wZp = tensor('int8', wScale.shape, numbers.wScale.map(() => 0));
      const bias = withBias ? tensor('int32', [m], Array.from({length: m}, numbers.bias)) : null;
      const attrs = {kernel_shape: kernel, strides, pads, dilations, group};
      const prepare = () => {
        const g = new Graph();
        g.inputs.x = x;
        g.constants.w = w;
        g.constants.w_scale = wScale;
        g.constants.w_zp = wZp;
        g.quant('x', xQuant, type);
        g.quant('y', yQuant, type);
        if (bias) g.constants.bias = bias;
        return g;
      };
      const direct = prepare();
      direct.node('QLinearConv', ['x', 'x_scale', 'x_zp', 'w', 'w_scale', 'w_zp', 'y_scale', 'y_zp',
        ...(bias ? ['bias'] : [])], 'y', attrs);
      const y = await direct.run(type, 4);
      const name = `${label}, ${style}, ${type}`;
      const qdq = prepare();
      const inputs = [qdq.dequantized('x'), qdq.dequantized('w', perChannel ? {axis: 0} : {})];
      if (bias) {
        qdq.constants.bias_scale =
            tensor('float32', wScale.shape, wScale.data.map((s) => f32(xQuant.scale * s)));
        qdq.constants.bias_zp = tensor('int32', wScale.shape, wScale.data.map(() => 0));
        inputs.push(qdq.dequantized('bias', perChannel ? {axis: 0} : {}));
      }
      qdq.node('Conv', inputs, 'y_real', attrs);
      qdq.quantized('y_real');
      same(name, y, await qdq.run(type, 4));
      file.add(name, {style, pads, strides, dilations, groups: group, x_scale: xQuant.scale,
        x_zp: xQuant.zp, y_scale: yQuant.scale, y_zp: yQuant.zp, w_scale: [...wScale.data]},
      {x, w, ...(bias ? {bias} : {}), y});
    }
  }
  file.write();
}

const kMatmulShapes = [
  [1, 1, 1], [1, 64, 10], [31, 32, 31], [7, 65, 3], [5, 127, 17], [16, 16, 16], [3, 200, 9],
  [64, 3, 5], [2, 513, 4], [13, 11, 65], [1, 256, 33], [9, 1, 8],
];

async function matrixProduct() {
  const file = new VectorFile('qlinear_matmul');
  const styles = ['trained', 'half', 'coarse', 'saturate', 'wide', 'decimal', 'wide decimal'];
  for (const [shapeIndex, [m, k, n]] of kMatmulShapes.entries()) {
    for (let turn = 0; turn < styles.length; turn++) {
      const index = shapeIndex * styles.length + turn;
      const random = new Random(2000 + index);
      const style = styles[turn];
      const type = index % 4 === 3 ? 'uint8' : 'int8';
      const perColumn = index % 3 !== 1;
      const withBias = style.startsWith('wide') || index % 2 === 1;
      const numbers = drawNumbers(style, random, type, k, n, perColumn);
      const aQuant = {scale: f32(numbers.xScale), zp: turn === 0 || style === 'saturate' ?
        random.int(...rangeOf(type)) : middle(type) + random.int(-2, 2)};
      const yQuant = {scale: f32(numbers.yScale),
        zp: clampTo(type, middle(type) + random.pick([0, 1, -3, 17, -40, 127, -128]))};
      const a = tensor(type, [m, k], Array.from({length: m * k}, numbers.x));
      const b = tensor('int8', [k, n], Array.from({length: k * n}, numbers.w));
      const bScale = tensor('float32', perColumn ? [n] : [], numbers.wScale);
      const bZp = tensor('int8', bScale.shape, numbers.wScale.map(() => 0));
      const bias = withBias ? tensor('int32', [n], Array.from({length: n}, numbers.bias)) : null;
      const prepare = () => {
        const g = new Graph();
        g.inputs.a = a;
        g.constants.b = b;
        g.constants.b_scale = bScale;
        g.constants.b_zp = bZp;
        g.quant('a', aQuant, type);
        g.quant('y', yQuant, type);
        if (bias) {
          g.constants.bias = bias;
          g.constants.bias_scale =
              tensor('float32', bScale.shape, bScale.data.map((s) => f32(aQuant.scale * s)));
          g.constants.bias_zp = tensor('int32', bScale.shape, bScale.data.map(() => 0));
        }
        return g;
      };
      const direct = prepare();
      if (bias) {
        direct.node('QGemm', ['a', 'a_scale', 'a_zp', 'b', 'b_scale', 'b_zp', 'bias', 'y_scale',
          'y_zp'], 'y', {alpha: new Float32Array([1])}, 'com.microsoft');
      } else {
        direct.node('QLinearMatMul',
            ['a', 'a_scale', 'a_zp', 'b', 'b_scale', 'b_zp', 'y_scale', 'y_zp'], 'y');
      }
      const y = await direct.run(type, 2);
      const name = `${m}x${k}x${n}, ${style}, ${type}${bias ? ', bias' : ''}`;
      const qdq = prepare();
      const inputs = [qdq.dequantized('a'), qdq.dequantized('b', perColumn ? {axis: 1} : {})];
      if (bias) inputs.push(qdq.dequantized('bias', perColumn ? {axis: 0} : {}));
      qdq.node(bias ? 'Gemm' : 'MatMul', inputs, 'y_real');
      qdq.quantized('y_real');
      same(name, y, await qdq.run(type, 2));
      file.add(name, {style, a_scale: aQuant.scale, a_zp: aQuant.zp, y_scale: yQuant.scale,
        y_zp: yQuant.zp, b_scale: [...bScale.data]}, {a, b, ...(bias ? {bias} : {}), y});
    }
  }
  file.write();

  const dynamic = new VectorFile('qlinear_matmul_dynamic');
  const shapes = [[[4, 7], [7, 5]], [[2, 3, 16], [2, 16, 9]], [[1, 2, 8, 65], [1, 2, 65, 8]],
    [[3, 1, 33], [3, 33, 1]]];
  for (let index = 0; index < 40; index++) {
    const random = new Random(2500 + index);
    const type = index % 2 ? 'uint8' : 'int8';
    const [aShape, bShape] = shapes[index % shapes.length];
    const tie = index % 3 === 0;
    const draw = () => (tie ? middle(type) + random.int(-3, 3) : random.int(...rangeOf(type)));
    const zero = () => (tie ? middle(type) + random.int(-1, 1) : random.int(...rangeOf(type)));
    const aQuant = {scale: tie ? 0.5 : random.real(0.01, 0.1), zp: zero()};
    const bQuant = {scale: tie ? 0.25 : random.real(0.01, 0.1), zp: zero()};
    const k = aShape.at(-1);
    const yQuant = {scale: tie ? 0.25 : f32(aQuant.scale * bQuant.scale * 100 * Math.sqrt(k) *
        random.pick([1, 1, 0.2])), zp: clampTo(type, middle(type) + random.int(-30, 30))};
    const g = new Graph();
    g.inputs.a = tensor(type, aShape, Array.from({length: count(aShape)}, draw));
    g.inputs.b = tensor(type, bShape, Array.from({length: count(bShape)}, draw));
    g.quant('a', aQuant, type);
    g.quant('b', bQuant, type);
    g.quant('y', yQuant, type);
    g.node('QLinearMatMul',
        ['a', 'a_scale', 'a_zp', 'b', 'b_scale', 'b_zp', 'y_scale', 'y_zp'], 'y');
    const y = await g.run(type, aShape.length);
    dynamic.add(`[${aShape}] x [${bShape}], ${type}${tie ? ', ties' : ''}`, {a_scale: aQuant.scale,
      a_zp: aQuant.zp, b_scale: bQuant.scale, b_zp: bQuant.zp, y_scale: yQuant.scale,
      y_zp: yQuant.zp}, {...g.inputs, y});
  }
  dynamic.write();
}

// ---- elementwise --------------------------------------------------------------------------------

const kBroadcasts = [
  [[1, 3, 5, 7], [1, 3, 5, 7]], [[2, 65], [2, 65]], [[4, 6, 3], [1]], [[1], [37]],
  [[2, 3, 4, 5], [1, 3, 1, 1]], [[129], [129]], [[3, 1, 5], [1, 4, 1]], [[7, 9], [9]],
  [[2, 33, 31], [2, 33, 31]], [[3, 41, 1], [3, 1, 1]], [[2, 67, 1], [1, 67, 1]],
];

/** Add and Mul: the direct operator and the QDQ form. */
async function binary(op, fileName) {
  const file = new VectorFile(fileName);
  for (let index = 0; index < 77; index++) {
    const random = new Random((op === 'Add' ? 3000 : 4000) + index);
    const type = index % 4 === 2 ? 'uint8' : 'int8';
    const pairs = index < 3;  // every pair of bytes
    const [low, high] = rangeOf(type);
    const [aShape, bShape] = pairs ? [[256, 1], [1, 256]] : kBroadcasts[index % kBroadcasts.length];
    const tie = index % 3 === 1;
    const decimal = index === 2 || index % 3 === 2;  // near ties: the order of operations decides
    const saturate = index % 6 === 4 && !decimal;
    const draw = (shape) => (pairs ? Array.from({length: 256}, (_, i) => low + i) :
      random.ints(count(shape), low, high));
    const a = tensor(type, aShape, draw(aShape));
    const b = tensor(type, bShape, draw(bShape));
    const zero = () => random.int(low, high);
    const aQuant = {scale: tie ? random.pick([0.5, 0.25, 0.75]) : random.real(0.01, 0.1),
      zp: zero()};
    const bQuant = {scale: tie ? random.pick([0.5, 0.25, 1.5]) : random.real(0.01, 0.1),
      zp: zero()};
    let yScale = tie ? 1 : random.real(0.05, 0.2);
    if (decimal) {
      const parts = random.pick([6, 10, 14, 22]);  // ratios of 1/parts, 3/parts, ...
      aQuant.scale = f32(0.1 * random.pick([1, 3, 5, 7]));
      bQuant.scale = f32(0.1 * random.pick([1, 3, 5, 7]));
      yScale = op === 'Add' ? f32(0.1 * parts) : f32(aQuant.scale * bQuant.scale * parts);
    } else if (op === 'Mul') {
      yScale = tie ? 8 * aQuant.scale * bQuant.scale :
        f32(aQuant.scale * bQuant.scale * random.real(40, 90));
    }
    const yQuant = {scale: f32(saturate ? yScale / 8 : yScale), zp: zero()};
    const prepare = () => {
      const g = new Graph();
      g.inputs.a = a;
      g.inputs.b = b;
      g.quant('a', aQuant, type);
      g.quant('b', bQuant, type);
      g.quant('y', yQuant, type);
      return g;
    };
    const rank = Math.max(aShape.length, bShape.length);
    const direct = prepare();
    direct.node(`QLinear${op}`, ['a', 'a_scale', 'a_zp', 'b', 'b_scale', 'b_zp', 'y_scale', 'y_zp'],
        'y', {}, 'com.microsoft');
    const y = await direct.run(type, rank);
    const name = `[${aShape}] and [${bShape}], ${type}${tie ? ', ties' : ''}` +
        `${decimal ? ', near ties' : ''}${saturate ? ', saturating' : ''}`;
    const qdq = prepare();
    qdq.node(op, [qdq.dequantized('a'), qdq.dequantized('b')], 'y_real');
    qdq.quantized('y_real');
    same(name, y, await qdq.run(type, rank));
    file.add(name, {...(decimal ? {near_ties: true} : {}), a_scale: aQuant.scale, a_zp: aQuant.zp,
      b_scale: bQuant.scale, b_zp: bQuant.zp, y_scale: yQuant.scale, y_zp: yQuant.zp}, {a, b, y});
  }
  file.write();
}

async function quantize() {
  const file = new VectorFile('quantize_linear');
  for (let index = 0; index < 44; index++) {
    const random = new Random(5000 + index);
    const type = index % 2 ? 'uint8' : 'int8';
    const tie = index % 3 === 0;
    const scale = index % 6 === 0 ? 2 ** random.int(-9, 3) : random.real(0.001, 0.3);
    const yQuant = {scale, zp: random.int(...rangeOf(type))};
    const values = [0, -0, Infinity, -Infinity, 1e30, -1e30, 1e-40, -1e-40, 3.4e38];
    for (let i = 0; i < 150; i++) {
      values.push(tie ? (random.int(-160, 160) + 0.5) * scale : random.real(-180, 180) * scale);
    }
    const g = new Graph();
    g.inputs.x = tensor('float32', [values.length], values);
    g.quant('y', yQuant, type);
    g.quantized('x');
    const y = await g.run(type, 1);
    file.add(`${type}, scale ${scale}, zero point ${yQuant.zp}${tie ? ', ties' : ''}`,
        {y_scale: yQuant.scale, y_zp: yQuant.zp}, {x: g.inputs.x, y});
  }
  file.write();
}

async function dequantize() {
  const file = new VectorFile('dequantize_linear');
  for (let index = 0; index < 42; index++) {
    const random = new Random(6000 + index);
    const type = index % 2 ? 'uint8' : 'int8';
    const [low] = rangeOf(type);
    const quant = {scale: index % 5 === 4 ? f32(1e-38) : random.real(0.0001, 7),
      zp: random.int(...rangeOf(type))};
    const all = index < 4;
    const values = all ? Array.from({length: 256}, (_, i) => low + i) :
      random.ints(33, ...rangeOf(type));
    const g = new Graph();
    g.inputs.x = tensor(type, [values.length], values);
    g.quant('x', quant, type);
    g.node('DequantizeLinear', ['x', 'x_scale', 'x_zp'], 'y');
    const y = await g.run('float32', 1);
    file.add(`${type}, scale ${quant.scale}, zero point ${quant.zp}`,
        {x_scale: quant.scale, x_zp: quant.zp}, {x: g.inputs.x, y});
  }
  file.write();
}

/** Relu and Clip between DequantizeLinear and QuantizeLinear. */
async function clip() {
  for (const op of ['Relu', 'Clip']) {
    const file = new VectorFile(op === 'Relu' ? 'qlinear_relu' : 'qlinear_clip');
    for (let index = 0; index < 44; index++) {
      const random = new Random((op === 'Relu' ? 7000 : 7500) + index);
      const type = index % 2 ? 'uint8' : 'int8';
      const [low, high] = rangeOf(type);
      const tie = index % 3 === 0;
      const decimal = index % 3 === 1;
      const xQuant = {scale: tie ? 0.25 : random.real(0.01, 0.1), zp: random.int(low, high)};
      const ratio = decimal ? random.pick([2, 6 / 5, 10 / 7, 14 / 3]) : random.real(0.4, 2.5);
      const yQuant = {scale: tie ? 0.5 : f32(xQuant.scale * ratio),
        zp: index % 4 === 0 ? low : random.int(low, high)};
      const limits = op === 'Relu' ? null :
        [random.real(-40, 10) * xQuant.scale, random.real(11, 90) * xQuant.scale].map(f32);
      if (limits && index % 5 === 0) limits[0] = 0;
      if (limits && index % 5 === 0) limits[1] = 6;
      const g = new Graph();
      g.inputs.x = tensor(type, [256], Array.from({length: 256}, (_, i) => low + i));
      g.quant('x', xQuant, type);
      g.quant('y', yQuant, type);
      const inputs = [g.dequantized('x')];
      if (limits) {
        g.constants.low = scalar('float32', limits[0]);
        g.constants.high = scalar('float32', limits[1]);
        inputs.push('low', 'high');
      }
      g.node(op, inputs, 'y_real');
      g.quantized('y_real');
      const y = await g.run(type, 1);
      file.add(`${type}, ${xQuant.scale} to ${yQuant.scale}${tie ? ', ties' : ''}`,
          {x_scale: xQuant.scale, x_zp: xQuant.zp, y_scale: yQuant.scale, y_zp: yQuant.zp,
            ...(limits ? {low: limits[0], high: limits[1]} : {})}, {x: g.inputs.x, y});
    }
    file.write();
  }
}

// ---- pooling ------------------------------------------------------------------------------------

const kPoolShapes = [
  // shape, kernel, strides, pads, ceil_mode
  [[1, 3, 8, 8], [2, 2], [2, 2], [0, 0, 0, 0], 0],
  [[1, 5, 9, 7], [3, 3], [2, 2], [1, 1, 1, 1], 0],
  [[2, 2, 7, 7], [3, 2], [1, 2], [1, 0, 2, 1], 0],
  [[1, 65, 4, 4], [3, 3], [1, 1], [1, 1, 1, 1], 0],
  [[1, 1, 6, 9], [1, 4], [1, 3], [0, 2, 0, 1], 0],
  [[1, 4, 7, 8], [3, 3], [2, 2], [0, 0, 0, 0], 1],
  [[1, 3, 5, 5], [5, 5], [1, 1], [0, 0, 0, 0], 0],
];

function drawPooled(random, type, shape, tie) {
  const [low, high] = rangeOf(type);
  return tensor(type, shape, random.ints(count(shape), tie ? middle(type) - 9 : low,
      tie ? middle(type) + 9 : high));
}

async function maxPool() {
  const file = new VectorFile('max_pool');
  for (let index = 0; index < 42; index++) {
    const random = new Random(8000 + index);
    const type = index % 2 ? 'uint8' : 'int8';
    const [shape, kernel, strides, pads, ceilMode] = kPoolShapes[index % kPoolShapes.length];
    const dilations = index % 4 === 1 && index % kPoolShapes.length < 4 ? [2, 1] : [1, 1];
    const g = new Graph();
    g.inputs.x = drawPooled(random, type, shape, false);
    g.node('MaxPool', ['x'], 'y', {kernel_shape: kernel, strides, pads, dilations,
      ceil_mode: ceilMode});
    const y = await g.run(type, 4);
    file.add(`[${shape}], ${kernel}, stride ${strides}, ${type}`,
        {kernel, strides, pads, dilations, ceil_mode: ceilMode}, {x: g.inputs.x, y});
  }
  file.write();
}

/** AveragePool and GlobalAveragePool: the direct operator and the QDQ form. */
async function averagePool() {
  for (const op of ['AveragePool', 'GlobalAveragePool']) {
    const global = op === 'GlobalAveragePool';
    const file = new VectorFile(global ? 'qlinear_global_average_pool' : 'qlinear_average_pool');
    for (let index = 0; index < 60; index++) {
      const random = new Random((global ? 9500 : 9000) + index);
      const type = index % 3 === 1 ? 'uint8' : 'int8';
      const tie = index % 2 === 1;
      let [shape, kernel, strides, pads, ceilMode] = kPoolShapes[index % kPoolShapes.length];
      if (global) {
        shape = [[1, 3, 4, 4], [1, 65, 2, 1], [1, 9, 8, 8], [2, 65, 7, 7], [1, 129, 3, 3],
          [1, 129, 5, 3]][(index >> 1) % 6];
      }
      const includePad = index % 2;
      const xQuant = {scale: tie ? 0.5 : random.real(0.01, 0.1),
        zp: tie ? middle(type) + random.int(-4, 4) : random.int(...rangeOf(type))};
      // In the global form a tie is a sum that is odd, times 1/2. Near ties come from decimals.
      const decimal = index % 4 === 2;
      const cells = global ? shape[2] * shape[3] : kernel[0] * kernel[1];
      const tieScale = global ? 1 / (shape[2] * shape[3]) : random.pick([0.5, 0.25, 0.125]);
      const real = decimal ? 2 * random.pick([1, 3, 5]) / cells : random.real(0.1, 1.3);
      const yQuant = {scale: f32(tie ? tieScale : xQuant.scale * real),
        zp: random.int(...rangeOf(type))};
      const attrs = global ? {} : {kernel_shape: kernel, strides, pads, ceil_mode: ceilMode,
        count_include_pad: includePad};
      const prepare = () => {
        const g = new Graph();
        g.inputs.x = drawPooled(new Random(9900 + index), type, shape, tie);
        g.quant('x', xQuant, type);
        g.quant('y', yQuant, type);
        return g;
      };
      const direct = prepare();
      direct.node(`QLinear${op}`, ['x', 'x_scale', 'x_zp', 'y_scale', 'y_zp'], 'y',
          {...attrs, channels_last: 0}, 'com.microsoft');
      const y = await direct.run(type, 4);
      const name = `[${shape}]${global ? '' : `, ${kernel}, stride ${strides}`}, ${type}` +
          `${tie ? ', ties' : ''}`;
      const qdq = prepare();
      qdq.node(op, [qdq.dequantized('x')], 'y_real', attrs);
      qdq.quantized('y_real');
      same(name, y, await qdq.run(type, 4));
      file.add(name, {...(global ? {} : {kernel, strides, pads, ceil_mode: ceilMode,
        count_include_pad: includePad}), x_scale: xQuant.scale, x_zp: xQuant.zp,
      y_scale: yQuant.scale, y_zp: yQuant.zp}, {x: direct.inputs.x, y});
    }
    file.write();
  }
}

// ---- fused layers -------------------------------------------------------------------------------

/** Convolution, add of a second tensor, Relu or Clip: what one command of the chip computes. */
async function residual() {
  const file = new VectorFile('conv_add_clamp');
  const shapes = [[1, 4, 5, 5, 4, 3], [2, 9, 4, 6, 7, 1], [1, 65, 3, 3, 8, 3], [1, 3, 6, 2, 65, 1]];
  for (let index = 0; index < 48; index++) {
    const random = new Random(10000 + index);
    const type = index % 4 === 3 ? 'uint8' : 'int8';
    const [low, high] = rangeOf(type);
    const [b, c, h, wd, m, size] = shapes[index % shapes.length];
    const tail = ['none', 'relu', 'clip'][index % 3];
    const tie = index % 5 === 1;
    const numbers = drawNumbers(tie ? 'half' : 'trained', random, type, c * size * size, m, true);
    const zero = () => (tie ? middle(type) + random.int(-2, 2) : random.int(low, high));
    const quants = {
      x: {scale: f32(numbers.xScale), zp: zero()},
      t: {scale: f32(numbers.yScale), zp: clampTo(type, middle(type) + random.int(-40, 40))},
      z: {scale: f32(tie ? 0.5 : numbers.yScale * random.real(0.3, 2)), zp: zero()},
      y: {scale: f32(tie ? 0.5 : numbers.yScale * random.real(0.7, 1.6)),
        zp: tail === 'relu' ? low : clampTo(type, middle(type) + random.int(-60, 60))},
    };
    const pad = (size - 1) / 2;
    const attrs = {kernel_shape: [size, size], strides: [1, 1], pads: [pad, pad, pad, pad],
      dilations: [1, 1], group: 1};
    const draw = (shape, f) => Array.from({length: count(shape)}, f);
    const x = tensor(type, [b, c, h, wd], draw([b, c, h, wd], numbers.x));
    const z = tensor(type, [b, m, h, wd], random.ints(b * m * h * wd, low, high));
    const w = tensor('int8', [m, c, size, size], draw([m, c, size, size], numbers.w));
    const bias = tensor('int32', [m], draw([m], numbers.bias));
    const range = tail === 'clip' ? [quants.y.zp - random.int(0, 20), quants.y.zp +
      random.int(10, 60)].map((v) => clampTo(type, v)) : [low, high];
    const prepare = () => {
      const g = new Graph();
      g.inputs = {x, z};
      g.constants = {w, bias, w_scale: tensor('float32', [m], numbers.wScale),
        w_zp: tensor('int8', [m], numbers.wScale.map(() => 0))};
      for (const [name, quant] of Object.entries(quants)) g.quant(name, quant, type);
      return g;
    };
    const clipped = (g, name) => {
      g.constants.low = scalar('float32', (range[0] - quants.y.zp) * quants.y.scale);
      g.constants.high = scalar('float32', (range[1] - quants.y.zp) * quants.y.scale);
      g.constants[`${name}_scale`] = g.constants.y_scale;
      g.constants[`${name}_zp`] = g.constants.y_zp;
      g.node('Clip', [g.dequantized(name), 'low', 'high'], 'clip_real');
      g.quantized('clip_real');
    };
    const direct = prepare();
    direct.node('QLinearConv', ['x', 'x_scale', 'x_zp', 'w', 'w_scale', 'w_zp', 't_scale', 't_zp',
      'bias'], 't', attrs);
    const sum = tail === 'clip' ? 's' : 'y';  // Relu is the saturation at a zero point of qmin
    direct.node('QLinearAdd', ['t', 't_scale', 't_zp', 'z', 'z_scale', 'z_zp', 'y_scale', 'y_zp'],
        sum, {}, 'com.microsoft');
    if (tail === 'clip') clipped(direct, 's');
    const y = await direct.run(type, 4);
    const qdq = prepare();
    qdq.constants.bias_scale =
        tensor('float32', [m], numbers.wScale.map((s) => f32(quants.x.scale * f32(s))));
    qdq.constants.bias_zp = tensor('int32', [m], numbers.wScale.map(() => 0));
    qdq.node('Conv', [qdq.dequantized('x'), qdq.dequantized('w', {axis: 0}),
      qdq.dequantized('bias', {axis: 0})], 'c', attrs);
    qdq.node('QuantizeLinear', ['c', 't_scale', 't_zp'], 't');
    qdq.node('Add', [qdq.dequantized('t'), qdq.dequantized('z')], 'sum');
    if (tail === 'relu') qdq.node('Relu', ['sum'], 'relu');
    qdq.node('QuantizeLinear', [tail === 'relu' ? 'relu' : 'sum', 'y_scale', 'y_zp'], sum);
    if (tail === 'clip') clipped(qdq, 's');
    const name = `[${x.shape}] to ${m}, ${size}x${size}, ${tail}, ${type}${tie ? ', ties' : ''}`;
    same(name, y, await qdq.run(type, 4));
    const fields = {};
    for (const [key, quant] of Object.entries(quants)) {
      fields[`${key}_scale`] = quant.scale;
      fields[`${key}_zp`] = quant.zp;
    }
    file.add(name, {pads: attrs.pads, strides: attrs.strides, dilations: attrs.dilations, groups: 1,
      range, ...fields, w_scale: [...direct.constants.w_scale.data]}, {x, z, w, bias, y});
  }
  file.write();
}

// ---- all ----------------------------------------------------------------------------------------

if (!/avx512_vnni|avx_vnni/.test(fs.readFileSync('/proc/cpuinfo', 'utf8'))) {
  throw new Error('this processor has no VNNI: uint8 sums would saturate pair by pair');
}
const makers = {conv: convolution, matmul: matrixProduct, add: () => binary('Add', 'qlinear_add'),
  mul: () => binary('Mul', 'qlinear_mul'), quantize, dequantize, clip, max_pool: maxPool,
  average_pool: averagePool, residual};
const chosen = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(makers);
let failed = false;
for (const name of chosen) {
  try {
    await makers[name]();
  } catch (error) {
    console.error(`${name}: ${error.message}`);
    failed = true;
  }
}
process.exitCode = failed ? 1 : 0;
