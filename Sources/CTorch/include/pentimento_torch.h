/// The C boundary between Pentimento and libtorch.
///
/// One boxed call reaches every ATen operator by name; the rest is what no operator offers: bytes in and out,
/// gradients, random generators, threads. The functions live in a dynamic library of their own
/// (`Torch/pentimento_torch.cpp`), which is opened at run time and hands over one table, so that another libtorch
/// (CUDA, another version) is another build of that one file, and a program starts without any.
///
/// Ownership: every tensor, operator or generator handle that comes back through an out-pointer or a result is owned
/// by the caller (+1) and goes back through the matching `release` function; arguments are borrowed.
///
/// Errors: a function that can fail answers a `PTStatus`; the text is then in `last_error()` (per thread, valid until
/// the next failing call on that thread). No C++ exception crosses this boundary.
#ifndef PENTIMENTO_TORCH_H
#define PENTIMENTO_TORCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Raised whenever the table below changes.
#define PT_INTERFACE_VERSION 4

typedef struct PTTensorBox *PTTensor;
typedef struct PTOperatorBox *PTOperator;
typedef struct PTGeneratorBox *PTGenerator;

typedef enum {
    PT_OK = 0,
    /// The allocator had no room.
    PT_OUT_OF_MEMORY = 1,
    /// libtorch refused the call (shapes, dtypes, indices …).
    PT_REFUSED = 2,
    /// libtorch has no such operator, or not for this device or dtype.
    PT_NOT_IMPLEMENTED = 3,
    /// Anything else.
    PT_FAILED = 4,
} PTStatus;

typedef enum {
    /// The operator's own default.
    PT_DEFAULT = 0,
    PT_NONE = 1,
    PT_TENSOR = 2,
    PT_INT = 3,
    PT_DOUBLE = 4,
    PT_BOOL = 5,
    PT_INTS = 6,
    PT_DOUBLES = 7,
    PT_TENSORS = 8,
    PT_STRING = 9,
    /// A device: `integer` is its type (0 CPU, 1 CUDA), `count` its index.
    PT_DEVICE = 10,
    PT_GENERATOR = 11,
} PTKind;

/// A part of a computation that can be run again: owned inputs in, one owned result out.
typedef PTTensor (*PTSegment)(void *context, const PTTensor *inputs, int64_t count);

/// How a thread computes. A call that the allocator has no room for answers `PT_OUT_OF_MEMORY` in either of the first
/// two; they tell the caller whether anybody is there to be told.
typedef enum {
    /// Nobody recovers from a lack of memory.
    PT_UNGUARDED = 0,
    /// Somebody does.
    PT_GUARDED = 1,
    /// Memory ran out, and the thread is on its way to whoever recovers. What is computed has a shape and a dtype, and no
    /// numbers; it reads as zeros. Nothing is written to tensors that have numbers.
    PT_SHAPES_ONLY = 2,
} PTMode;

/// One argument or result of a boxed call.
typedef struct {
    PTKind kind;
    int64_t count;
    union {
        PTTensor tensor;
        int64_t integer;
        double number;
        bool flag;
        const int64_t *integers;
        const double *numbers;
        const PTTensor *tensors;
        const char *text;
        PTGenerator generator;
    } as;
} PTValue;

/// libtorch's own numbers for element types.
typedef enum {
    PT_UINT8 = 0,
    PT_INT32 = 3,
    PT_INT64 = 4,
    PT_FLOAT16 = 5,
    PT_FLOAT32 = 6,
    PT_FLOAT64 = 7,
    PT_BOOLEAN = 11,
    PT_BFLOAT16 = 15,
} PTElement;

typedef struct {
    /// `PT_INTERFACE_VERSION` of the library.
    int64_t interface_version;

    const char *(*version)(void);
    const char *(*last_error)(void);
    int64_t (*cuda_device_count)(void);
    /// Peak bytes the CUDA allocator held on a device; 0 without CUDA.
    int64_t (*cuda_peak_bytes)(int64_t device);
    void (*synchronize)(int64_t device);
    int64_t (*thread_count)(void);
    void (*set_thread_count)(int64_t count);

    PTStatus (*operator_named)(const char *name, const char *overload, PTOperator *result);
    /// Calls an operator with its leading `count` arguments; arguments not given take their defaults.
    /// Results that are tensors (or lists of them) come one per slot; `result_count` is how many there are.
    PTStatus (*call)(
        PTOperator op, const PTValue *arguments, int64_t count, PTValue *results, int64_t capacity,
        int64_t *result_count);

    /// Copies bytes into a new tensor on the CPU.
    PTStatus (*tensor_from_bytes)(
        const void *bytes, const int64_t *shape, int64_t rank, PTElement element, PTTensor *result);
    /// Wraps bytes that somebody else owns; `release(context)` is called when the last user is gone.
    PTStatus (*tensor_over_bytes)(
        void *bytes, const int64_t *shape, int64_t rank, PTElement element, void (*release)(void *context),
        void *context, PTTensor *result);
    /// Copies a tensor's elements, in row-major order, to `destination` of exactly `byte_count` bytes.
    PTStatus (*tensor_to_bytes)(PTTensor tensor, void *destination, int64_t byte_count);
    void (*tensor_release)(PTTensor tensor);
    int64_t (*tensor_rank)(PTTensor tensor);
    void (*tensor_shape)(PTTensor tensor, int64_t *shape);
    PTElement (*tensor_element)(PTTensor tensor);
    /// The device's type (0 CPU, 1 CUDA) and index.
    void (*tensor_device)(PTTensor tensor, int64_t *type, int64_t *index);
    bool (*tensor_is_contiguous)(PTTensor tensor);

    PTStatus (*set_requires_gradient)(PTTensor tensor, bool wanted);
    bool (*requires_gradient)(PTTensor tensor);
    /// Gradients of a scalar with respect to tensors; a tensor it does not depend on gets a null result.
    PTStatus (*gradients)(
        PTTensor scalar, const PTTensor *tensors, int64_t count, bool keep_graph, PTTensor *results);
    /// Whether operations are recorded for gradients on this thread; answers the former setting.
    bool (*set_gradient_mode)(bool enabled);

    /// A random generator of a device (its type, 0 CPU or 1 CUDA, and index).
    PTStatus (*generator_create)(uint64_t seed, int64_t type, int64_t index, PTGenerator *result);
    void (*generator_release)(PTGenerator generator);

    /// Another handle of the same tensor.
    PTTensor (*tensor_retain)(PTTensor tensor);
    /// Runs a segment without keeping what its gradients need; the backward pass runs it again.
    /// `parameters` are leaves that the segment reads by itself. `release(context)` is called at the end.
    PTStatus (*checkpoint)(
        PTSegment segment, void *context, void (*release)(void *context), const PTTensor *inputs, int64_t count,
        const PTTensor *parameters, int64_t parameter_count, PTTensor *result);

    /// Calls body(context, 0), …, body(context, count - 1) on so many threads, each call whole on one of them and the
    /// operators in it on that one too; returns when all are done. Gradient mode is each thread's own.
    /// `PT_SHAPES_ONLY` goes from the caller to all of them, and from any of them to the caller.
    void (*side_by_side)(
        int64_t count, int64_t threads, void (*body)(void *context, int64_t index), void *context);

    /// How this thread computes.
    PTMode (*mode)(void);
    void (*set_mode)(PTMode mode);
    /// What the allocator said when this thread was last set to `PT_SHAPES_ONLY`.
    const char *(*lack_of_memory)(void);
} PTInterface;

/// The one symbol that the dynamic library exports.
#define PT_INTERFACE_SYMBOL "pentimento_torch_interface"

/// Opens the dynamic library at a path and answers its table, or null with a reason in `message`.
const PTInterface *pt_open(const char *path, char *message, size_t capacity);

/// Lets `malloc` keep the memory of freed tensors for the next ones, in the whole process and for good.
void pt_keep_freed_memory(void);

/// The folder of the package that this program was built from.
const char *pt_package_directory(void);

#ifdef __cplusplus
}
#endif

#endif
