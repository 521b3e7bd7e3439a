// What the parts of the boundary share: handles, errors, and what is known of memory running out.
#pragma once

#include "../Sources/CTorch/include/pentimento_torch.h"

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>

#include <exception>
#include <new>
#include <string>

struct PTTensorBox {
    at::Tensor value;
};

struct PTOperatorBox {
    c10::OperatorHandle handle;
};

struct PTGeneratorBox {
    at::Generator value;
};

namespace pentimento {

inline thread_local std::string last_error_text;

inline PTStatus failed(PTStatus status, const std::string &text) {
    last_error_text = text;
    return status;
}

/// Runs `body`; an exception becomes a status and a message.
template <typename Body>
PTStatus guarded(Body body) {
    try {
        body();
        return PT_OK;
    } catch (const c10::OutOfMemoryError &error) {
        return failed(PT_OUT_OF_MEMORY, error.what_without_backtrace());
    } catch (const c10::NotImplementedError &error) {
        return failed(PT_NOT_IMPLEMENTED, error.what_without_backtrace());
    } catch (const c10::Error &error) {
        std::string text = error.what_without_backtrace();
        // The CPU allocator has no exception type of its own.
        bool memory = text.find("DefaultCPUAllocator") != std::string::npos
            || text.find("not enough memory") != std::string::npos
            || text.find("Storage size calculation overflowed") != std::string::npos;
        return failed(memory ? PT_OUT_OF_MEMORY : PT_REFUSED, text);
    } catch (const std::bad_alloc &) {
        return failed(PT_OUT_OF_MEMORY, "the allocator had no room");
    } catch (const std::exception &error) {
        return failed(PT_FAILED, error.what());
    } catch (...) {
        return failed(PT_FAILED, "an exception of unknown type");
    }
}

inline thread_local PTMode current_mode = PT_UNGUARDED;
inline thread_local std::string lack_of_memory_text;

inline PTTensor boxed(at::Tensor value) { return new PTTensorBox{std::move(value)}; }

// gradients.cpp

PTStatus gradients(
    PTTensor scalar, const PTTensor *tensors, int64_t count, bool keep_graph, PTTensor *results);

PTStatus checkpoint(
    PTSegment segment, void *context, void (*release)(void *), const PTTensor *inputs, int64_t count,
    const PTTensor *parameters, int64_t parameter_count, PTTensor *result);

}  // namespace pentimento
