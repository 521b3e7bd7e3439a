internal import CTorch

/// Runs `body` without recording operations for gradients.
///
/// Synchronous on purpose: the setting belongs to the thread, and an asynchronous body may change threads.
public func withoutGradients<Result>(_ body: () throws -> Result) rethrows -> Result {
    let before = Backend.table.set_gradient_mode(false)
    defer { _ = Backend.table.set_gradient_mode(before) }
    return try body()
}

/// Runs `body` with operations recorded for gradients, also inside `withoutGradients`.
public func withGradients<Result>(_ body: () throws -> Result) rethrows -> Result {
    let before = Backend.table.set_gradient_mode(true)
    defer { _ = Backend.table.set_gradient_mode(before) }
    return try body()
}

/// Whether this thread records operations for gradients.
package var isRecordingGradients: Bool {
    let mode = Backend.table.set_gradient_mode(true)
    _ = Backend.table.set_gradient_mode(mode)
    return mode
}

/// ∂scalar/∂tensor for each tensor; zeros where the scalar does not depend on it.
///
/// - `keepingGraph`: whether the same graph is asked again.
public func gradients(
    of scalar: Tensor, withRespectTo tensors: [Tensor], keepingGraph: Bool = false
) -> [Tensor] {
    if Backend.isShapesOnly { return tensors.map(\.zerosLike) }
    var found = [PTTensor?](repeating: nil, count: tensors.count)
    let handles: [PTTensor?] = tensors.map { $0.handle }
    let status = Backend.table.gradients(scalar.handle, handles, Int64(handles.count), keepingGraph, &found)
    if Backend.continuesInShapes(after: status) { return tensors.map(\.zerosLike) }
    guard status == PT_OK else {
        failTensor(
            "gradient of \(scalar.shape) with respect to \(tensors.count) tensors: \(Backend.lastError)")
    }
    return zip(found, tensors).map { handle, tensor in handle.map(Tensor.init(owned:)) ?? tensor.zerosLike }
}

/// ∂scalar/∂tensor.
public func gradient(of scalar: Tensor, withRespectTo tensor: Tensor) -> Tensor {
    gradients(of: scalar, withRespectTo: [tensor])[0]
}

extension Tensor {
    /// The same values as a new leaf whose gradients are recorded.
    public var requiringGradient: Tensor {
        let leaf = Operator.detach(.tensor(self))
        leaf.recordsGradient = true
        return leaf
    }

    /// Whether operations on this tensor are recorded.
    package var recordsGradient: Bool {
        get { Backend.table.requires_gradient(handle) }
        nonmutating set {
            guard Backend.table.set_requires_gradient(handle, newValue) == PT_OK else {
                failTensor("gradients of \(dtype)\(shape): \(Backend.lastError)")
            }
        }
    }
}

/// Runs `body` without keeping what its gradients need, and again when they are wanted: memory for time.
///
/// `body` must be pure: it may run twice, the second time on another thread of libtorch's.
/// - Parameters:
///   - inputs: what `body` is given; gradients flow to them.
///   - parameters: leaves that `body` reads by itself; gradients flow to those that record them.
package func checkpointed(
    _ inputs: [Tensor], parameters: [Tensor], _ body: @escaping ([Tensor]) -> Tensor
) -> Tensor {
    final class Box {
        let body: ([Tensor]) -> Tensor
        init(_ body: @escaping ([Tensor]) -> Tensor) { self.body = body }
    }
    if Backend.isShapesOnly { return body(inputs) }
    var result: PTTensor?
    let inputHandles: [PTTensor?] = inputs.map { $0.handle }
    let parameterHandles: [PTTensor?] = parameters.filter(\.recordsGradient).map { $0.handle }
    let status = Backend.table.checkpoint(
        { context, handles, count in
            guard let context, let handles else { failTensor("a checkpointed part without inputs") }
            let owned = (0..<Int(count)).compactMap { handles[$0].map(Tensor.init(owned:)) }
            let output = Unmanaged<Box>.fromOpaque(context).takeUnretainedValue().body(owned)
            return withExtendedLifetime(output) { Backend.table.tensor_retain(output.handle) }
        },
        Unmanaged.passRetained(Box(body)).toOpaque(),
        { context in if let context { Unmanaged<Box>.fromOpaque(context).release() } },
        inputHandles, Int64(inputHandles.count), parameterHandles, Int64(parameterHandles.count), &result)
    if Backend.continuesInShapes(after: status) { return body(inputs) }
    guard status == PT_OK, let result else { failTensor("checkpointed part: \(Backend.lastError)") }
    return Tensor(owned: result)
}
