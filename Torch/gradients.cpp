// Gradients behind the C boundary, and segments that are computed twice to save memory.

#include "boundary.h"

#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include <vector>

namespace pentimento {

PTStatus gradients(
    PTTensor scalar, const PTTensor *tensors, int64_t count, bool keep_graph, PTTensor *results) {
    return guarded([&] {
        std::vector<at::Tensor> inputs;
        for (int64_t i = 0; i < count; ++i) inputs.push_back(tensors[i]->value);
        auto found = torch::autograd::grad(
            {scalar->value}, inputs, /*grad_outputs=*/{}, keep_graph, /*create_graph=*/false,
            /*allow_unused=*/true);
        for (int64_t i = 0; i < count; ++i) results[i] = found[i].defined() ? boxed(found[i]) : nullptr;
    });
}

namespace {

/// A segment and what it closes over; reference-counted, so that it lives as long as a graph needs it.
struct Segment : torch::CustomClassHolder {
    PTSegment run;
    void *context;
    void (*dispose)(void *);
    size_t input_count;
    /// That of the thread which asked for the segment.
    PTMode mode = current_mode;

    Segment(PTSegment run, void *context, void (*dispose)(void *), size_t input_count)
        : run(run), context(context), dispose(dispose), input_count(input_count) {}

    ~Segment() override { dispose(context); }

    at::Tensor operator()(const std::vector<at::Tensor> &inputs) const {
        std::vector<PTTensor> handles;
        for (const auto &input : inputs) handles.push_back(boxed(input));
        PTMode own = current_mode;
        current_mode = mode;
        PTTensor result = run(context, handles.data(), static_cast<int64_t>(handles.size()));
        at::Tensor value = result->value;
        delete result;
        bool has_numbers = current_mode != PT_SHAPES_ONLY;
        current_mode = own;
        // The thread may be one of libtorch's: whoever asked for the segment is told.
        TORCH_CHECK_WITH(OutOfMemoryError, has_numbers, lack_of_memory_text);
        return value;
    }
};

/// Forward without a graph; backward computes the segment again with one (Chen et al. 2016).
struct Checkpoint : torch::autograd::Function<Checkpoint> {
    static at::Tensor forward(
        torch::autograd::AutogradContext *context, c10::intrusive_ptr<Segment> segment,
        at::TensorList tensors) {
        context->save_for_backward(tensors.vec());
        context->saved_data["segment"] = c10::IValue::make_capsule(segment);
        at::AutoGradMode off(false);
        return (*segment)({tensors.begin(), tensors.begin() + static_cast<ptrdiff_t>(segment->input_count)});
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext *context, torch::autograd::variable_list outgoing) {
        auto held = context->saved_data["segment"].toCapsule();
        auto *segment = static_cast<Segment *>(held.get());
        auto saved = context->get_saved_variables();
        at::AutoGradMode on(true);
        std::vector<at::Tensor> inputs;
        torch::autograd::variable_list wanted;
        std::vector<size_t> places;
        for (size_t i = 0; i < saved.size(); ++i) {
            bool is_input = i < segment->input_count;
            auto tensor = is_input ? saved[i].detach().set_requires_grad(saved[i].requires_grad()) : saved[i];
            if (is_input) inputs.push_back(tensor);
            if (tensor.requires_grad()) {
                wanted.push_back(tensor);
                places.push_back(i);
            }
        }
        auto output = (*segment)(inputs);
        auto found = torch::autograd::grad({output}, wanted, outgoing, false, false, /*allow_unused=*/true);
        torch::autograd::variable_list result(saved.size() + 1);  // the segment itself comes first
        for (size_t i = 0; i < places.size(); ++i) result[places[i] + 1] = found[i];
        return result;
    }
};

}  // namespace

PTStatus checkpoint(
    PTSegment segment, void *context, void (*release)(void *), const PTTensor *inputs, int64_t count,
    const PTTensor *parameters, int64_t parameter_count, PTTensor *result) {
    return guarded([&] {
        auto shared = c10::make_intrusive<Segment>(segment, context, release, static_cast<size_t>(count));
        std::vector<at::Tensor> tensors;
        for (int64_t i = 0; i < count; ++i) tensors.push_back(inputs[i]->value);
        for (int64_t i = 0; i < parameter_count; ++i) tensors.push_back(parameters[i]->value);
        *result = boxed(Checkpoint::apply(shared, at::TensorList(tensors)));
    });
}

}  // namespace pentimento
