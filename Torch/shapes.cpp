// Shapes of answers, for tensors without numbers (device "meta"), where libtorch's C++ has no kernel that tells them.
//
// What is computed after memory ran out is computed in shapes alone, see `PT_SHAPES_ONLY` in pentimento_torch.h.

#include <ATen/ATen.h>
#include <torch/library.h>

namespace {

using at::Tensor;

Tensor same(const Tensor &input) { return at::empty_like(input); }

Tensor flip(const Tensor &input, at::IntArrayRef) { return at::empty_like(input); }

Tensor roll(const Tensor &input, at::IntArrayRef, at::IntArrayRef) { return at::empty_like(input); }

Tensor where(const Tensor &condition, const Tensor &yes, const Tensor &no) {
    auto shape = at::infer_size(at::infer_size(condition.sizes(), yes.sizes()), no.sizes());
    return at::empty(shape, yes.options().dtype(at::result_type(yes, no)));
}

Tensor &where_out(const Tensor &condition, const Tensor &yes, const Tensor &no, Tensor &result) {
    result.resize_(at::infer_size(at::infer_size(condition.sizes(), yes.sizes()), no.sizes()));
    return result;
}

Tensor index_select(const Tensor &input, int64_t dimension, const Tensor &indices) {
    auto shape = input.sizes().vec();
    shape[dimension < 0 ? dimension + input.dim() : dimension] = indices.numel();
    return at::empty(shape, input.options());
}

bool equal(const Tensor &, const Tensor &) { return true; }

Tensor convolution(
    const Tensor &input, const Tensor &weight, const std::optional<Tensor> &, at::IntArrayRef stride,
    at::IntArrayRef padding, at::IntArrayRef dilation, bool, at::IntArrayRef, int64_t) {
    std::vector<int64_t> shape{input.size(0), weight.size(0)};
    for (size_t i = 0; i + 2 < static_cast<size_t>(input.dim()); ++i) {
        const int64_t reach = dilation[i] * (weight.size(i + 2) - 1) + 1;
        shape.push_back((input.size(i + 2) + 2 * padding[i] - reach) / stride[i] + 1);
    }
    return at::empty(shape, input.options(), input.suggest_memory_format());
}

std::tuple<Tensor, Tensor, Tensor> group_norm(
    const Tensor &input, const std::optional<Tensor> &, const std::optional<Tensor> &, int64_t count, int64_t, int64_t,
    int64_t groups, double) {
    auto moments = at::empty({count, groups}, input.options());
    return {at::empty_like(input), moments, moments};
}

std::tuple<Tensor, Tensor, Tensor> layer_norm(
    const Tensor &input, at::IntArrayRef normalized, const std::optional<Tensor> &, const std::optional<Tensor> &,
    double) {
    auto shape = input.sizes().vec();
    std::fill(shape.end() - static_cast<ptrdiff_t>(normalized.size()), shape.end(), 1);
    auto moments = at::empty(shape, input.options());
    return {at::empty_like(input), moments, moments};
}

// Without the products of all queries with all keys, which may be more than any tensor holds.
Tensor attention(
    const Tensor &query, const Tensor &, const Tensor &value, const std::optional<Tensor> &, double, bool,
    std::optional<double>, bool) {
    auto shape = query.sizes().vec();
    shape.back() = value.size(-1);
    return at::empty(shape, query.options());
}

void adamw(
    at::TensorList, at::TensorList, at::TensorList, at::TensorList, at::TensorList, at::TensorList, double, double,
    double, double, double, bool, bool, const std::optional<Tensor> &, const std::optional<Tensor> &) {}

Tensor permutation(
    int64_t count, std::optional<at::Generator>, std::optional<at::ScalarType> dtype, std::optional<at::Layout>,
    std::optional<at::Device>, std::optional<bool>) {
    return at::empty({count}, at::TensorOptions().dtype(dtype.value_or(at::kLong)).device(at::kMeta));
}

Tensor linear_shape(const Tensor &input, const Tensor &weight) {
    auto shape = input.sizes().vec();
    shape.back() = weight.size(0);
    return at::empty(shape, input.options());
}

Tensor linear(
    const Tensor &input, const Tensor &weight, const std::optional<Tensor> &, std::string_view,
    c10::List<std::optional<at::Scalar>>, std::optional<std::string_view>) {
    return linear_shape(input, weight);
}

Tensor linear_and_other(
    const Tensor &input, const Tensor &, const Tensor &weight, const std::optional<Tensor> &, std::string_view) {
    return linear_shape(input, weight);
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, Meta, library) {
    library.impl("abs", same);
    library.impl("relu", same);
    library.impl("flip", flip);
    library.impl("roll", roll);
    library.impl("where.self", where);
    library.impl("where.self_out", where_out);
    library.impl("index_select", index_select);
    library.impl("equal", equal);
    library.impl("convolution", convolution);
    library.impl("native_group_norm", group_norm);
    library.impl("native_layer_norm", layer_norm);
    library.impl("scaled_dot_product_attention", attention);
    library.impl("_fused_adamw_", adamw);
    library.impl("randperm.generator", permutation);
}

TORCH_LIBRARY_IMPL(mkldnn, Meta, library) {
    library.impl("_linear_pointwise", linear);
    library.impl("_linear_pointwise.binary", linear_and_other);
}
