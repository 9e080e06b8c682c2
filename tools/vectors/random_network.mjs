// Random quantised networks: layers that are drawn one after the other, each on what is there.
//
// A value is {name, type, shape, scale, zp, data}: bytes of one scale. A layer is {label, inputs,
// output, emit}; emit(net) writes its nodes, so that it can stand in a network or alone.
import {tensor} from './onnx_writer.mjs';

export const f32 = Math.fround;
export const count = (shape) => shape.reduce((a, b) => a * b, 1);
export const rangeOf = (type) => (type === 'int8' ? [-128, 127] : [0, 255]);
export const clampTo = (type, v) => Math.min(Math.max(v, rangeOf(type)[0]), rangeOf(type)[1]);
const scalar = (type, value) => tensor(type, [], [value]);

/** The parts of a model while it is written. */
export class Net {
  constructor(style) {
    this.form = style.form;
    this.share = style.share;  // one DequantizeLinear for all readers of a value
    this.opset = style.opset;
    this.inputs = {};
    this.constants = {};
    this.nodes = [];
    this.made = 0;
    this.reals = new Map();
  }
  node(op, inputs, output, attrs = {}, domain = '') {
    this.nodes.push({op, name: `make_${output}`, inputs, outputs: [output], attrs, domain});
    return output;
  }
  constant(name, t) {
    this.constants[name] = t;
    return name;
  }
  quant(value) {
    return [this.constant(`${value.name}_scale`, scalar('float32', value.scale)),
      this.constant(`${value.name}_zp`, scalar(value.type, value.zp))];
  }
  dequantized(value) {
    if (this.share && this.reals.has(value.name)) return this.reals.get(value.name);
    const real = this.node('DequantizeLinear', [value.name, ...this.quant(value)],
        `${value.name}_real${this.made++}`);
    this.reals.set(value.name, real);
    return real;
  }
  quantized(real, value) {
    return this.node('QuantizeLinear', [real, ...this.quant(value)], value.name);
  }
}

// ---- scales -------------------------------------------------------------------------------------

/** Dyadic scales make exact ties, decimal ones sums that float32 rounds next to a tie. */
export function fitScale(numbers, scale) {
  if (numbers === 'dyadic') return 2 ** Math.round(Math.log2(scale));
  if (numbers === 'decimal') {
    const unit = 10 ** Math.floor(Math.log10(scale));
    return f32(Math.max(1, Math.round(scale / unit)) * unit);
  }
  return f32(scale);
}

/** Scale and zero point for these real values: often tight, at times too tight or off. */
export function fitQuant(random, style, reals) {
  let low = Infinity, high = -Infinity;
  for (const r of reals) {
    low = Math.min(low, r);
    high = Math.max(high, r);
  }
  if (!(high - low > 1e-3 * Math.abs(high))) high = low + Math.max(Math.abs(low), 0.01);
  const spread = (high - low) / 255 * random.pick([1, 1, 1, 0.5, 0.7, 1.4]);
  const scale = fitScale(style.numbers, spread);
  const least = rangeOf(style.type)[0];
  const zp = Math.round(least - low / scale) + random.pick([0, 0, 0, -9, 7, 1]);
  return {scale, zp: low >= 0 && random.int(0, 2) ? least : clampTo(style.type, zp)};
}

// ---- constants ----------------------------------------------------------------------------------

/** Weights, their scales (per channel or one) and how they are named; `channels` on `axis`. */
function drawWeights(random, style, shape, channels, axis) {
  const perChannel = random.int(0, 3) > 0;
  const unsigned = style.type === 'uint8' && !perChannel && random.int(0, 2) === 0;
  const limit = random.pick([127, 127, 40, 3]);
  const zp = unsigned ? 128 : 0;
  const values = random.ints(count(shape), -limit - (limit === 127 ? 1 : 0), limit);
  const fanIn = count(shape) / channels;  // results of about the size of the inputs, as in training
  const scales = Array.from({length: perChannel ? channels : 1},
      () => fitScale(style.numbers, random.real(0.8, 2.5) / (limit * Math.sqrt(fanIn))));
  const type = unsigned ? 'uint8' : 'int8';
  const scaleShape = perChannel ? [channels] : [];
  return {values: tensor(type, shape, values.map((v) => v + zp)), axis, perChannel,
    scale: tensor('float32', scaleShape, scales),
    zp: tensor(type, scaleShape, scales.map(() => zp))};
}

/** `kind` is none, int32 or float32; values of about a few standard deviations of the sums. */
function drawBias(random, kind, x, weights, channels, length) {
  if (kind === 'none') return null;
  const reach = Math.round(2000 * Math.sqrt(length)) + 1;
  const values = random.ints(channels, -reach, reach);
  const units = Array.from({length: channels}, (_, c) =>
    f32(x.scale * weights.scale.data[weights.perChannel ? c : 0]));
  if (kind === 'float32') {
    return {kind, values: tensor('float32', [channels],
        values.map((v, c) => f32((v + random.pick([0, 0.5, random.next()])) * units[c])))};
  }
  return {kind, values: tensor('int32', [channels], values),
    scale: tensor('float32', weights.scale.shape, units.slice(0, weights.scale.data.length)),
    zp: tensor('int32', weights.scale.shape, [...weights.scale.data].map(() => 0))};
}

function emitWeights(net, name, weights) {
  net.constant(`${name}_w`, weights.values);
  net.constant(`${name}_w_scale`, weights.scale);
  net.constant(`${name}_w_zp`, weights.zp);
  return [`${name}_w`, `${name}_w_scale`, `${name}_w_zp`];
}

function emitRealWeights(net, name, weights) {
  return net.node('DequantizeLinear', emitWeights(net, name, weights), `${name}_w_real`,
      weights.perChannel ? {axis: weights.axis} : {});
}

function emitRealBias(net, name, bias) {
  net.constant(`${name}_b`, bias.values);
  if (bias.kind === 'float32') return `${name}_b`;
  net.constant(`${name}_b_scale`, bias.scale);
  net.constant(`${name}_b_zp`, bias.zp);
  return net.node('DequantizeLinear', [`${name}_b`, `${name}_b_scale`, `${name}_b_zp`],
      `${name}_b_real`, bias.scale.shape.length ? {axis: 0} : {});
}

// ---- layers -------------------------------------------------------------------------------------
// Every maker returns {label, inputs, shape, real, direct}: real(net, name) writes the operator on
// floats and returns its result; direct(net, name, output), where it exists, the byte operator.

/** None, Relu or Clip behind a layer, on floats. */
function drawActivation(random) {
  const kind = random.pick(['', '', '', 'Relu', 'Relu', 'Clip']);
  const limits = random.pick([[0, 6], [0, 1], [-1, 1], [-0.5, 2.25]]);
  return {kind, emit(net, name, real) {
    if (!kind) return real;
    const inputs = [real];
    if (kind === 'Clip') {
      inputs.push(net.constant(`${name}_low`, scalar('float32', limits[0])),
          net.constant(`${name}_high`, scalar('float32', limits[1])));
    }
    return net.node(kind, inputs, `${name}_${kind.toLowerCase()}`);
  }};
}

/** With `keep` the result has the size of the image. */
const drawWindow = (random, size, sizes, keep = false) => {
  const kernel = [random.pick(sizes), random.pick(sizes)];
  if (random.int(0, 1)) kernel[1] = kernel[0];
  const dilations = random.int(0, 3) ? [1, 1] : [random.int(1, 3), random.int(1, 3)];
  const strides = keep || random.int(0, 2) ? [1, 1] : [random.int(1, 3), random.int(1, 3)];
  const reach = kernel.map((k, i) => dilations[i] * (k - 1) + 1);
  let pads = [0, 0, 0, 0];
  if (random.int(0, 2)) pads = pads.map((_, i) => random.int(0, kernel[i % 2] - 1));
  if (keep || random.int(0, 3) === 0) {
    pads = [0, 1, 2, 3].map((i) => (reach[i % 2] - (i < 2 ? 1 : 0)) >> 1);
  }
  const out = size.map((s, i) =>
    Math.floor((s + pads[i] + pads[i + 2] - reach[i]) / strides[i]) + 1);
  return {kernel, dilations, strides, pads, out};
};

function convolution(random, style, x) {
  const [batch, channels, ...size] = x.shape;
  const divisors = [1, 2, 3, 4, 5, 7, 8, 13, 16, 17, 31, 33].filter((d) => channels % d === 0);
  const group = random.int(0, 3) ? 1 : random.pick([...divisors, channels]);
  for (let attempt = 0; attempt < 50; attempt++) {
    const keep = random.int(0, 2) === 0;  // a result that can be added to the input
    const each = group === 1 ? random.pick([1, 2, 3, 5, 8, 13, 16, 17, 33]) : random.int(1, 3);
    const filters = keep ? channels : group * each;
    const w = drawWindow(random, size, [1, 1, 2, 3, 3, 4, 5], keep);
    const shape = [filters, channels / group, ...w.kernel];
    if (w.out.some((s) => s < 1) || count(shape) > 5000 ||
        batch * filters * count(w.out) > 6000) continue;
    const weights = drawWeights(random, style, shape, filters, 0);
    const direct = style.form === 'QOperator';
    const bias = drawBias(random, random.pick(direct ? ['none', 'int32', 'int32'] :
      ['none', 'int32', 'int32', 'int32', 'int32', 'float32']), x, weights, filters,
    count(shape) / filters);
    const activation = direct ? {kind: '', emit: (net, name, real) => real} :
      drawActivation(random);
    const attrs = {kernel_shape: w.kernel, strides: w.strides, pads: w.pads,
      dilations: w.dilations, group};
    return {label: `Conv${bias?.kind === 'float32' ? ' (float bias)' : ''}` +
        `${activation.kind && ` ${activation.kind}`}`, inputs: [x],
    shape: [batch, filters, ...w.out],
    real(net, name) {
      const inputs = [net.dequantized(x), emitRealWeights(net, name, weights)];
      if (bias) inputs.push(emitRealBias(net, name, bias));
      return activation.emit(net, name, net.node('Conv', inputs, `${name}_conv`, attrs));
    },
    direct(net, name, y) {
      const inputs = [x.name, ...net.quant(x), ...emitWeights(net, name, weights), ...net.quant(y)];
      if (bias) inputs.push(net.constant(`${name}_b`, bias.values));
      net.node('QLinearConv', inputs, y.name, attrs);
    }};
  }
  return null;
}

/** Gemm, MatMul, or MatMul and Add of a row. */
function product(random, style, x) {
  const [rows, length] = x.shape.slice(-2);
  if (x.shape.length < 2 || x.shape.length > 3) return null;
  const columns = random.pick([1, 2, 3, 7, 10, 16, 17, 31]);
  if (length * columns > 4000 || count(x.shape) / length * columns > 3000) return null;
  const kind = x.shape.length === 3 ? 'MatMul' : random.pick(['Gemm', 'Gemm', 'MatMul']);
  const transB = kind === 'Gemm' ? random.int(0, 1) : 0;
  const shape = transB ? [columns, length] : [length, columns];
  const weights = drawWeights(random, style, shape, columns, transB ? 0 : 1);
  const direct = style.form === 'QOperator';
  const plain = kind === 'MatMul' && (direct || x.shape.length === 3 || random.int(0, 1) === 0);
  const bias = plain ? null : drawBias(random, random.pick(direct ? ['none', 'int32'] :
    ['none', 'int32', 'int32', 'int32', 'float32']), x, weights, columns, length);
  const added = kind === 'MatMul' && bias;  // MatMul, then Add of a row
  const activation = direct ? {kind: '', emit: (net, name, real) => real} : drawActivation(random);
  return {label: `${kind}${added ? ' Add' : ''}${bias?.kind === 'float32' ? ' (float bias)' : ''}` +
      `${activation.kind && ` ${activation.kind}`}`, inputs: [x],
  shape: [...x.shape.slice(0, -1), columns],
  real(net, name) {
    const inputs = [net.dequantized(x), emitRealWeights(net, name, weights)];
    if (bias) inputs.push(emitRealBias(net, name, bias));
    const row = added ? inputs.pop() : null;
    const attrs = kind === 'Gemm' ? {transB} : {};
    let real = net.node(kind, inputs, `${name}_product`, attrs);
    if (row) real = net.node('Add', [real, row], `${name}_sum`);
    return activation.emit(net, name, real);
  },
  direct(net, name, y) {
    const inputs = [x.name, ...net.quant(x), ...emitWeights(net, name, weights)];
    if (kind === 'MatMul') return net.node('QLinearMatMul', [...inputs, ...net.quant(y)], y.name);
    net.node('QGemm', [...inputs, bias ? net.constant(`${name}_b`, bias.values) : '',
      ...net.quant(y)], y.name, {transB}, 'com.microsoft');
  }};
}

/** Add or Mul of two values, or of one with a constant row, channel or number. */
function binary(random, style, x, values) {
  const op = random.pick(['Add', 'Add', 'Mul']);
  const shared = values.filter((v) => values.some((w) => w !== v && `${w.shape}` === `${v.shape}`));
  if (shared.length && !shared.includes(x)) x = shared.at(-1);
  const partners = values.filter((v) => `${v.shape}` === `${x.shape}`);
  let other = partners[random.int(0, partners.length - 1)];
  let constant = null;
  if (partners.length < 2 || random.int(0, 3) === 0) {
    const shapes = [[], [1], [x.shape.at(-1)], x.shape];
    if (x.shape.length === 4) shapes.push([1, x.shape[1], 1, 1], [x.shape[1], 1, 1]);
    const shape = random.pick(shapes);
    constant = tensor(style.type, shape, random.ints(count(shape), ...rangeOf(style.type)));
    other = {name: null, type: style.type, shape, zp: random.int(...rangeOf(style.type)),
      scale: fitScale(style.numbers, op === 'Add' ? x.scale * random.real(0.3, 2) :
        random.real(0.004, 0.02))};
  }
  const left = random.int(0, 1) === 1;
  const activation = style.form === 'QOperator' ? {kind: '', emit: (net, name, real) => real} :
    drawActivation(random);
  const prepare = (net, name) => {
    const second = {...other};
    if (constant) second.name = net.constant(`${name}_c`, constant);
    return left ? [second, x] : [x, second];
  };
  return {label: `${op}${constant ? ' of a constant' : ''}` +
      `${activation.kind && ` ${activation.kind}`}`, inputs: constant ? [x] : [x, other],
  shape: x.shape,
  real(net, name) {
    const [a, b] = prepare(net, name);
    const inputs = [net.dequantized(a), net.dequantized(b)];
    return activation.emit(net, name, net.node(op, inputs, `${name}_${op.toLowerCase()}`));
  },
  direct(net, name, y) {
    const [a, b] = prepare(net, name);
    net.node(`QLinear${op}`, [a.name, ...net.quant(a), b.name, ...net.quant(b), ...net.quant(y)],
        y.name, {}, 'com.microsoft');
  }};
}

/** Relu or Clip of its own. */
function activationLayer(random, style, x) {
  let activation = drawActivation(random);
  while (!activation.kind) activation = drawActivation(random);
  return {label: activation.kind, inputs: [x], shape: x.shape,
    real: (net, name) => activation.emit(net, name, net.dequantized(x))};
}

function averagePool(random, style, x) {
  const w = drawWindow(random, x.shape.slice(2), [1, 2, 2, 3, 4, 5]);
  const reach = w.kernel;
  const size = x.shape.slice(2).map((s, i) =>
    Math.floor((s + w.pads[i] + w.pads[i + 2] - reach[i]) / w.strides[i]) + 1);
  if (size.some((s) => s < 1) || w.pads.some((p, i) => p >= reach[i % 2])) return null;
  const attrs = {kernel_shape: w.kernel, strides: w.strides, pads: w.pads, ceil_mode: 0,
    count_include_pad: random.int(0, 1)};
  return {label: 'AveragePool', inputs: [x], shape: [...x.shape.slice(0, 2), ...size],
    real: (net, name) => net.node('AveragePool', [net.dequantized(x)], `${name}_pool`, attrs),
    direct: (net, name, y) => net.node('QLinearAveragePool',
        [x.name, ...net.quant(x), ...net.quant(y)], y.name, attrs, 'com.microsoft')};
}

function globalAveragePool(random, style, x) {
  return {label: 'GlobalAveragePool', inputs: [x], shape: [...x.shape.slice(0, 2), 1, 1],
    real: (net, name) => net.node('GlobalAveragePool', [net.dequantized(x)], `${name}_pool`),
    direct: (net, name, y) => net.node('QLinearGlobalAveragePool',
        [x.name, ...net.quant(x), ...net.quant(y)], y.name, {channels_last: 0}, 'com.microsoft')};
}

/** Operators that move bytes; in the QDQ form they stand between both, mostly of one scale. */
function mover(random, style, x, op, inputs, attrs, shape) {
  return {label: op, inputs: [x], shape, keepsQuant: random.int(0, 7) > 0,
    real: (net, name) => net.node(op, [net.dequantized(x), ...inputs(net, name)],
        `${name}_${op.toLowerCase()}`, attrs),
    moved: (net, name, y) => net.node(op, [x.name, ...inputs(net, name)], y.name, attrs)};
}

function maxPool(random, style, x) {
  const w = drawWindow(random, x.shape.slice(2), [1, 2, 2, 3, 4, 5]);
  const attrs = {kernel_shape: w.kernel, strides: w.strides, pads: w.pads, dilations: w.dilations};
  if (w.out.some((s) => s < 1) || w.pads.some((p, i) => p >= w.kernel[i % 2])) return null;
  // With dilation a window can lie between pixels, in the padding alone: no maximum is defined.
  if (w.dilations.some((d) => d > 1) && w.pads.some((p) => p > 0)) return null;
  return mover(random, style, x, 'MaxPool', () => [], attrs, [...x.shape.slice(0, 2), ...w.out]);
}

function flatten(random, style, x) {
  const shape = [x.shape[0], count(x.shape.slice(1))];
  if (random.int(0, 1)) return mover(random, style, x, 'Flatten', () => [], {axis: 1}, shape);
  const target = random.pick([shape, [shape[0], -1], [0, -1]]);
  return mover(random, style, x, 'Reshape', (net, name) => [net.constant(`${name}_shape`,
      tensor('int64', [target.length], target.map(BigInt)))], {}, shape);
}

function transpose(random, style, x) {
  const perm = random.pick([[0, 2, 3, 1], [0, 1, 3, 2], [0, 3, 1, 2]]);
  return mover(random, style, x, 'Transpose', () => [], {perm}, perm.map((a) => x.shape[a]));
}

/** The next layer, on one of `values`; null if the one drawn does not fit. */
export function drawLayer(random, style, values) {
  const newest = values.at(-1);
  const x = random.int(0, 3) ? newest : random.pick(values);
  const image = [convolution, convolution, convolution, convolution, convolution, convolution,
    binary, binary, binary, activationLayer, averagePool, maxPool, transpose];
  // These leave little behind them: not among the first layers.
  if (values.length > 2) image.push(globalAveragePool, flatten, flatten);
  const matrix = [product, product, product, binary, activationLayer];
  const maker = random.pick(x.shape.length === 4 ? image : matrix);
  return maker(random, style, x, values);
}
