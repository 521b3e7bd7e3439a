internal import CTorch
import Support

/// Every operator that the package calls, by libtorch's `name.overload`; `pentimento`'s are those of `Torch/winograd.cpp`.
///
/// Adding one is a line here and a line where `Tensor` gives it a Swift name.
enum Operator: String, CaseIterable {
    // Arithmetic
    case add = "aten::add.Tensor"
    case addNumber = "aten::add.Scalar"
    case subtract = "aten::sub.Tensor"
    case subtractFromNumber = "aten::rsub.Scalar"
    case multiply = "aten::mul.Tensor"
    case multiplyNumber = "aten::mul.Scalar"
    case divide = "aten::div.Tensor"
    case divideNumber = "aten::div.Scalar"
    case negative = "aten::neg"
    case power = "aten::pow.Tensor_Scalar"
    case squareRoot = "aten::sqrt"
    case exp = "aten::exp"
    case logarithm = "aten::log"
    case absolute = "aten::abs"
    case sin = "aten::sin"
    case cos = "aten::cos"
    case arcsin = "aten::asin"
    case tanh = "aten::tanh"
    case sigmoid = "aten::sigmoid"
    case silu = "aten::silu"
    case gelu = "aten::gelu"
    case relu = "aten::relu"
    case mish = "aten::mish"
    case leakyRelu = "aten::leaky_relu"
    case clamp = "aten::clamp"
    case round = "aten::round"
    case minimum = "aten::minimum"
    case maximum = "aten::maximum"
    case greaterNumber = "aten::gt.Scalar"
    case greater = "aten::gt.Tensor"
    case lessNumber = "aten::lt.Scalar"
    case equalNumber = "aten::eq.Scalar"
    case equalAll = "aten::equal"
    case isFinite = "aten::isfinite"
    case all = "aten::all"
    case choose = "aten::where.self"
    // Shape
    case reshape = "aten::reshape"
    case permute = "aten::permute"
    case transpose = "aten::transpose.int"
    case unsqueeze = "aten::unsqueeze"
    case squeeze = "aten::squeeze.dim"
    case expand = "aten::expand"
    case repeatElements = "aten::repeat"
    case concatenate = "aten::cat"
    case stack = "aten::stack"
    case narrow = "aten::narrow"
    case select = "aten::select.int"
    case chunk = "aten::chunk"
    case indexSelect = "aten::index_select"
    case gather = "aten::gather"
    case flip = "aten::flip"
    case roll = "aten::roll"
    case contiguous = "aten::contiguous"
    case clone = "aten::clone"
    case detach = "aten::detach"
    case convert = "aten::to.device"
    // Making
    case full = "aten::full"
    case arange = "aten::arange.start_step"
    case randomNormal = "aten::randn.generator"
    case randomUniform = "aten::rand.generator"
    case randomIntegers = "aten::randint.low_generator"
    case randomPermutation = "aten::randperm.generator"
    // Reductions
    case sumAll = "aten::sum"
    case sum = "aten::sum.dim_IntList"
    case meanAll = "aten::mean"
    case mean = "aten::mean.dim"
    case amax = "aten::amax"
    case smallest = "aten::amin"
    case argmax = "aten::argmax"
    case vectorNorm = "aten::linalg_vector_norm"
    case cumulativeSum = "aten::cumsum"
    case sort = "aten::sort"
    // Networks
    case linear = "aten::linear"
    case fusedLinear = "mkldnn::_linear_pointwise"
    case fusedLinearAndOther = "mkldnn::_linear_pointwise.binary"
    case matmul = "aten::matmul"
    case solve = "aten::linalg_solve"
    case convolution = "aten::conv2d"
    case transposedConvolution = "aten::conv_transpose2d.input"
    case winogradFilters = "pentimento::winograd_filters"
    case winogradConvolution = "pentimento::winograd_convolution"
    case embedding = "aten::embedding"
    case groupNorm = "aten::group_norm"
    case layerNorm = "aten::layer_norm"
    case softmax = "aten::softmax.int"
    case logSoftmax = "aten::log_softmax.int"
    case attention = "aten::scaled_dot_product_attention"
    case upsampleNearest = "aten::upsample_nearest2d"
    case upsampleBilinear = "aten::upsample_bilinear2d"
    case resampleBilinear = "aten::_upsample_bilinear2d_aa"
    case upsampleBicubic = "aten::upsample_bicubic2d"
    case resampleBicubic = "aten::_upsample_bicubic2d_aa"
    case gridSample = "aten::grid_sampler_2d"
    case averagePool = "aten::avg_pool2d"
    case maxPool = "aten::max_pool2d"
    case pad = "aten::pad"
    // Matrices
    case singularValues = "aten::linalg_svdvals"
    case triangularise = "aten::linalg_qr"
    // In place, for optimisers and loading only
    case copyInPlace = "aten::copy_"
    case fusedAdamW = "aten::_fused_adamw_"
    case foreachLerpInPlace = "aten::_foreach_lerp_.Scalar"
    case foreachMultiplyInPlace = "aten::_foreach_mul_.Tensor"
    case foreachAddInPlace = "aten::_foreach_add_.Scalar"
    case foreachNorm = "aten::_foreach_norm.Scalar"
    case foreachCopyInPlace = "aten::_foreach_copy_"

    /// Position in `allCases`; a payload-free enum is its own ordinal in memory.
    var ordinal: Int { Int(unsafeBitCast(self, to: UInt8.self)) }

    private static let handles: [Result<OperatorHandle, OperatorMissing>] = allCases.map { $0.resolve() }

    /// Asks libtorch for the operator.
    func resolve() -> Result<OperatorHandle, OperatorMissing> {
        let parts = rawValue.split(separator: ".", maxSplits: 1).map(String.init)
        var handle: PTOperator?
        let status = Backend.table.operator_named(parts[0], parts.count > 1 ? parts[1] : "", &handle)
        guard status == PT_OK, let handle else {
            return .failure(OperatorMissing(name: rawValue, reason: Backend.lastError))
        }
        return .success(OperatorHandle(pointer: handle))
    }

    /// Calls the operator and answers its tensors.
    func results(_ arguments: [Argument]) -> [Tensor] {
        values(arguments).compactMap { if case .tensor(let tensor) = $0 { tensor } else { nil } }
    }

    /// Calls the operator and answers its first tensor.
    func callAsFunction(_ arguments: Argument...) -> Tensor {
        guard let first = results(arguments).first else { failTensor("\(rawValue) answered no tensor") }
        return first
    }

    /// Calls the operator for its effect on an argument.
    func perform(_ arguments: Argument...) {
        _ = values(arguments)
    }

    /// Calls the operator; a failure ends the process with the operator's name and the shapes, but for a lack of memory
    /// inside `guardingMemory`.
    func values(_ arguments: [Argument]) -> [Argument] {
        let handle: OperatorHandle
        switch Operator.handles[ordinal] {
        case .success(let found): handle = found
        case .failure(let missing): failTensor("\(missing)")
        }
        let packed = PackedArguments(arguments)
        defer { packed.free() }
        // Few operators answer more than a handful of tensors; those over lists answer one per element.
        let capacity = 8 + arguments.reduce(0) { $0 + $1.listLength }
        return withUnsafeTemporaryAllocation(of: PTValue.self, capacity: capacity) { results in
            var count: Int64 = 0
            func call() -> PTStatus {
                Backend.table.call(
                    handle.pointer, packed.values, Int64(arguments.count), results.baseAddress,
                    Int64(capacity), &count)
            }
            var status = call()
            if Backend.continuesInShapes(after: status) { status = call() }
            guard status == PT_OK else {
                let shapes = arguments.map(\.summary).joined(separator: ", ")
                let kind = status == PT_OUT_OF_MEMORY ? "out of memory in " : ""
                failTensor("\(kind)\(rawValue)(\(shapes)): \(Backend.lastError)")
            }
            return (0..<Int(count)).map { Argument(owned: results[$0]) }
        }
    }
}

/// A resolved operator; libtorch keeps it for the life of the process.
struct OperatorHandle: @unchecked Sendable {
    let pointer: PTOperator
}

/// An operator that the opened libtorch does not have.
struct OperatorMissing: UserError {
    let name: String
    let reason: String
    var kind: UserErrorKind { .environment }
    var description: String { "operator \(name) cannot be had from this libtorch: \(reason)" }
}
