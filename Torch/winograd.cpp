// Convolutions of 3×3 by fewer multiplications: F(2×2, 3×3) of Winograd (1980) as in Lavin and Gray 2016.
//
// Four outputs cost 16 products of channels instead of 36. Three steps, all with channels innermost: tiles of 4×4
// inputs become V = Bᵀ d B, their sixteen places are multiplied with those of the filters, U = G g Gᵀ, by the
// library's matrix product, and the products M become 2×2 outputs Aᵀ M A. Sums of four and halves are all that the
// transforms need, so that results differ from the plain convolution's by little more than its own rounding.

#include "threads.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <algorithm>
#include <optional>
#include <tuple>

namespace {

/// A tensor's numbers. The member template that says the same has a constrained parameter, whose symbol compilers name in
/// two ways: a library of clang would not find that of a libtorch of gcc.
const float *floats(const at::Tensor &tensor) { return static_cast<const float *>(tensor.const_data_ptr()); }

// A function is compiled for each of these and the processor's best is taken when the library is loaded.
#if defined(__x86_64__) && defined(__GLIBC__)
#define PT_FOR_EVERY_PROCESSOR __attribute__((target_clones("default", "avx2", "avx512f")))
#else
#define PT_FOR_EVERY_PROCESSOR
#endif

/// Channels that are transformed at once.
constexpr int64_t lanes = 16;
typedef float Lanes __attribute__((vector_size(lanes * sizeof(float)), aligned(sizeof(float))));

struct Shape {
    int64_t rows, height, width, inputs, outputs;
    int64_t tiles_down() const { return (height + 1) / 2; }
    int64_t tiles_across() const { return (width + 1) / 2; }
    int64_t tiles() const { return rows * tiles_down() * tiles_across(); }
};

/// V of tiles first ..< first + count: 16 matrices of [count, inputs], `step` elements apart.
PT_FOR_EVERY_PROCESSOR
void transform_inputs(
    const float *pictures, const float *zeros, float *v, const Shape &shape, int64_t first, int64_t count,
    int64_t step) {
    const int64_t across = shape.tiles_across(), down = shape.tiles_down();
    for (int64_t i = 0; i < count; ++i) {
        const int64_t tile = first + i, tx = tile % across, ty = tile / across % down, row = tile / (across * down);
        const float *pixel[16];
        for (int64_t y = 0; y < 4; ++y) {
            for (int64_t x = 0; x < 4; ++x) {
                const int64_t at_y = 2 * ty + y - 1, at_x = 2 * tx + x - 1;
                const bool inside = at_y >= 0 && at_y < shape.height && at_x >= 0 && at_x < shape.width;
                pixel[y * 4 + x] = inside
                    ? pictures + ((row * shape.height + at_y) * shape.width + at_x) * shape.inputs
                    : zeros;
            }
        }
        float *to = v + i * shape.inputs;
        for (int64_t c = 0; c < shape.inputs; c += lanes) {
            Lanes half[16];
            for (int x = 0; x < 4; ++x) {
                const Lanes d0 = *(const Lanes *)(pixel[x] + c), d1 = *(const Lanes *)(pixel[4 + x] + c);
                const Lanes d2 = *(const Lanes *)(pixel[8 + x] + c), d3 = *(const Lanes *)(pixel[12 + x] + c);
                half[x] = d0 - d2;
                half[4 + x] = d1 + d2;
                half[8 + x] = d2 - d1;
                half[12 + x] = d1 - d3;
            }
            for (int y = 0; y < 4; ++y) {
                const Lanes *h = half + y * 4;
                *(Lanes *)(to + (y * 4 + 0) * step + c) = h[0] - h[2];
                *(Lanes *)(to + (y * 4 + 1) * step + c) = h[1] + h[2];
                *(Lanes *)(to + (y * 4 + 2) * step + c) = h[2] - h[1];
                *(Lanes *)(to + (y * 4 + 3) * step + c) = h[1] - h[3];
            }
        }
    }
}

/// Outputs of tiles first ..< first + count from their 16 products [count, part], `step` elements apart.
///
/// - `from`, `part`: which of the output channels they are.
PT_FOR_EVERY_PROCESSOR
void transform_outputs(
    const float *m, const float *bias, float *pictures, const Shape &shape, int64_t first, int64_t count,
    int64_t step, int64_t from, int64_t part) {
    const int64_t across = shape.tiles_across(), down = shape.tiles_down();
    for (int64_t i = 0; i < count; ++i) {
        const int64_t tile = first + i, tx = tile % across, ty = tile / across % down, row = tile / (across * down);
        const bool right = 2 * tx + 1 < shape.width, below = 2 * ty + 1 < shape.height;
        float *to = pictures + ((row * shape.height + 2 * ty) * shape.width + 2 * tx) * shape.outputs + from;
        const int64_t line = shape.width * shape.outputs;
        const float *product = m + i * part;
        for (int64_t k = 0; k < part; k += lanes) {
            Lanes half[8];
            for (int x = 0; x < 4; ++x) {
                const Lanes m0 = *(const Lanes *)(product + x * step + k);
                const Lanes m1 = *(const Lanes *)(product + (4 + x) * step + k);
                const Lanes m2 = *(const Lanes *)(product + (8 + x) * step + k);
                const Lanes m3 = *(const Lanes *)(product + (12 + x) * step + k);
                half[x] = m0 + m1 + m2;
                half[4 + x] = m1 - m2 - m3;
            }
            const Lanes b = *(const Lanes *)(bias + from + k);
            *(Lanes *)(to + k) = half[0] + half[1] + half[2] + b;
            if (right) *(Lanes *)(to + shape.outputs + k) = half[1] - half[2] - half[3] + b;
            if (below) {
                *(Lanes *)(to + line + k) = half[4] + half[5] + half[6] + b;
                if (right) *(Lanes *)(to + line + shape.outputs + k) = half[5] - half[6] - half[7] + b;
            }
        }
    }
}

/// Filters of 3×3: those of a convolution, or of the way back through it.
struct Filters {
    at::Tensor weight;
    int64_t outputs, inputs;
    /// The first place of the first filter, and elements to the next output's, the next input's, and the next place.
    const float *first;
    int64_t output_step, input_step, place_step;

    /// Those of a weight [outputs, inputs, 3, 3]; `back`, turned half around, those that lead gradients to the inputs.
    explicit Filters(const at::Tensor &given, bool back = false)
        // Both memory orders have one step from place to place.
        : weight(given.stride(2) == 3 * given.stride(3) ? given : given.contiguous()),
          outputs(weight.size(back ? 1 : 0)), inputs(weight.size(back ? 0 : 1)),
          first(floats(weight) + (back ? 8 * weight.stride(3) : 0)),
          output_step(weight.stride(back ? 1 : 0)), input_step(weight.stride(back ? 0 : 1)),
          place_step(back ? -weight.stride(3) : weight.stride(3)) {}
};

/// U of the filters of outputs begin ..< end, into their rows of 16 matrices of […, inputs], `step` elements apart.
PT_FOR_EVERY_PROCESSOR
void transform_filters(const Filters &filters, float *u, int64_t begin, int64_t end, int64_t step) {
    for (int64_t k = begin; k < end; ++k) {
        const float *g = filters.first + k * filters.output_step;
        float *to = u + (k - begin) * filters.inputs;
        for (int64_t c = 0; c < filters.inputs; c += lanes) {
            Lanes w[9], half[12];
            for (int place = 0; place < 9; ++place) {
                const float *from = g + c * filters.input_step + place * filters.place_step;
                for (int lane = 0; lane < lanes; ++lane) w[place][lane] = from[lane * filters.input_step];
            }
            for (int x = 0; x < 3; ++x) {
                const Lanes ends = (w[x] + w[6 + x]) * 0.5f, middle = w[3 + x] * 0.5f;
                half[x] = w[x];
                half[3 + x] = ends + middle;
                half[6 + x] = ends - middle;
                half[9 + x] = w[6 + x];
            }
            for (int y = 0; y < 4; ++y) {
                const Lanes *h = half + y * 3;
                const Lanes ends = (h[0] + h[2]) * 0.5f, middle = h[1] * 0.5f;
                *(Lanes *)(to + (y * 4 + 0) * step + c) = h[0];
                *(Lanes *)(to + (y * 4 + 1) * step + c) = ends + middle;
                *(Lanes *)(to + (y * 4 + 2) * step + c) = ends - middle;
                *(Lanes *)(to + (y * 4 + 3) * step + c) = h[2];
            }
        }
    }
}

/// A border between the sixteen matrices, so that their rows do not all fall into the same lines of the cache.
constexpr int64_t gap = lanes;

/// Tiles whose V and M are worked on together: they stay in the cache, and the matrix product has enough rows.
constexpr int64_t tiles_at_once = 256, fewest_tiles = 32;

/// Most bytes of filters that are transformed anew in one go; what large networks would otherwise need at once.
constexpr int64_t most_filter_bytes = 32 << 20;

/// U of the filters of outputs first ..< first + count, [16, count, inputs].
at::Tensor transformed(const Filters &filters, int64_t first, int64_t count) {
    auto u = at::empty({16, count, filters.inputs}, at::kFloat);
    float *to = u.mutable_data_ptr<float>();
    constexpr int64_t together = 16;
    for_each((count + together - 1) / together, at::get_num_threads(), [&](int64_t index) {
        const int64_t begin = index * together, end = std::min(begin + together, count);
        transform_filters(filters, to + begin * filters.inputs, first + begin, first + end, count * filters.inputs);
    });
    return u;
}

void check(const at::Tensor &weight) {
    TORCH_CHECK(
        weight.dim() == 4 && weight.size(2) == 3 && weight.size(3) == 3 && weight.size(0) % lanes == 0
            && weight.size(1) % lanes == 0 && weight.scalar_type() == at::kFloat,
        "takes float32 filters of 3x3 with channels in multiples of ", lanes, ", not ", weight.sizes());
}

/// U of all filters, [16, outputs, inputs].
at::Tensor filters(const at::Tensor &weight) {
    check(weight);
    return transformed(Filters(weight), 0, weight.size(0));
}

/// Tiles of a block: as many as go together, fewer where threads would have nothing to do.
int64_t block_of(int64_t tiles) {
    const int64_t share = (tiles + at::get_num_threads() - 1) / at::get_num_threads();
    return std::min(tiles, std::clamp(share, fewest_tiles, tiles_at_once));
}

/// Products with some of the filters, which lie at `from` among the result's channels.
void convolve_part(
    const at::Tensor &pictures, const at::Tensor &u, const at::Tensor &bias, at::Tensor &result, int64_t from) {
    const Shape shape{
        pictures.size(0), pictures.size(2), pictures.size(3), pictures.size(1), result.size(1)};
    const auto border = at::zeros({shape.inputs}, bias.options());
    const float *pixels = floats(pictures), *zeros = floats(border);
    const float *shift = floats(bias);
    float *to = result.mutable_data_ptr<float>();
    const int64_t tiles = shape.tiles(), part = u.size(1);
    const int64_t block = block_of(tiles);
    const auto right = u.transpose(1, 2);  // [16, inputs, part]
    const int64_t v_step = block * shape.inputs + gap, m_step = block * part + gap;
    for_each((tiles + block - 1) / block, at::get_num_threads(), [&](int64_t index) {
        at::AutoDispatchBelowADInplaceOrView plain;
        const int64_t first = index * block, count = std::min(block, tiles - first);
        const auto v = at::empty({16 * v_step}, bias.options()), m = at::empty({16 * m_step}, bias.options());
        transform_inputs(pixels, zeros, v.mutable_data_ptr<float>(), shape, first, count, v_step);
        auto products = m.as_strided({16, count, part}, {m_step, part, 1});
        at::bmm_out(products, v.as_strided({16, count, shape.inputs}, {v_step, shape.inputs, 1}), right);
        transform_outputs(floats(m), shift, to, shape, first, count, m_step, from, part);
    });
}

/// The convolution of pictures with a border of one, in their memory order.
///
/// - `known`: all of the filters' U, if they are not to be made here.
at::Tensor convolve_with(
    const at::Tensor &input, const Filters &filters, const at::Tensor &bias, const std::optional<at::Tensor> &known) {
    const auto innermost = at::MemoryFormat::ChannelsLast;
    const auto pictures = input.contiguous(innermost), shift = bias.contiguous();
    auto result =
        at::empty({input.size(0), filters.outputs, input.size(2), input.size(3)}, input.options(), innermost);
    if (result.numel() == 0) return result;
    if (known.has_value()) {
        convolve_part(pictures, *known, shift, result, 0);
    } else {
        const int64_t most = std::max(most_filter_bytes / (64 * filters.inputs) / lanes * lanes, lanes);
        for (int64_t from = 0; from < filters.outputs; from += most) {
            const int64_t count = std::min(most, filters.outputs - from);
            convolve_part(pictures, transformed(filters, from, count), shift, result, from);
        }
    }
    return input.is_contiguous() ? result.contiguous() : result;
}

at::Tensor convolve(
    const at::Tensor &input, const at::Tensor &weight, const at::Tensor &bias,
    const std::optional<at::Tensor> &known) {
    check(weight);
    TORCH_CHECK(
        input.dim() == 4 && input.size(1) == weight.size(1) && input.scalar_type() == at::kFloat
            && bias.sizes() == at::IntArrayRef({weight.size(0)}),
        "cannot convolve ", input.sizes(), " with ", weight.sizes(), " and a bias of ", bias.sizes());
    return convolve_with(input, Filters(weight), bias, known);
}

/// Gradients: that to the input is a convolution with turned filters, those to filters and bias are libtorch's.
struct Convolution : torch::autograd::Function<Convolution> {
    static at::Tensor forward(
        torch::autograd::AutogradContext *context, const at::Tensor &input, const at::Tensor &weight,
        const at::Tensor &bias, const std::optional<at::Tensor> &known) {
        at::AutoDispatchBelowADInplaceOrView plain;
        context->save_for_backward({input, weight});
        return convolve(input, weight, bias, known);
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext *context, torch::autograd::variable_list outgoing) {
        const auto saved = context->get_saved_variables();
        const auto &input = saved[0], &weight = saved[1], &gradient = outgoing[0];
        at::Tensor to_input, to_weight, to_bias;
        if (context->needs_input_grad(0)) {
            to_input = convolve_with(
                gradient, Filters(weight, true), at::zeros({weight.size(1)}, at::kFloat), std::nullopt);
        }
        if (context->needs_input_grad(1) || context->needs_input_grad(2)) {
            std::tie(std::ignore, to_weight, to_bias) = at::convolution_backward(
                gradient, input, weight, at::IntArrayRef({weight.size(0)}), {1, 1}, {1, 1}, {1, 1}, false, {0, 0},
                1, {false, context->needs_input_grad(1), context->needs_input_grad(2)});
        }
        return {to_input, to_weight, to_bias, at::Tensor()};
    }
};

at::Tensor convolve_with_gradients(
    const at::Tensor &input, const at::Tensor &weight, const at::Tensor &bias,
    const std::optional<at::Tensor> &known) {
    return Convolution::apply(input, weight, bias, known);
}

// The same in shapes alone.

at::Tensor filters_shape(const at::Tensor &weight) {
    return at::empty({16, weight.size(0), weight.size(1)}, weight.options());
}

at::Tensor convolved_shape(
    const at::Tensor &input, const at::Tensor &weight, const at::Tensor &, const std::optional<at::Tensor> &) {
    return at::empty(
        {input.size(0), weight.size(0), input.size(2), input.size(3)}, input.options(),
        input.suggest_memory_format());
}

}  // namespace

TORCH_LIBRARY(pentimento, library) {
    library.def("winograd_filters(Tensor weight) -> Tensor");
    library.def("winograd_convolution(Tensor input, Tensor weight, Tensor bias, Tensor? filters) -> Tensor");
}

TORCH_LIBRARY_IMPL(pentimento, CPU, library) {
    library.impl("winograd_filters", filters);
    library.impl("winograd_convolution", convolve);
}

TORCH_LIBRARY_IMPL(pentimento, Meta, library) {
    library.impl("winograd_filters", filters_shape);
    library.impl("winograd_convolution", convolved_shape);
}

TORCH_LIBRARY_IMPL(pentimento, AutogradCPU, library) {
    library.impl("winograd_convolution", convolve_with_gradients);
}
