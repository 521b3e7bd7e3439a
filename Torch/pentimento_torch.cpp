// libtorch behind the C boundary of Sources/CTorch/include/pentimento_torch.h.
//
// Every function catches everything; nothing is kept between calls but the last error.

#include "boundary.h"
#include "threads.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/grad_mode.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/version.h>

#include <atomic>
#include <cstring>
#include <vector>

namespace {

using namespace pentimento;

/// A tensor's shape, memory order and dtype without its numbers.
at::Tensor shape_of(const at::Tensor &tensor) {
    if (!tensor.defined() || tensor.is_meta()) return tensor;
    return at::empty_strided(tensor.sizes(), tensor.strides(), tensor.options().device(at::kMeta));
}

/// Arguments of an operator as they are where only shapes are computed.
void keep_shapes(c10::Stack &stack) {
    for (auto &value : stack) {
        if (value.isTensor()) {
            value = shape_of(value.toTensor());
        } else if (value.isTensorList()) {
            c10::List<at::Tensor> list;
            for (const at::Tensor &item : value.toTensorList()) list.push_back(shape_of(item));
            value = list;
        } else if (value.isOptionalTensorList()) {
            c10::List<std::optional<at::Tensor>> list;
            for (const std::optional<at::Tensor> item : value.toOptionalTensorList()) {
                list.push_back(item ? std::optional(shape_of(*item)) : item);
            }
            value = list;
        } else if (value.isDevice()) {
            value = c10::Device(at::kMeta);
        }
    }
}

/// Whether an argument has lost its numbers.
bool lacks_numbers(const c10::IValue &value) {
    if (value.isTensor()) return value.toTensor().defined() && value.toTensor().is_meta();
    if (!value.isTensorList()) return false;
    for (const at::Tensor &item : value.toTensorList()) {
        if (item.is_meta()) return true;
    }
    return false;
}

/// An argument as the operator's schema wants it: integers widen to floating point where it asks for that.
c10::IValue argument_value(const PTValue &value, const c10::Argument &expected) {
    switch (value.kind) {
    case PT_DEFAULT:
        TORCH_CHECK(expected.default_value().has_value(), "argument '", expected.name(), "' has no default");
        return *expected.default_value();
    case PT_NONE: return c10::IValue();
    case PT_TENSOR: return value.as.tensor->value;
    case PT_INT: {
        auto type = expected.real_type();
        if (type->kind() == c10::TypeKind::OptionalType) {
            type = type->expectRef<c10::OptionalType>().getElementType();
        }
        if (type->kind() == c10::TypeKind::FloatType) return static_cast<double>(value.as.integer);
        return value.as.integer;
    }
    case PT_DOUBLE: return value.as.number;
    case PT_BOOL: return value.as.flag;
    case PT_INTS: {
        auto type = expected.real_type();
        if (value.count == 0 && type->kind() == c10::TypeKind::ListType) {
            return c10::impl::GenericList(type->expectRef<c10::ListType>().getElementType());
        }
        return c10::List<int64_t>(at::IntArrayRef(value.as.integers, value.count));
    }
    case PT_DOUBLES: return c10::List<double>(at::ArrayRef<double>(value.as.numbers, value.count));
    case PT_TENSORS: {
        auto type = expected.real_type();
        if (type->kind() == c10::TypeKind::ListType
            && type->expectRef<c10::ListType>().getElementType()->kind() == c10::TypeKind::OptionalType) {
            c10::List<std::optional<at::Tensor>> list;
            for (int64_t i = 0; i < value.count; ++i) {
                auto item = value.as.tensors[i];
                list.push_back(item == nullptr ? std::optional<at::Tensor>() : item->value);
            }
            return list;
        }
        c10::List<at::Tensor> list;
        for (int64_t i = 0; i < value.count; ++i) list.push_back(value.as.tensors[i]->value);
        return list;
    }
    case PT_STRING: return std::string(value.as.text, value.count);
    case PT_DEVICE:
        return c10::Device(
            value.as.integer == 0 ? c10::DeviceType::CPU : c10::DeviceType::CUDA,
            static_cast<c10::DeviceIndex>(value.as.integer == 0 ? -1 : value.count));
    case PT_GENERATOR: return value.as.generator->value;
    }
    TORCH_CHECK(false, "unknown kind of argument ", static_cast<int>(value.kind));
}

void push_result(const c10::IValue &value, std::vector<PTValue> &results) {
    PTValue result{};
    if (value.isTensor()) {
        result.kind = value.toTensor().defined() ? PT_TENSOR : PT_NONE;
        if (result.kind == PT_TENSOR) result.as.tensor = boxed(value.toTensor());
    } else if (value.isTensorList()) {
        for (const at::Tensor &item : value.toTensorList()) {
            PTValue slot{};
            slot.kind = PT_TENSOR;
            slot.as.tensor = boxed(item);
            results.push_back(slot);
        }
        return;
    } else if (value.isInt()) {
        result.kind = PT_INT;
        result.as.integer = value.toInt();
    } else if (value.isDouble()) {
        result.kind = PT_DOUBLE;
        result.as.number = value.toDouble();
    } else if (value.isBool()) {
        result.kind = PT_BOOL;
        result.as.flag = value.toBool();
    } else if (value.isScalar()) {
        result.kind = PT_DOUBLE;
        result.as.number = value.toScalar().toDouble();
    } else {
        result.kind = PT_NONE;
    }
    results.push_back(result);
}

const char *version() { return TORCH_VERSION; }

const char *last_error() { return last_error_text.c_str(); }

int64_t cuda_device_count() {
    try {
        return at::globalContext().hasCUDA() ? at::detail::getCUDAHooks().deviceCount() : 0;
    } catch (...) {
        return 0;
    }
}

int64_t cuda_peak_bytes(int64_t device) {
    try {
        if (!at::globalContext().hasCUDA()) return 0;
        auto *allocator = at::getDeviceAllocator(c10::DeviceType::CUDA);
        return allocator->getDeviceStats(static_cast<c10::DeviceIndex>(device)).allocated_bytes[0].peak;
    } catch (...) {
        return 0;
    }
}

void synchronize(int64_t device) {
    guarded([&] {
        c10::impl::VirtualGuardImpl guard(c10::DeviceType::CUDA);
        guard.synchronizeDevice(static_cast<c10::DeviceIndex>(device));
    });
}

int64_t thread_count() { return at::get_num_threads(); }

void set_thread_count(int64_t count) {
    guarded([&] { at::set_num_threads(static_cast<int>(count)); });
}

PTStatus operator_named(const char *name, const char *overload, PTOperator *result) {
    return guarded([&] {
        auto handle = c10::Dispatcher::singleton().findSchema({name, overload});
        if (!handle.has_value()) {
            TORCH_CHECK_NOT_IMPLEMENTED(
                false, "libtorch " TORCH_VERSION " has no operator ", name, *overload ? "." : "", overload);
        }
        *result = new PTOperatorBox{*handle};
    });
}

PTStatus call(
    PTOperator op, const PTValue *arguments, int64_t count, PTValue *results, int64_t capacity,
    int64_t *result_count) {
    return guarded([&] {
        const auto &expected = op->handle.schema().arguments();
        TORCH_CHECK(
            count <= static_cast<int64_t>(expected.size()), "takes ", expected.size(), " arguments, not ", count);
        c10::Stack stack;
        stack.reserve(expected.size());
        PTValue absent{};
        for (size_t i = 0; i < expected.size(); ++i) {
            stack.push_back(argument_value(static_cast<int64_t>(i) < count ? arguments[i] : absent, expected[i]));
        }
        if (current_mode == PT_SHAPES_ONLY) {
            keep_shapes(stack);
        } else {
            for (const auto &value : stack) {
                TORCH_CHECK_WITH(OutOfMemoryError, !lacks_numbers(value), "a tensor was left without numbers");
            }
        }
        op->handle.callBoxed(&stack);
        std::vector<PTValue> found;
        for (const auto &value : stack) push_result(value, found);
        if (static_cast<int64_t>(found.size()) > capacity) {
            for (auto &value : found) {
                if (value.kind == PT_TENSOR) delete value.as.tensor;
            }
            TORCH_CHECK(false, "answers ", found.size(), " values where ", capacity, " were expected");
        }
        std::copy(found.begin(), found.end(), results);
        *result_count = static_cast<int64_t>(found.size());
    });
}

at::TensorOptions options_of(PTElement element) {
    return at::TensorOptions().dtype(static_cast<at::ScalarType>(element)).device(at::kCPU);
}

PTStatus tensor_from_bytes(
    const void *bytes, const int64_t *shape, int64_t rank, PTElement element, PTTensor *result) {
    return guarded([&] {
        bool has_numbers = current_mode != PT_SHAPES_ONLY;
        auto options = options_of(element).device(has_numbers ? at::kCPU : at::kMeta);
        auto tensor = at::empty(at::IntArrayRef(shape, rank), options);
        if (has_numbers && tensor.nbytes() > 0) std::memcpy(tensor.data_ptr(), bytes, tensor.nbytes());
        *result = boxed(tensor);
    });
}

PTStatus tensor_over_bytes(
    void *bytes, const int64_t *shape, int64_t rank, PTElement element, void (*release)(void *context),
    void *context, PTTensor *result) {
    return guarded([&] {
        auto tensor = at::from_blob(
            bytes, at::IntArrayRef(shape, rank), [release, context](void *) { release(context); },
            options_of(element));
        *result = boxed(tensor);
    });
}

PTStatus tensor_to_bytes(PTTensor tensor, void *destination, int64_t byte_count) {
    return guarded([&] {
        if (current_mode == PT_SHAPES_ONLY) {
            std::memset(destination, 0, byte_count);
            return;
        }
        TORCH_CHECK_WITH(OutOfMemoryError, !lacks_numbers(tensor->value), "a tensor was left without numbers");
        auto plain = tensor->value.detach().to(at::kCPU).contiguous();
        TORCH_CHECK(
            static_cast<int64_t>(plain.nbytes()) == byte_count, "holds ", plain.nbytes(), " bytes, not ",
            byte_count);
        if (byte_count > 0) std::memcpy(destination, plain.data_ptr(), plain.nbytes());
    });
}

PTTensor tensor_retain(PTTensor tensor) { return boxed(tensor->value); }

void tensor_release(PTTensor tensor) { delete tensor; }

int64_t tensor_rank(PTTensor tensor) { return tensor->value.dim(); }

void tensor_shape(PTTensor tensor, int64_t *shape) {
    auto sizes = tensor->value.sizes();
    std::copy(sizes.begin(), sizes.end(), shape);
}

PTElement tensor_element(PTTensor tensor) { return static_cast<PTElement>(tensor->value.scalar_type()); }

void tensor_device(PTTensor tensor, int64_t *type, int64_t *index) {
    *type = tensor->value.is_cuda() ? 1 : 0;
    *index = tensor->value.is_cuda() ? tensor->value.device().index() : 0;
}

bool tensor_is_contiguous(PTTensor tensor) { return tensor->value.is_contiguous(); }

PTStatus set_requires_gradient(PTTensor tensor, bool wanted) {
    return guarded([&] { tensor->value.set_requires_grad(wanted); });
}

bool requires_gradient(PTTensor tensor) { return tensor->value.requires_grad(); }

void side_by_side(int64_t count, int64_t threads, void (*body)(void *context, int64_t index), void *context) {
    const PTMode before = current_mode;
    std::atomic<bool> ran_out{false};
    std::string text;
    for_each(count, threads, [&](int64_t index) {
        const PTMode own = current_mode;
        current_mode = before;
        body(context, index);
        if (current_mode != before && !ran_out.exchange(true)) text = lack_of_memory_text;
        current_mode = own;
    });
    if (ran_out) {
        current_mode = PT_SHAPES_ONLY;
        lack_of_memory_text = text;
    }
}

PTMode mode() { return current_mode; }

void set_mode(PTMode mode) {
    if (mode == PT_SHAPES_ONLY) lack_of_memory_text = last_error_text;
    current_mode = mode;
}

const char *lack_of_memory() { return lack_of_memory_text.c_str(); }

bool set_gradient_mode(bool enabled) {
    bool before = at::GradMode::is_enabled();
    at::GradMode::set_enabled(enabled);
    return before;
}

PTStatus generator_create(uint64_t seed, int64_t type, int64_t index, PTGenerator *result) {
    return guarded([&] {
        if (type == 0) {
            *result = new PTGeneratorBox{at::detail::createCPUGenerator(seed)};
            return;
        }
        const c10::Device device(c10::DeviceType::CUDA, static_cast<c10::DeviceIndex>(index));
        auto generator = at::globalContext().defaultGenerator(device).clone();
        generator.set_current_seed(seed);
        *result = new PTGeneratorBox{std::move(generator)};
    });
}

void generator_release(PTGenerator generator) { delete generator; }

const PTInterface table = {
    PT_INTERFACE_VERSION,
    version,
    last_error,
    cuda_device_count,
    cuda_peak_bytes,
    synchronize,
    thread_count,
    set_thread_count,
    operator_named,
    call,
    tensor_from_bytes,
    tensor_over_bytes,
    tensor_to_bytes,
    tensor_release,
    tensor_rank,
    tensor_shape,
    tensor_element,
    tensor_device,
    tensor_is_contiguous,
    set_requires_gradient,
    requires_gradient,
    gradients,
    set_gradient_mode,
    generator_create,
    generator_release,
    tensor_retain,
    checkpoint,
    side_by_side,
    mode,
    set_mode,
    lack_of_memory,
};

}  // namespace

extern "C" __attribute__((visibility("default"))) const PTInterface *pentimento_torch_interface(void) {
    // float32 means 32 bits: cuDNN would keep ten of 23 digits in convolutions. Whoever wants speed asks for 16 bits.
    at::globalContext().setAllowTF32CuDNN(false);
    return &table;
}
