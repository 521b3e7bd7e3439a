internal import CTorch

/// An array of numbers with a shape, held by libtorch.
///
/// A value: no public operation changes a tensor. Not `Sendable`: tensors stay on the thread (the engine) that made
/// them. A call that libtorch refuses (wrong shapes, say) ends the process with the operator and the shapes; check
/// what comes from users before it becomes a tensor. A lack of memory ends it too, but for work in `guardingMemory`.
public struct Tensor {
    /// Owns the libtorch handle.
    private final class Storage {
        let handle: PTTensor
        init(_ handle: PTTensor) { self.handle = handle }
        deinit { Backend.table.tensor_release(handle) }
    }

    private let storage: Storage

    var handle: PTTensor { storage.handle }

    init(owned handle: PTTensor) { storage = Storage(handle) }

    /// Which tensor this is: equal where two values are the very same one, not only equal in their numbers.
    package var identity: ObjectIdentifier { ObjectIdentifier(storage) }

    /// Sizes, outermost first.
    public var shape: [Int] {
        let rank = self.rank
        guard rank > 0 else { return [] }
        return withUnsafeTemporaryAllocation(of: Int64.self, capacity: rank) { buffer in
            Backend.table.tensor_shape(handle, buffer.baseAddress)
            return buffer.map(Int.init)
        }
    }

    /// Number of dimensions.
    public var rank: Int { Int(Backend.table.tensor_rank(handle)) }

    /// Whether the elements lie in row-major order without gaps.
    package var isRowMajor: Bool { Backend.table.tensor_is_contiguous(handle) }

    /// Number of elements.
    public var count: Int { shape.reduce(1, *) }

    /// Type of the elements.
    public var dtype: DType { DType(element: Backend.table.tensor_element(handle)) }

    /// Where the elements are.
    public var device: Device {
        var type: Int64 = 0
        var index: Int64 = 0
        Backend.table.tensor_device(handle, &type, &index)
        return type == 0 ? .cpu : .cuda(Int(index))
    }

    /// The four sizes of an image-like tensor: batch, channels, height, width.
    public var shape4: (Int, Int, Int, Int) {
        let shape = self.shape
        guard shape.count == 4 else { failTensor("a tensor of four dimensions is needed here, not \(shape)") }
        return (shape[0], shape[1], shape[2], shape[3])
    }

    /// The three sizes of a sequence: batch, tokens, channels.
    public var shape3: (Int, Int, Int) {
        let shape = self.shape
        guard shape.count == 3 else {
            failTensor("a tensor of three dimensions is needed here, not \(shape)")
        }
        return (shape[0], shape[1], shape[2])
    }
}

extension Tensor: CustomStringConvertible {
    /// Shape, dtype and device; values for small tensors.
    public var description: String {
        let values = count <= 16 ? " \(to(dtype: .float64).scalars(as: Double.self))" : ""
        return "Tensor(\(dtype) \(shape) on \(device)\(values))"
    }
}

/// A Swift number type with the same layout as a tensor element.
public protocol TensorScalar: Sendable, BitwiseCopyable {
    /// The dtype with this layout.
    static var dtype: DType { get }
    /// Zero.
    static var zeroValue: Self { get }
}

extension UInt8: TensorScalar {
    /// The dtype of `UInt8`.
    public static var dtype: DType { .uint8 }
    /// Zero as `UInt8`.
    public static var zeroValue: UInt8 { 0 }
}
extension Int32: TensorScalar {
    /// The dtype of `Int32`.
    public static var dtype: DType { .int32 }
    /// Zero as `Int32`.
    public static var zeroValue: Int32 { 0 }
}
extension Int64: TensorScalar {
    /// The dtype of `Int64`.
    public static var dtype: DType { .int64 }
    /// Zero as `Int64`.
    public static var zeroValue: Int64 { 0 }
}
extension Float: TensorScalar {
    /// The dtype of `Float`.
    public static var dtype: DType { .float32 }
    /// Zero as `Float`.
    public static var zeroValue: Float { 0 }
}
extension Double: TensorScalar {
    /// The dtype of `Double`.
    public static var dtype: DType { .float64 }
    /// Zero as `Double`.
    public static var zeroValue: Double { 0 }
}

// MARK: Bytes in and out

extension Tensor {
    /// A tensor on the CPU from numbers in row-major order.
    public init<Scalar: TensorScalar>(_ scalars: [Scalar], shape: [Int]) {
        guard scalars.count == shape.reduce(1, *) else {
            failTensor("\(scalars.count) numbers do not fill shape \(shape)")
        }
        self = scalars.withUnsafeBytes { Tensor(copying: $0, shape: shape, dtype: Scalar.dtype) }
    }

    /// A one-dimensional tensor on the CPU.
    public init<Scalar: TensorScalar>(_ scalars: [Scalar]) { self.init(scalars, shape: [scalars.count]) }

    /// A tensor on the CPU from raw bytes in row-major order.
    package init(copying bytes: UnsafeRawBufferPointer, shape: [Int], dtype: DType) {
        precondition(
            bytes.count == shape.reduce(dtype.byteCount, *), "\(bytes.count) bytes for \(dtype)\(shape)")
        var handle: PTTensor?
        let sizes = shape.map(Int64.init)
        func call() -> PTStatus {
            Backend.table.tensor_from_bytes(
                bytes.baseAddress, sizes, Int64(sizes.count), dtype.element, &handle)
        }
        var status = call()
        if Backend.continuesInShapes(after: status) { status = call() }
        guard status == PT_OK, let handle else {
            failTensor("tensor of shape \(shape): \(Backend.lastError)")
        }
        self.init(owned: handle)
    }

    /// A tensor over memory that `owner` keeps alive; nobody may write to it.
    package init(over bytes: UnsafeRawBufferPointer, shape: [Int], dtype: DType, owner: AnyObject) {
        precondition(
            bytes.count == shape.reduce(dtype.byteCount, *), "\(bytes.count) bytes for \(dtype)\(shape)")
        let context = Unmanaged.passRetained(owner).toOpaque()
        var handle: PTTensor?
        let sizes = shape.map(Int64.init)
        let status = Backend.table.tensor_over_bytes(
            UnsafeMutableRawPointer(mutating: bytes.baseAddress), sizes, Int64(sizes.count), dtype.element,
            { context in if let context { Unmanaged<AnyObject>.fromOpaque(context).release() } }, context,
            &handle)
        guard status == PT_OK, let handle else {
            failTensor("tensor of shape \(shape): \(Backend.lastError)")
        }
        self.init(owned: handle)
    }

    /// The elements in row-major order, converted to `Scalar`'s dtype where they differ.
    public func scalars<Scalar: TensorScalar>(as type: Scalar.Type) -> [Scalar] {
        let converted = dtype == Scalar.dtype ? self : to(dtype: Scalar.dtype)
        return [Scalar](unsafeUninitializedCapacity: count) { buffer, filled in
            converted.copyBytes(to: UnsafeMutableRawBufferPointer(buffer))
            filled = converted.count
        }
    }

    /// The elements as `Float`, in row-major order.
    public var floats: [Float] { scalars(as: Float.self) }

    /// Copies the elements' bytes, in row-major order.
    package func copyBytes(to buffer: UnsafeMutableRawBufferPointer) {
        func call() -> PTStatus {
            Backend.table.tensor_to_bytes(handle, buffer.baseAddress, Int64(buffer.count))
        }
        var status = call()
        if Backend.continuesInShapes(after: status) { status = call() }
        guard status == PT_OK else { failTensor("bytes of \(dtype)\(shape): \(Backend.lastError)") }
    }

    /// The only element, as a `Double`.
    public var item: Double {
        guard count == 1 else { failTensor("a tensor of shape \(shape) is not one number") }
        return scalars(as: Double.self)[0]
    }
}
