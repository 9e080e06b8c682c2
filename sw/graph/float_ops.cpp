#include "sw/graph/float_ops.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <type_traits>

#include "sw/graph/float_product.hpp"

namespace s4::sw::graph {
namespace {

std::size_t product(const Shape& shape, std::size_t from, std::size_t to) {
  std::size_t count = 1;
  for (std::size_t i = from; i < to; ++i) count *= static_cast<std::size_t>(shape[i]);
  return count;
}

/// Steps of a tensor of shape `in` for every axis of the broadcast shape `out`; 0 where repeated.
std::vector<std::size_t> broadcast_steps(const Shape& in, const Shape& out) {
  std::vector<std::size_t> steps(out.size(), 0);
  std::size_t step = 1;
  for (std::size_t i = 0; i < in.size(); ++i) {
    const std::size_t from = in.size() - 1 - i;
    const std::size_t to = out.size() - 1 - i;
    steps[to] = in[from] == 1 ? 0 : step;
    step *= static_cast<std::size_t>(in[from]);
  }
  return steps;
}

/// Calls visit(position in the result, offset) for all positions in order; `steps` per axis.
template <typename F>
void for_each(const Shape& shape, const std::vector<std::size_t>& steps_a,
              const std::vector<std::size_t>& steps_b, F visit) {
  const auto count = static_cast<std::size_t>(element_count(shape));
  std::vector<std::int64_t> at(shape.size(), 0);
  std::size_t a = 0;
  std::size_t b = 0;
  for (std::size_t i = 0; i < count; ++i) {
    visit(i, a, b);
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      a += steps_a[axis];
      b += steps_b[axis];
      if (++at[axis] < shape[axis]) break;
      a -= steps_a[axis] * static_cast<std::size_t>(shape[axis]);
      b -= steps_b[axis] * static_cast<std::size_t>(shape[axis]);
      at[axis] = 0;
    }
  }
}

template <typename T, typename F>
TensorData combine(const TensorData& a, const TensorData& b, Shape shape, F f) {
  TensorData y(a.type, std::move(shape));
  const auto& left = a.get<T>();
  const auto& right = b.get<T>();
  auto& out = y.get<T>();
  if (a.shape == b.shape) {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = f(left[i], right[i]);
    return y;
  }
  for_each(y.shape, broadcast_steps(a.shape, y.shape), broadcast_steps(b.shape, y.shape),
           [&](std::size_t i, std::size_t p, std::size_t q) { out[i] = f(left[p], right[q]); });
  return y;
}

/// Two's complement, without overflow.
template <typename T>
TensorData combine_integers(Op op, const TensorData& a, const TensorData& b, Shape shape) {
  using U = std::make_unsigned_t<T>;
  return combine<T>(a, b, std::move(shape), [&](T p, T q) -> T {
    switch (op) {
      case Op::kAdd:
        return static_cast<T>(static_cast<U>(p) + static_cast<U>(q));
      case Op::kSub:
        return static_cast<T>(static_cast<U>(p) - static_cast<U>(q));
      case Op::kMul:
        return static_cast<T>(static_cast<U>(p) * static_cast<U>(q));
      case Op::kMax:
        return std::max(p, q);
      default:
        if (q == 0) throw GraphError("integer division by zero");
        if (q == -1) return static_cast<T>(U{0} - static_cast<U>(p));
        return p / q;
    }
  });
}

/// First tap and one past the last tap of `kernel` that lie inside an axis of `size`.
std::pair<std::int64_t, std::int64_t> taps(std::int64_t start, std::int64_t size,
                                           std::int64_t kernel, std::int64_t dilation) {
  const std::int64_t first = start >= 0 ? 0 : (-start + dilation - 1) / dilation;
  const std::int64_t end = start >= size ? 0 : (size - start + dilation - 1) / dilation;
  return {std::min(first, kernel), std::min(end, kernel)};
}

template <typename F>
void for_each_window(const TensorData& x, const Shape& y, const PoolAttributes& pool, F visit) {
  const std::int64_t height = x.shape[2];
  const std::int64_t width = x.shape[3];
  std::size_t out = 0;
  for (std::int64_t plane = 0; plane < y[0] * y[1]; ++plane) {
    for (std::int64_t p = 0; p < y[2]; ++p) {
      const std::int64_t top = p * pool.strides[0] - pool.pads[0];
      const auto rows = taps(top, height, pool.kernel[0], pool.dilations[0]);
      for (std::int64_t q = 0; q < y[3]; ++q) {
        const std::int64_t left = q * pool.strides[1] - pool.pads[1];
        const auto columns = taps(left, width, pool.kernel[1], pool.dilations[1]);
        visit(out++, rows, columns, [&](std::int64_t r, std::int64_t s) {
          return static_cast<std::size_t>((plane * height + top + r * pool.dilations[0]) * width +
                                          left + s * pool.dilations[1]);
        });
      }
    }
  }
}

/// Number of taps of a window that lie inside the image or its padding: what an average divides by
/// when padding counts. Windows that reach beyond the padding (rounded up sizes) count less.
std::int64_t padded_taps(std::int64_t start, std::int64_t size, std::int64_t after,
                         std::int64_t kernel, std::int64_t dilation) {
  const std::int64_t end = size + after - start;
  return std::min(kernel, (end + dilation - 1) / dilation);
}

/// What every output pixel reads, [channel][kernel row][kernel column][pixel]; 0 outside the image.
void gather_columns(const float* image, const Shape& x, const Shape& w, const ConvGeometry& g,
                    const Shape& y, std::vector<float>& columns) {
  std::fill(columns.begin(), columns.end(), 0.0F);
  float* to = columns.data();
  for (std::int64_t c = 0; c < w[1]; ++c, image += x[2] * x[3]) {
    for (std::int64_t r = 0; r < w[2]; ++r) {
      for (std::int64_t s = 0; s < w[3]; ++s) {
        for (std::int64_t p = 0; p < y[2]; ++p, to += y[3]) {
          const std::int64_t row = p * g.strides[0] - g.pads[0] + r * g.dilations[0];
          if (row < 0 || row >= x[2]) continue;
          // Columns q with 0 <= q * stride + offset < width.
          const std::int64_t offset = s * g.dilations[1] - g.pads[1];
          const std::int64_t stride = g.strides[1];
          const std::int64_t first = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
          const std::int64_t end =
              offset >= x[3] ? 0 : std::min(y[3], (x[3] - offset + stride - 1) / stride);
          const float* from = image + row * x[3] + offset;
          for (std::int64_t q = first; q < end; ++q) to[q] = from[q * stride];
        }
      }
    }
  }
}

}  // namespace

TensorData float_conv(const TensorData& x, const TensorData& w, const TensorData* bias,
                      const ConvGeometry& g, Shape result) {
  TensorData y(DataType::kFloat32, std::move(result));
  auto& out = y.get<float>();
  const std::size_t channels = product(w.shape, 1, 2);
  const std::size_t reduction = product(w.shape, 1, 4);
  const std::size_t pixels = product(y.shape, 2, 4);
  const std::size_t in_pixels = product(x.shape, 2, 4);
  const auto groups = static_cast<std::size_t>(std::max<std::int64_t>(1, g.groups));
  const std::size_t filters = product(y.shape, 1, 2) / groups;
  const bool plain = in_pixels == pixels && w.shape[2] * w.shape[3] == 1 &&
                     g.pads == std::array<std::int64_t, 4>{0, 0, 0, 0} &&
                     g.strides == std::array<std::int64_t, 2>{1, 1};
  std::vector<float> columns(plain ? 0 : reduction * pixels);
  for (std::size_t part = 0; part < product(y.shape, 0, 1) * groups; ++part) {
    const float* image = x.floats().data() + part * channels * in_pixels;
    if (!plain) gather_columns(image, x.shape, w.shape, g, y.shape, columns);
    const std::size_t first = part % groups * filters;
    float* to = out.data() + part * filters * pixels;
    for (std::size_t m = 0; bias != nullptr && m < filters; ++m) {
      std::fill_n(to + m * pixels, pixels, bias->floats()[first + m]);
    }
    add_product(w.floats().data() + first * reduction, plain ? image : columns.data(), to, filters,
                pixels, reduction);
  }
  return y;
}

TensorData float_matmul(const TensorData& a, const TensorData& b, Shape result) {
  TensorData y(DataType::kFloat32, std::move(result));
  Shape left = a.shape, right = b.shape, wide = y.shape;
  if (left.size() == 1) {
    left.insert(left.begin(), 1);
    wide.insert(wide.end() - (b.shape.size() == 1 ? 0 : 1), 1);
  }
  if (right.size() == 1) {
    right.push_back(1);
    wide.push_back(1);
  }
  const auto m = static_cast<std::size_t>(wide[wide.size() - 2]);
  const auto n = static_cast<std::size_t>(wide.back());
  const auto k = static_cast<std::size_t>(left.back());
  const Shape batch(wide.begin(), wide.end() - 2);
  auto steps_a = broadcast_steps(Shape(left.begin(), left.end() - 2), batch);
  auto steps_b = broadcast_steps(Shape(right.begin(), right.end() - 2), batch);
  for (auto& step : steps_a) step *= m * k;
  for (auto& step : steps_b) step *= k * n;
  for_each(batch, steps_a, steps_b, [&](std::size_t i, std::size_t p, std::size_t q) {
    add_product(a.floats().data() + p, b.floats().data() + q, y.get<float>().data() + i * m * n, m,
                n, k);
  });
  return y;
}

TensorData float_gemm(const TensorData& a, const TensorData& b, const TensorData* c,
                      const GemmAttributes& g) {
  const auto flip = [](const TensorData& t) {
    return transpose(t, {1, 0}, {t.shape[1], t.shape[0]});
  };
  const TensorData left = g.transpose_a ? flip(a) : a;
  const TensorData right = g.transpose_b ? flip(b) : b;
  TensorData y = float_matmul(left, right, {left.shape[0], right.shape[1]});
  if (g.alpha != 1.0F) {
    for (float& value : y.get<float>()) value *= g.alpha;
  }
  if (c != nullptr && g.beta != 0.0F) {
    auto& out = y.get<float>();
    const auto& addend = c->floats();
    const auto steps = broadcast_steps(c->shape, y.shape);
    for_each(y.shape, steps, steps, [&](std::size_t i, std::size_t p, std::size_t) {
      out[i] += g.beta == 1.0F ? addend[p] : g.beta * addend[p];
    });
  }
  return y;
}

TensorData elementwise(Op op, const TensorData& a, const TensorData& b, Shape result) {
  if (a.type == DataType::kInt32) {
    return combine_integers<std::int32_t>(op, a, b, std::move(result));
  }
  if (a.type == DataType::kInt64) {
    return combine_integers<std::int64_t>(op, a, b, std::move(result));
  }
  switch (op) {
    case Op::kAdd:
      return combine<float>(a, b, std::move(result), std::plus<>());
    case Op::kSub:
      return combine<float>(a, b, std::move(result), std::minus<>());
    case Op::kMul:
      return combine<float>(a, b, std::move(result), std::multiplies<>());
    case Op::kMax:
      return combine<float>(a, b, std::move(result), [](float p, float q) {
        return p > q || std::isnan(p) ? p : q;  // a NaN of either side stays
      });
    case Op::kPow:
      return combine<float>(a, b, std::move(result), [](double p, double q) {
        return static_cast<float>(std::pow(p, q));  // in double, rounded once
      });
    default:
      return combine<float>(a, b, std::move(result), std::divides<>());
  }
}

TensorData float_max_pool(const TensorData& x, const PoolAttributes& pool, Shape result) {
  TensorData y(DataType::kFloat32, std::move(result));
  auto& out = y.get<float>();
  for_each_window(x, y.shape, pool,
                  [&](std::size_t i, const auto& rows, const auto& columns, const auto& at) {
                    float best = std::numeric_limits<float>::lowest();
                    for (std::int64_t r = rows.first; r < rows.second; ++r) {
                      for (std::int64_t s = columns.first; s < columns.second; ++s) {
                        best = std::max(best, x.floats()[at(r, s)]);
                      }
                    }
                    out[i] = best;
                  });
  return y;
}

TensorData float_average_pool(const TensorData& x, const PoolAttributes& pool, Shape result) {
  TensorData y(DataType::kFloat32, std::move(result));
  auto& out = y.get<float>();
  const std::int64_t width = y.shape[3];
  const std::int64_t pixels = y.shape[2] * width;
  for_each_window(
      x, y.shape, pool, [&](std::size_t i, const auto& rows, const auto& columns, const auto& at) {
        float sum = 0.0F;
        for (std::int64_t r = rows.first; r < rows.second; ++r) {
          for (std::int64_t s = columns.first; s < columns.second; ++s) sum += x.floats()[at(r, s)];
        }
        std::int64_t count = std::max<std::int64_t>(0, rows.second - rows.first) *
                             std::max<std::int64_t>(0, columns.second - columns.first);
        if (pool.count_include_pad) {
          const std::int64_t pixel = static_cast<std::int64_t>(i) % pixels;
          const std::int64_t top = pixel / width * pool.strides[0] - pool.pads[0];
          const std::int64_t left = pixel % width * pool.strides[1] - pool.pads[1];
          count = padded_taps(top, x.shape[2], pool.pads[2], pool.kernel[0], pool.dilations[0]) *
                  padded_taps(left, x.shape[3], pool.pads[3], pool.kernel[1], pool.dilations[1]);
        }
        out[i] = count > 0 ? sum / static_cast<float>(count) : 0.0F;
      });
  return y;
}

TensorData float_global_average_pool(const TensorData& x, Shape result) {
  TensorData y(DataType::kFloat32, std::move(result));
  auto& out = y.get<float>();
  const std::size_t pixels = product(x.shape, 2, 4);
  for (std::size_t plane = 0; plane < out.size(); ++plane) {
    double sum = 0.0;
    for (std::size_t i = 0; i < pixels; ++i) sum += x.floats()[plane * pixels + i];
    out[plane] = static_cast<float>(sum / static_cast<double>(pixels));
  }
  return y;
}

TensorData float_batch_norm(const std::vector<const TensorData*>& inputs, float epsilon) {
  TensorData y = *inputs[0];
  auto& out = y.get<float>();
  const auto channels = static_cast<std::size_t>(y.shape[1]);
  const std::size_t pixels = product(y.shape, 2, y.shape.size());
  for (std::size_t plane = 0; pixels > 0 && plane < out.size() / pixels; ++plane) {
    const std::size_t c = plane % channels;
    const double factor =
        inputs[1]->floats()[c] / std::sqrt(static_cast<double>(inputs[4]->floats()[c]) + epsilon);
    const double offset = inputs[2]->floats()[c] - inputs[3]->floats()[c] * factor;
    for (std::size_t i = plane * pixels; i < (plane + 1) * pixels; ++i) {
      out[i] = static_cast<float>(out[i] * factor + offset);
    }
  }
  return y;
}

TensorData float_softmax(const TensorData& x, const AxisAttributes& attributes) {
  TensorData y = x;
  auto& out = y.get<float>();
  const auto axis = static_cast<std::size_t>(attributes.axis);
  const std::size_t outer = product(x.shape, 0, axis);
  const std::size_t size = product(x.shape, axis, attributes.to_end ? x.shape.size() : axis + 1);
  const std::size_t inner = attributes.to_end ? 1 : product(x.shape, axis + 1, x.shape.size());
  for (std::size_t o = 0; o < outer && size > 0; ++o) {
    for (std::size_t i = 0; i < inner; ++i) {
      float* first = out.data() + o * size * inner + i;
      float largest = first[0];
      for (std::size_t j = 1; j < size; ++j) largest = std::max(largest, first[j * inner]);
      double sum = 0.0;
      for (std::size_t j = 0; j < size; ++j) {
        first[j * inner] = std::exp(first[j * inner] - largest);
        sum += first[j * inner];
      }
      for (std::size_t j = 0; j < size; ++j) {
        first[j * inner] = static_cast<float>(first[j * inner] / sum);
      }
    }
  }
  return y;
}

void apply_clamp(TensorData& x, const Clamp& clamp) {
  if (clamp.is_open() || x.type != DataType::kFloat32) return;
  for (float& value : x.get<float>()) value = std::min(std::max(value, clamp.low), clamp.high);
}

TensorData arg_max(const TensorData& x, const AxisAttributes& attributes, Shape result) {
  TensorData y(DataType::kInt64, std::move(result));
  auto& out = y.get<std::int64_t>();
  const auto axis = static_cast<std::size_t>(attributes.axis);
  const auto size = static_cast<std::size_t>(x.shape[axis]);
  const std::size_t inner = product(x.shape, axis + 1, x.shape.size());
  std::visit(
      [&](const auto& data) {
        for (std::size_t i = 0; i < out.size(); ++i) {
          const std::size_t first = i / inner * size * inner + i % inner;
          std::size_t best = 0;
          for (std::size_t j = 1; j < size; ++j) {
            const auto value = data[first + j * inner];
            const auto highest = data[first + best * inner];
            if (value > highest || (attributes.last_index && value == highest)) best = j;
          }
          out[i] = static_cast<std::int64_t>(best);
        }
      },
      x.values);
  return y;
}

TensorData transpose(const TensorData& x, const std::vector<std::int64_t>& order, Shape result) {
  TensorData y(x.type, std::move(result));
  std::vector<std::size_t> steps(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    steps[i] = product(x.shape, static_cast<std::size_t>(order[i]) + 1, x.shape.size());
  }
  std::visit(
      [&](const auto& from) {
        auto& to = std::get<std::decay_t<decltype(from)>>(y.values);
        for_each(y.shape, steps, steps,
                 [&](std::size_t i, std::size_t p, std::size_t) { to[i] = from[p]; });
      },
      x.values);
  return y;
}

TensorData gather(const TensorData& x, const TensorData& indices, std::int64_t axis, Shape result) {
  TensorData y(x.type, std::move(result));
  const auto a = static_cast<std::size_t>(axis);
  const std::int64_t size = x.shape[a];
  const std::size_t outer = product(x.shape, 0, a);
  const std::size_t inner = product(x.shape, a + 1, x.shape.size());
  const auto picks = indices.integers();
  for (const std::int64_t pick : picks) {
    if (pick < -size || pick >= size) {
      throw GraphError("index " + std::to_string(pick) + " into an axis of " +
                       std::to_string(size));
    }
  }
  std::visit(
      [&](const auto& from) {
        auto& to = std::get<std::decay_t<decltype(from)>>(y.values);
        std::size_t out = 0;
        for (std::size_t o = 0; o < outer; ++o) {
          for (const std::int64_t pick : picks) {
            const auto at = static_cast<std::size_t>(pick < 0 ? pick + size : pick);
            for (std::size_t i = 0; i < inner; ++i) {
              to[out++] = from[(o * static_cast<std::size_t>(size) + at) * inner + i];
            }
          }
        }
      },
      x.values);
  return y;
}

TensorData concat(const std::vector<const TensorData*>& parts, std::int64_t axis, Shape result) {
  TensorData y(parts[0]->type, std::move(result));
  const auto a = static_cast<std::size_t>(axis);
  const std::size_t outer = product(y.shape, 0, a);
  std::visit(
      [&](auto& to) {
        std::size_t out = 0;
        for (std::size_t o = 0; o < outer; ++o) {
          for (const TensorData* part : parts) {
            const auto& from = std::get<std::decay_t<decltype(to)>>(part->values);
            const std::size_t run = product(part->shape, a, part->shape.size());
            for (std::size_t i = 0; i < run; ++i) to[out++] = from[o * run + i];
          }
        }
      },
      y.values);
  return y;
}

TensorData slice(const TensorData& x, const SliceAttributes& s) {
  TensorData y(x.type, s.counts);
  std::vector<std::size_t> steps(s.counts.size());
  std::size_t start = 0;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const std::size_t stride = product(x.shape, i + 1, x.shape.size());
    // A negative step wraps around; so does the sum of offsets, which ends up right.
    steps[i] = static_cast<std::size_t>(s.steps[i]) * stride;
    start += static_cast<std::size_t>(s.starts[i]) * stride;
  }
  std::visit(
      [&](const auto& from) {
        auto& to = std::get<std::decay_t<decltype(from)>>(y.values);
        for_each(y.shape, steps, steps,
                 [&](std::size_t i, std::size_t p, std::size_t) { to[i] = from[start + p]; });
      },
      x.values);
  return y;
}

TensorData cast(const TensorData& x, DataType type) {
  if (type == x.type) return x;
  TensorData y(type, x.shape);
  std::visit(
      [&](const auto& from) {
        std::visit(
            [&](auto& to) {
              using From = typename std::decay_t<decltype(from)>::value_type;
              using To = typename std::decay_t<decltype(to)>::value_type;
              for (std::size_t i = 0; i < to.size(); ++i) {
                if (type == DataType::kBool) {
                  to[i] = static_cast<To>(from[i] != From{0} ? 1 : 0);
                } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
                  // Out of range (undefined in ONNX) saturates; NaN gives 0.
                  const double value = std::trunc(static_cast<double>(from[i]));
                  const auto low = static_cast<double>(std::numeric_limits<To>::min());
                  const auto high = static_cast<double>(std::numeric_limits<To>::max());
                  if (std::isnan(value)) {
                    to[i] = To{0};
                  } else if (value <= low) {
                    to[i] = std::numeric_limits<To>::min();
                  } else if (value >= high) {
                    to[i] = std::numeric_limits<To>::max();
                  } else {
                    to[i] = static_cast<To>(value);
                  }
                } else {
                  to[i] = static_cast<To>(from[i]);
                }
              }
            },
            y.values);
      },
      x.values);
  return y;
}

}  // namespace s4::sw::graph
